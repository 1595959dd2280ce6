package dev.outlay.crash;

import dev.outlay.client.AdminClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.VolumeSpec;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/** {@code outlay serve} on a device of others' bytes, killed and started again. One thread. */
final class ServerProcess {

    private static final long DEVICE_BYTES = 64L << 20;
    private static final int BLOCK_BYTES = 4096;
    private static final int ADMIN_DEADLINE_MILLIS = 20_000;
    private static final int POLL_MILLIS = 10;
    private static final int STARTS_PER_LEASE = 2;
    private static final int LEAST_LEASE_MILLIS = 2_000;
    private static final int MOST_LEASE_MILLIS = 12_000;
    private static final long PATIENCE_NANOS = 240_000_000_000L;
    private static final String READY = "event=ready";

    private final Processes processes;
    private final Path config;
    private final Path log;
    private final Path data;
    private final String address;
    private Process process;
    private int leaseMillis;

    private ServerProcess(
            Processes processes, Path config, Path log, Path data, String address, Process first) {
        this.processes = processes;
        this.config = config;
        this.log = log;
        this.data = data;
        this.address = address;
        this.process = first;
    }

    /** Makes the device, starts the server and makes the volume. */
    static ServerProcess begin(Processes processes, Path folder, Path data)
            throws IOException, InterruptedException {
        Path device = folder.resolve("device");
        makeDevice(device);
        Path config = folder.resolve("outlay.conf");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        String address = "127.0.0.1:" + port;
        Files.writeString(
                config,
                """
                listen = %s
                http-listen = none
                data-directory = "%s"
                journal.segment-size = 1MiB
                snapshot.threshold = 8MiB
                                recall.deadline = 1s
                """
                        .formatted(address, data));
        Path log = folder.resolve("server.log");
        Process first = processes.outlay(log, List.of("serve", "--config", "" + config));
        ServerProcess server = new ServerProcess(processes, config, log, data, address, first);
        long start = System.nanoTime();
        server.awaitReady(0);
        // Who is to come back after a restart needs a lease that outlasts one.
        long startMillis = (System.nanoTime() - start) / 1_000_000;
        server.leaseMillis =
                Math.clamp(STARTS_PER_LEASE * startMillis, LEAST_LEASE_MILLIS, MOST_LEASE_MILLIS);
        try (AdminClient admin = server.admin()) {
            admin.createVolume(
                    new VolumeSpec(
                            Worker.VOLUME,
                            List.of(VolumeSpec.Slice.whole("" + device)),
                            BLOCK_BYTES,
                            Optional.empty()));
        }
        return server;
    }

    /** Fills a device with what its former owner left, but for its labels. */
    static void fill(Path path) throws IOException {
        byte[] chunk = new byte[BLOCK_BYTES];
        Arrays.fill(chunk, Cell.FORMER_OWNER);
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long at = BLOCK_BYTES; at < DEVICE_BYTES - BLOCK_BYTES; at += BLOCK_BYTES) {
                ByteBuffer left = ByteBuffer.wrap(chunk);
                while (left.hasRemaining()) {
                    channel.write(left, at + left.position());
                }
            }
        }
    }

    private static void makeDevice(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(DEVICE_BYTES);
        }
        fill(path);
        DeviceFormatter.format(
                path,
                new FormatOptions(
                        OptionalLong.empty(), BLOCK_BYTES, true, false, UUID.randomUUID()));
    }

    /** The lease that clients are to ask for, by how fast this machine is today. */
    int leaseMillis() {
        return leaseMillis;
    }

    String address() {
        return address;
    }

    AdminClient admin() throws OutlayException {
        return AdminClient.connect(address, ADMIN_DEADLINE_MILLIS);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL. */
    void kill() throws IOException, InterruptedException {
        Processes.end(process);
    }

    /** Starts it and kills it before or after it serves. */
    void startAndKill(int afterMillis) throws IOException, InterruptedException {
        process = processes.outlay(log, List.of("serve", "--config", "" + config));
        Thread.sleep(afterMillis);
        kill();
    }

    /** Starts it on what it left; it serves when this returns. */
    void start() throws IOException, InterruptedException {
        long logged = Files.size(log);
        process = processes.outlay(log, List.of("serve", "--config", "" + config));
        awaitReady(logged);
    }

    /**
     * Starts it while its disk is full: it serves and says so of its volumes, or does not start and
     * says why.
     *
     * @return whether it serves
     */
    boolean startOnFullDisk() throws IOException, InterruptedException {
        try {
            start();
            return true;
        } catch (IOException e) {
            if (process.isAlive() || !String.valueOf(e.getMessage()).contains("make room")) {
                throw e;
            }
            return false;
        }
    }

    /** What {@code outlay fsck} says while the server is dead; empty if the volume is sound. */
    String fsck(Path said) throws IOException, InterruptedException {
        Files.deleteIfExists(said);
        Process fsck =
                processes.outlay(said, List.of("fsck", Worker.VOLUME, "--data", data.toString()));
        return Processes.await(fsck) == 0 ? "" : Files.readString(said);
    }

    private void awaitReady(long skip) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            byte[] all = Files.readAllBytes(log);
            String said =
                    new String(all, (int) skip, (int) (all.length - skip), StandardCharsets.UTF_8);
            if (said.contains(READY)) {
                return;
            }
            if (!process.isAlive()) {
                throw new IOException("the server ended while it started:\n" + said);
            }
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IOException("the server is not ready after four minutes:\n" + said);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }
}
