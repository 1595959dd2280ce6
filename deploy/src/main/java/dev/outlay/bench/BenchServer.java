package dev.outlay.bench;

import dev.outlay.client.AdminClient;
import dev.outlay.client.VolumeSpec;
import dev.outlay.process.ServerProcess;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Pattern;

/** A server process with a volume, in a folder of its own within the stage. */
final class BenchServer {

    static final int BLOCK_BYTES = 4096;

    private static final Pattern FORCES =
            Pattern.compile("(?m)^outlay_journal_force_seconds_count\\{.*} (\\S+)$");
    private static final int ADMIN_MILLIS = 60_000;

    private final ServerProcess process;

    private BenchServer(ServerProcess process) {
        this.process = process;
    }

    /** Starts a server with a volume on a sparse file, for those who store nothing. */
    static BenchServer start(Bench bench, String name, long deviceBytes) throws Exception {
        Path device = DeviceFile.sparse(bench.stage().file(name + ".device"), deviceBytes);
        return start(bench, name, device, OptionalLong.empty(), "");
    }

    /**
     * Starts a server and makes a volume.
     *
     * @param name of its log and its folder
     * @param device is formatted, whatever it holds
     * @param volumeBytes of the device, the rest stays free; empty: all of it
     * @param more lines of the configuration
     */
    static BenchServer start(
            Bench bench, String name, Path device, OptionalLong volumeBytes, String more)
            throws Exception {
        bench.progress(name + ": starting a server");
        ServerProcess process =
                ServerProcess.start(
                        bench.stage(), name, "lease.max = 10m\nlease.default = 1m\n" + more);
        BenchServer server = new BenchServer(process);
        server.createVolume(Party.VOLUME, device, volumeBytes);
        return server;
    }

    /** Formats a device and makes a volume on it. */
    void createVolume(String volume, Path device, OptionalLong bytes) throws Exception {
        var _ =
                DeviceFormatter.format(
                        device,
                        new FormatOptions(
                                OptionalLong.empty(), BLOCK_BYTES, true, true, UUID.randomUUID()));
        try (AdminClient admin = AdminClient.connect(process.address(), ADMIN_MILLIS)) {
            var _ =
                    admin.createVolume(
                            new VolumeSpec(
                                    volume,
                                    List.of(
                                            new VolumeSpec.Slice(
                                                    device.toString(),
                                                    OptionalLong.empty(),
                                                    bytes)),
                                    BLOCK_BYTES,
                                    Optional.empty()));
        }
    }

    /** Writes the volume's state down, so that a restart need not read the journal before. */
    void takeSnapshot() throws Exception {
        try (AdminClient admin = AdminClient.connect(process.address(), ADMIN_MILLIS)) {
            var _ = admin.takeSnapshot(Party.VOLUME);
        }
    }

    /** The processor time it has used since it was started. */
    long processorNanos() {
        return ProcessHandle.of(process.pid())
                .flatMap(handle -> handle.info().totalCpuDuration())
                .orElseThrow()
                .toNanos();
    }

    ServerProcess process() {
        return process;
    }

    String address() {
        return process.address();
    }

    /** How often the journal was forced since the server started. */
    long forces() throws IOException {
        return process.sum(FORCES);
    }

    /** Shuts it down. */
    void stop() {
        try {
            process.end();
        } catch (InterruptedException e) {
            // The stage sees to it.
            Thread.currentThread().interrupt();
        }
    }
}
