package dev.outlay.bench;

import dev.outlay.client.BlockFile;
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
            with(bench, data, peers, 1, Goal.atLeast(1));
            with(bench, data, peers, 8, Goal.atLeast(4));
            with(bench, data, peers, 128, Goal.atLeast(10));
        }
    }

    private static void with(
            Bench bench, DataBench data, List<FileSystemSync> peers, int writers, Goal goal)
            throws Exception {
        String name = "sync, " + writers + (writers == 1 ? " writer" : " writers");
        List<BlockFile> files = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(writers);
                Arena arena = Arena.ofShared()) {
            MemorySegment piece = arena.allocate(PIECE_BYTES, PIECE_BYTES).fill((byte) 's');
            List<Writers.Writer> ours = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                BlockFile file = data.create("sync-" + writers + "-" + i);
                files.add(file);
                ours.add(new Ours(file, piece));
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
            for (BlockFile file : files) {
                file.close();
            }
        }
    }

    /** Appends to a file, piece by piece. */
    private static final class Ours implements Writers.Writer {
        private final BlockFile file;
        private final MemorySegment piece;
        private long end;

        Ours(BlockFile file, MemorySegment piece) {
            this.file = file;
            this.piece = piece;
        }

        @Override
        public void write() throws IOException {
            file.write(piece, end);
            file.commit();
            end += PIECE_BYTES;
        }
    }
}
