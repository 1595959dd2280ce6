package dev.outlay.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What is counted of one volume, tagged with its name. Any thread may count; made by {@link
 * ServerMeters#volume}. Closing takes the volume's meters off the list.
 */
public final class VolumeMeters implements AutoCloseable {
    private final MeterRegistry registry;
    private final Supplier<VolumeSample> sample;
    private final Tags tags;
    private final List<Meter> meters = new ArrayList<>();

    private final DistributionSummary batch;
    private final Timer force;
    private final Counter appended;
    private final Timer snapshot;
    private final DistributionSummary snapshotSize;
    private final Counter deviceWritten;

    VolumeMeters(MeterRegistry registry, String volume, Supplier<VolumeSample> sample) {
        this.registry = registry;
        this.sample = sample;
        this.tags = Tags.of("volume", volume);
        batch =
                kept(
                        DistributionSummary.builder("outlay.engine.batch")
                                .description("Commands decided between two forces of the journal")
                                .baseUnit("commands")
                                .tags(tags)
                                .register(registry));
        force =
                kept(
                        Timer.builder("outlay.journal.force")
                                .description("Time to make one batch durable")
                                .serviceLevelObjectives(ServerMeters.LATENCY_BOUNDS)
                                .tags(tags)
                                .register(registry));
        appended =
                kept(
                        Counter.builder("outlay.journal.appended")
                                .description("Journal written, headers included")
                                .baseUnit("bytes")
                                .tags(tags)
                                .register(registry));
        snapshot =
                kept(
                        Timer.builder("outlay.snapshot.duration")
                                .description("Time to write the state down")
                                .tags(tags)
                                .register(registry));
        snapshotSize =
                kept(
                        DistributionSummary.builder("outlay.snapshot.size")
                                .description("Size of snapshots written")
                                .baseUnit("bytes")
                                .tags(tags)
                                .register(registry));
        deviceWritten =
                kept(
                        Counter.builder("outlay.device.written")
                                .description("Bytes that the server itself stored to devices")
                                .baseUnit("bytes")
                                .tags(tags)
                                .register(registry));
        registerGauges();
    }

    private void registerGauges() {
        state("free", VolumeSample::freeBytes);
        state("reserved", VolumeSample::reservedBytes);
        state("granted", VolumeSample::grantedBytes);
        state("mapped", VolumeSample::mappedBytes);
        state("pending", VolumeSample::pendingBytes);
        state("quarantined", VolumeSample::quarantinedBytes);
        gauge("outlay.space.total", "bytes", "Size of the volume", VolumeSample::totalBytes);
        gauge(
                "outlay.space.at_risk",
                "bytes",
                "Committed blocks that a revoked writer may still overwrite",
                VolumeSample::atRiskBytes);
        gauge("outlay.volume.files", "files", "Files and directories", VolumeSample::files);
        gauge("outlay.volume.extents", "extents", "Extents of all files", VolumeSample::extents);
        gauge("outlay.volume.clients", "clients", "Clients remembered", VolumeSample::clients);
        gauge("outlay.volume.layouts", "layouts", "Layouts held", VolumeSample::layouts);
        gauge(
                "outlay.volume.waiting",
                "requests",
                "Requests that wait for others to give something back",
                VolumeSample::waitingRequests);
        gauge(
                "outlay.volume.recalls",
                "recalls",
                "Recalls that their clients have not answered whole",
                VolumeSample::openRecalls);
        gauge(
                "outlay.engine.queue",
                "commands",
                "Commands that wait for the engine",
                VolumeSample::queuedCommands);
        gauge(
                "outlay.journal.position",
                "bytes",
                "End of the durable journal since the volume was made",
                VolumeSample::journalPosition);
        gauge(
                "outlay.snapshot.position",
                "bytes",
                "Position of the journal that the newest snapshot holds",
                VolumeSample::snapshotPosition);
        gauge(
                "outlay.volume.read_only",
                null,
                "1 while only reads are answered",
                now -> now.readOnly() ? 1 : 0);
        gauge(
                "outlay.volume.grace",
                null,
                "1 while clients may restate what they held before a restart",
                now -> now.inGrace() ? 1 : 0);
    }

    /** A batch of {@code commands} has been decided and applied. */
    public void batch(int commands) {
        batch.record(commands);
    }

    /** A batch of {@code bytes} has been appended and forced. */
    public void forced(Duration took, long bytes) {
        force.record(took);
        appended.increment((double) bytes);
    }

    /** A snapshot of {@code bytes} has been written. */
    public void snapshot(Duration took, long bytes) {
        snapshot.record(took);
        snapshotSize.record((double) bytes);
    }

    /** The server has stored {@code bytes} to a device, by zeroing or copying. */
    public void deviceWritten(long bytes) {
        deviceWritten.increment((double) bytes);
    }

    @Override
    public void close() {
        meters.forEach(registry::remove);
    }

    private void state(String state, ToDoubleFunction<VolumeSample> value) {
        kept(
                Gauge.builder("outlay.space", () -> value.applyAsDouble(sample.get()))
                        .description("Bytes in each block state; the states sum to the size")
                        .baseUnit("bytes")
                        .tags(tags.and("state", state))
                        .register(registry));
    }

    private void gauge(
            String name,
            @Nullable String unit,
            String description,
            ToDoubleFunction<VolumeSample> value) {
        kept(
                Gauge.builder(name, () -> value.applyAsDouble(sample.get()))
                        .description(description)
                        .baseUnit(unit)
                        .tags(tags)
                        .register(registry));
    }

    private <M extends Meter> M kept(M meter) {
        meters.add(meter);
        return meter;
    }
}
