package dev.outlay.bench;

import dev.outlay.client.BlockFile;
import dev.outlay.core.text.Amounts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code write} and {@code read}: the library under a cached layout against a bare copy. */
final class CopyBenchmark implements Benchmark {

    private static final List<Integer> SIZES = List.of(4 << 10, 64 << 10, 1 << 20, 4 << 20);
    private static final int SMALL = 4 << 10;
    private static final long FILE_BYTES = 64 << 20;
    private static final long MEMORY_BYTES = 4 * FILE_BYTES;

    private final boolean writes;

    private CopyBenchmark(boolean writes) {
        this.writes = writes;
    }

    static Benchmark write() {
        return new CopyBenchmark(true);
    }

    static Benchmark read() {
        return new CopyBenchmark(false);
    }

    @Override
    public String name() {
        return writes ? "write" : "read";
    }

    @Override
    public String work() {
        return writes
                ? "BlockFile.write and flush under a cached layout, against copy and force on a"
                        + " mapping"
                : "BlockFile.read under a cached layout, against a copy out of a mapping";
    }

    @Override
    public void run(Bench bench) throws Exception {
        Optional<Path> memory = Bench.memory(MEMORY_BYTES);
        if (memory.isPresent()) {
            on(bench, "tmpfs", memory.get(), Optional.empty());
        } else {
            bench.note(name() + ": not on tmpfs, there is no /dev/shm with enough room");
        }
        on(
                bench,
                bench.device().isPresent() ? "device" : "disk",
                bench.stage().folder(),
                bench.device());
    }

    private void on(Bench bench, String medium, Path folder, Optional<Path> device)
            throws Exception {
        String volume = name() + "-" + medium;
        try (DataBench data = DataBench.open(bench, volume, folder, device, FILE_BYTES);
                BlockFile file = data.create("file");
                Arena arena = Arena.ofConfined()) {
            fill(file, arena);
            MemorySegment mapping = data.mapping(file, FILE_BYTES);
            for (int size : SIZES) {
                String name = name() + ", " + Amounts.bytes(size) + " on " + medium;
                MemorySegment buffer = arena.allocate(size, SMALL).fill((byte) 'b');
                bench.add(
                        new Figure(
                                name,
                                "GiB/s",
                                writes ? "copy + force" : "copy",
                                Rounds.interleave(
                                        bench,
                                        name,
                                        () -> rate(bench, size, at -> ours(file, buffer, at)),
                                        () -> rate(bench, size, at -> bare(mapping, buffer, at))),
                                Goal.atLeast(size == SMALL ? 0.9 : 0.95)));
            }
        }
    }

    /** It is written from beginning to end, and committed: its layout is held. */
    private static void fill(BlockFile file, Arena arena) throws Exception {
        MemorySegment all = arena.allocate(FILE_BYTES).fill((byte) 'o');
        file.write(all, 0);
        file.commit();
    }

    private void ours(BlockFile file, MemorySegment buffer, long at) throws Exception {
        if (writes) {
            file.write(buffer, at);
            file.flush();
        } else {
            var _ = file.read(buffer, at);
        }
    }

    private void bare(MemorySegment mapping, MemorySegment buffer, long at) {
        MemorySegment there = mapping.asSlice(at, buffer.byteSize());
        if (writes) {
            there.copyFrom(buffer);
            there.force();
        } else {
            buffer.copyFrom(there);
        }
    }

    /** Something done to a place. */
    private interface Access {
        void at(long offset) throws Exception;
    }

    private static double rate(Bench bench, int size, Access access) throws Exception {
        long start = System.nanoTime();
        long done = 0;
        long took;
        do {
            access.at(done % FILE_BYTES);
            done += size;
            took = System.nanoTime() - start;
        } while (took < bench.shortTakeNanos());
        return done * 1e9 / took / (1L << 30);
    }
}
