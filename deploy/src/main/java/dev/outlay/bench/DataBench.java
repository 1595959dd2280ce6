package dev.outlay.bench;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.HeldLayout;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A device of which one half is a volume and the other a bare mapping: what is done to a file of
 * the volume through the library is done to a mapping by bare copies, on the same medium: to that
 * of the other half, or to one of the file's own blocks.
 */
final class DataBench implements AutoCloseable {

    private static final int DEADLINE_MILLIS = 30_000;

    /** Beside the volume: the label, and what rounds its size. */
    private static final long SPARE_BYTES = 1 << 20;

    private final BenchServer server;
    private final LayoutClient client;
    private final Optional<Path> folder;
    private final Path device;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment mapping;

    /**
     * Starts a server on a device file, or on the device of the run.
     *
     * @param folder where a device file is made, with all its blocks
     * @param bytes of the volume, and of the bare mapping
     */
    static DataBench open(Bench bench, String name, Path folder, Optional<Path> given, long bytes)
            throws Exception {
        bench.progress(name + ": preparing the device");
        Optional<Path> made =
                given.isPresent()
                        ? Optional.empty()
                        : Optional.of(Files.createTempDirectory(folder, "outlay-bench-"));
        try {
            Path device =
                    made.isPresent()
                            ? DeviceFile.filled(made.get().resolve("device"), neededBytes(bytes))
                            : largeEnough(given.orElseThrow(), bytes);
            BenchServer server =
                    BenchServer.start(
                            bench, name, device, OptionalLong.of(bytes + SPARE_BYTES / 2), "");
            LayoutClient client =
                    LayoutClient.connect(
                            ClientOptions.to(server.address(), "bench")
                                    .withDeadlineMillis(DEADLINE_MILLIS));
            return new DataBench(server, client, made, device, bytes);
        } catch (Exception e) {
            remove(made);
            throw e;
        }
    }

    /** Of the device, so that both halves fit. */
    private static long neededBytes(long bytes) {
        return 2 * (bytes + SPARE_BYTES);
    }

    private static Path largeEnough(Path device, long bytes) throws IOException, CommandFailure {
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
            if (channel.size() < neededBytes(bytes)) {
                throw new CommandFailure(
                        "%s has %s, and %s are needed"
                                .formatted(
                                        device,
                                        Amounts.bytes(channel.size()),
                                        Amounts.bytes(neededBytes(bytes))),
                        "name a larger device, or none for a plain file");
            }
        }
        return device;
    }

    private DataBench(
            BenchServer server, LayoutClient client, Optional<Path> folder, Path device, long bytes)
            throws IOException {
        this.server = server;
        this.client = client;
        this.folder = folder;
        this.device = device;
        try (FileChannel channel =
                FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long start = bytes + SPARE_BYTES;
            mapping = channel.map(FileChannel.MapMode.READ_WRITE, start, bytes, arena);
        }
    }

    BlockFile create(String name) throws IOException {
        return client.open(
                Party.VOLUME,
                "/" + name,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /** Gives the blocks of a file back; it stays open. */
    void empty(String name) throws IOException {
        var _ = client.truncate(Party.VOLUME, "/" + name, 0);
    }

    void remove(String name) throws IOException {
        client.remove(Party.VOLUME, "/" + name);
    }

    /**
     * The blocks of a file as they lie on the device, past the library. Of two mappings of one
     * device one may lie better in the processor's caches and page tables than the other, by a
     * tenth of a copy; of the same pages neither does.
     *
     * @param bytes of the file, which is committed
     */
    MemorySegment mapping(BlockFile file, long bytes) throws IOException {
        Optional<Stateid> held = client.held(Party.VOLUME, file.file()).map(HeldLayout::stateid);
        List<Extent> extents =
                client.mapBlocks(
                                Party.VOLUME,
                                MapRequest.of(file.file(), 0, bytes, IoMode.READ, held))
                        .extents();
        Extent first = extents.getFirst();
        if (extents.size() > 1 || first.range().length() < bytes || !first.hasAddress()) {
            throw new IllegalStateException("the file is in pieces: " + extents);
        }
        try (FileChannel channel =
                FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, first.deviceOffset(), bytes, arena);
        }
    }

    BenchServer server() {
        return server;
    }

    Path device() {
        return device;
    }

    /** The other half of the device, as long as was asked for. */
    MemorySegment mapping() {
        return mapping;
    }

    @Override
    public void close() throws IOException {
        try {
            arena.close();
            client.close();
            server.stop();
        } finally {
            remove(folder);
        }
    }

    private static void remove(Optional<Path> folder) throws IOException {
        if (folder.isPresent()) {
            Files.deleteIfExists(folder.get().resolve("device"));
            Files.deleteIfExists(folder.get());
        }
    }
}
