package dev.outlay.bench;

import dev.outlay.client.BlockFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * {@code sync}: small writes that are each made durable and committed, by many writers at a time,
 * against the file system on the same disk ({@link FileSystemSync}).
 */
final class SyncBenchmark implements Benchmark {

    private static final int PIECE_BYTES = 4 << 10;
    private static final long VOLUME_BYTES = 2L << 30;
    private static final long QUICK_VOLUME_BYTES = 512L << 20;

    /** So many writers are at it while nothing is measured yet. */
    private static final int WARM_UP_WRITERS = 16;

    /** One part in so many of the volume is written; the rest is for what is asked for ahead. */
    private static final int SHARE = 4;

    @Override
    public String name() {
        return "sync";
    }

    @Override
    public String work() {
        return "4 KiB writes, each committed, by 1, 8 and 128 writers, against direct writes and"
                + " fdatasync on the file system";
    }

    @Override
    public void run(Bench bench) throws Exception {
        List<Path> folders = new ArrayList<>(List.of(bench.stage().folder()));
        bench.peer().ifPresent(folders::add);
        List<FileSystemSync> peers = new ArrayList<>();
        for (Path folder : folders) {
            FileSystemSync peer = FileSystemSync.in(folder);
            peers.add(peer);
            peer.remark().ifPresent(remark -> bench.note("sync: " + remark));
        }
        long bytes = bench.quick() ? QUICK_VOLUME_BYTES : VOLUME_BYTES;
        try (DataBench data =
                DataBench.open(bench, "sync", bench.stage().folder(), bench.device(), bytes)) {
            warmUp(bench, data, bytes);
            with(bench, data, peers, 1, bytes, Goal.atLeast(1));
            with(bench, data, peers, 8, bytes, Goal.atLeast(4));
            with(bench, data, peers, 128, bytes, Goal.atLeast(10));
        }
    }

    /** Until server and client are compiled: one writer alone would take minutes for that. */
    private static void warmUp(Bench bench, DataBench data, long bytes) throws Exception {
        bench.progress("sync, warming up");
        try (Crew crew = new Crew(data, WARM_UP_WRITERS, bytes)) {
            var _ = crew.rate(bench.warmUpNanos());
        }
    }

    private static void with(
            Bench bench,
            DataBench data,
            List<FileSystemSync> peers,
            int writers,
            long bytes,
            Goal goal)
            throws Exception {
        String name = "sync, " + writers + (writers == 1 ? " writer" : " writers");
        try (Crew crew = new Crew(data, writers, bytes)) {
            List<Rounds.Take> takes = new ArrayList<>();
            takes.add(() -> crew.rate(bench.takeNanos()));
            for (FileSystemSync peer : peers) {
                takes.add(() -> peer.rate(writers, bench.takeNanos()));
            }
            double[][] taken =
                    Rounds.series(bench, name, bench.warmUps(), takes.toArray(Rounds.Take[]::new));
            for (int i = 0; i < peers.size(); i++) {
                bench.add(
                        new Figure(
                                i == 0 ? name : name + ", " + peers.get(i).kind(),
                                "writes/s",
                                peers.get(i).words(),
                                Rounds.Pair.of(taken[0], taken[i + 1]),
                                goal));
            }
        }
    }

    /** Writers, each with a file of its own. */
    private static final class Crew implements AutoCloseable {
        private final List<Ours> writers = new ArrayList<>();
        private final ExecutorService threads;
        private final Arena arena = Arena.ofShared();

        Crew(DataBench data, int count, long bytes) throws IOException {
            threads = Executors.newFixedThreadPool(count);
            MemorySegment piece = arena.allocate(PIECE_BYTES, PIECE_BYTES).fill((byte) 's');
            for (int i = 0; i < count; i++) {
                writers.add(new Ours(data, "sync-" + i, piece, bytes / SHARE / count));
            }
        }

        double rate(long nanos) throws InterruptedException, ExecutionException {
            return Writers.rate(threads, writers, nanos);
        }

        @Override
        public void close() throws IOException {
            threads.close();
            for (Ours each : writers) {
                each.close();
            }
            arena.close();
        }
    }

    /** Appends to a file, piece by piece; one that has become too long begins anew, and empty. */
    private static final class Ours implements Writers.Writer, Closeable {
        private final DataBench data;
        private final String name;
        private final BlockFile file;
        private final MemorySegment piece;
        private final long mostBytes;
        private long end;

        Ours(DataBench data, String name, MemorySegment piece, long mostBytes) throws IOException {
            this.data = data;
            this.name = name;
            this.file = data.create(name);
            this.piece = piece;
            this.mostBytes = mostBytes;
        }

        @Override
        public void write() throws IOException {
            if (end + PIECE_BYTES > mostBytes) {
                data.empty(name);
                end = 0;
            }
            file.write(piece, end);
            file.commit();
            end += PIECE_BYTES;
        }

        @Override
        public void close() throws IOException {
            file.close();
            data.remove(name);
        }
    }
}
