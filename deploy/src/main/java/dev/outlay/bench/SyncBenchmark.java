package dev.outlay.bench;

import dev.outlay.client.BlockFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
            with(bench, data, peers, 1, bytes, Goal.atLeast(1));
            with(bench, data, peers, 8, bytes, Goal.atLeast(4));
            with(bench, data, peers, 128, bytes, Goal.atLeast(10));
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
        List<Ours> ours = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(writers);
                Arena arena = Arena.ofShared()) {
            MemorySegment piece = arena.allocate(PIECE_BYTES, PIECE_BYTES).fill((byte) 's');
            for (int i = 0; i < writers; i++) {
                ours.add(new Ours(data, "sync-" + i, piece, bytes / SHARE / writers));
            }
            List<Rounds.Take> takes = new ArrayList<>();
            takes.add(() -> Writers.rate(threads, ours, bench.takeNanos()));
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
        } finally {
            for (Ours each : ours) {
                each.close();
            }
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
