package dev.outlay.server.metrics;

import dev.outlay.server.fence.FenceMeters;
import dev.outlay.server.history.HistoryMeters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is counted of the server as a whole, and the way to {@link VolumeMeters}. Any thread may
 * count. In Prometheus' spelling, {@code outlay.network.received} in bytes is {@code
 * outlay_network_received_bytes_total}.
 */
public final class ServerMeters implements FenceMeters, AutoCloseable {
    /** Bounds of the histograms of latency: from a fast device to what a person notices. */
    static final Duration[] LATENCY_BOUNDS = {
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofMillis(1),
        Duration.ofMillis(4),
        Duration.ofMillis(16),
        Duration.ofMillis(64),
        Duration.ofMillis(250),
        Duration.ofSeconds(1),
        Duration.ofSeconds(4),
    };

    /** The outcome of an operation that was not refused; otherwise it is the name of the reason. */
    public static final String OK = "OK";

    private record Outcome(String operation, String outcome) {}

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ConcurrentMap<Outcome, Timer> operations = new ConcurrentHashMap<>();

    /** Those of them that went well, by operation. */
    private final ConcurrentMap<String, Timer> succeeded = new ConcurrentHashMap<>();

    private final AtomicInteger streams = new AtomicInteger();
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final Counter received;
    private final Counter sent;
    private final Counter renewals;
    private final Counter slowReaders;
    private final Counter fenceFailures;
    private final AtomicInteger fencing = new AtomicInteger();
    private final AtomicInteger fencesFailing = new AtomicInteger();

    /**
     * @param version of the program, shown as the tag of a meter that is always 1
     */
    public ServerMeters(String version) {
        Gauge.builder("outlay.build", () -> 1)
                .description("Always 1; the version is its tag")
                .tag("version", version)
                .register(registry);
        Gauge.builder("outlay.streams", streams::get)
                .description("Sessions connected by a stream")
                .baseUnit("streams")
                .register(registry);
        received = counter("outlay.network.received", "bytes", "gRPC received, as on the wire");
        sent = counter("outlay.network.sent", "bytes", "gRPC sent, as on the wire");
        renewals = counter("outlay.lease.renewals", "renewals", "Answers that renewed a lease");
        slowReaders =
                counter(
                        "outlay.streams.cut",
                        null,
                        "Streams ended because the client did not read");
        fenceFailures =
                counter("outlay.fence.failures", null, "Attempts to fence a client that failed");
        Gauge.builder("outlay.fence.waiting", fencing::get)
                .description("Clients that ended without their word and are not proven gone yet")
                .baseUnit("clients")
                .register(registry);
        Gauge.builder("outlay.fence.failing", fencesFailing::get)
                .description("Those of them whose last attempt failed: an operator is needed")
                .baseUnit("clients")
                .register(registry);
        new UptimeMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        gc.bindTo(registry);
    }

    /**
     * An operation has been answered.
     *
     * @param operation its name as in the API, for example {@code MapBlocks}
     * @param outcome {@link #OK} or the name of the reason it was refused for
     * @param took from its receipt to its answer
     */
    public void answered(String operation, String outcome, Duration took) {
        Timer known = outcome.equals(OK) ? succeeded.get(operation) : null;
        if (known == null) {
            known = operations.computeIfAbsent(new Outcome(operation, outcome), this::timer);
            if (outcome.equals(OK)) {
                succeeded.put(operation, known);
            }
        }
        known.record(took);
    }

    public void renewed() {
        renewals.increment();
    }

    public void streamOpened() {
        streams.incrementAndGet();
    }

    public void streamClosed() {
        streams.decrementAndGet();
    }

    /** A stream is being ended because its client does not read. */
    public void streamCut() {
        slowReaders.increment();
    }

    @Override
    public void fenceFailed() {
        fenceFailures.increment();
    }

    @Override
    public void fencing(int waiting, int failing) {
        fencing.set(waiting);
        fencesFailing.set(failing);
    }

    void received(long bytes) {
        received.increment((double) bytes);
    }

    void sent(long bytes) {
        sent.increment((double) bytes);
    }

    /**
     * Meters of a volume, to be closed with it.
     *
     * @param sample asked at every scrape by the thread that scrapes: must neither wait nor touch
     *     the engine's state
     */
    public VolumeMeters volume(String name, Supplier<VolumeSample> sample) {
        return new VolumeMeters(registry, name, sample);
    }

    /** Meters of a volume's exposure log, to be closed with it. */
    public HistoryMeters history(String volume) {
        return new HistoryCounters(registry, volume);
    }

    /** A volume could not be opened at the start; {@code still} is asked at every scrape. */
    public void unavailable(String name, BooleanSupplier still) {
        Gauge.builder("outlay.volume.unavailable", () -> still.getAsBoolean() ? 1 : 0)
                .description("1 while a volume that could not be opened at the start is not served")
                .tag("volume", name)
                .register(registry);
    }

    /** All meters in the text format of Prometheus 0.0.4. */
    public String scrape() {
        return registry.scrape();
    }

    /** For meters of libraries. */
    public MeterRegistry registry() {
        return registry;
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }

    private Timer timer(Outcome key) {
        return Timer.builder("outlay.operations")
                .description("Operations from receipt to answer")
                .tag("operation", key.operation())
                .tag("outcome", key.outcome())
                .serviceLevelObjectives(LATENCY_BOUNDS)
                .register(registry);
    }

    private Counter counter(String name, @Nullable String unit, String description) {
        return Counter.builder(name).baseUnit(unit).description(description).register(registry);
    }
}
