package dev.outlay.bench;

import dev.outlay.client.BlockFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.regex.Pattern;

/** {@code append}: a file that grows and grows, 4 KiB at a time. */
final class AppendBenchmark implements Benchmark {

    private static final int PIECE_BYTES = 4 << 10;
    private static final int COMMIT_BYTES = 1 << 20;
    private static final long ROUND_BYTES = 64 << 20;

    /** What the library asks for ahead at most, and what it asks for until it gets there. */
    private static final long AHEAD_BYTES = 3 * ROUND_BYTES;

    private static final Pattern MAPS =
            Pattern.compile(
                    "(?m)^outlay_operations_seconds_count\\{.*operation=\"MapBlocks\".*} (\\S+)$");

    @Override
    public String name() {
        return "append";
    }

    @Override
    public String work() {
        return "4 KiB appends, committed every 1 MiB, against copies and forces on a mapping";
    }

    @Override
    public void run(Bench bench) throws Exception {
        long bytes = (bench.rounds() + bench.warmUps()) * ROUND_BYTES + AHEAD_BYTES;
        // Never on tmpfs: the journal's disk would be compared with none.
        try (DataBench data =
                        DataBench.open(
                                bench, "append", bench.stage().folder(), bench.device(), bytes);
                BlockFile file = data.create("appended");
                Arena arena = Arena.ofConfined()) {
            MemorySegment piece = arena.allocate(PIECE_BYTES, PIECE_BYTES).fill((byte) 'a');
            Ours ours = new Ours(data, file, piece, bench.warmUps());
            Bare bare = new Bare(data.mapping(), piece);
            bench.add(
                    new Figure(
                            "append",
                            "GiB/s",
                            "copy + force",
                            Rounds.interleave(bench, "append", ours, bare),
                            Goal.atLeast(0.9)));
            bench.add(
                    Figure.once(
                            "append: map calls",
                            "per 64 MiB",
                            (double) ours.maps / bench.rounds(),
                            1,
                            "one",
                            Goal.atMost(1)));
        }
    }

    /** Goes on with the file, round after round. */
    private static final class Ours implements Rounds.Take {
        private final DataBench data;
        private final BlockFile file;
        private final MemorySegment piece;
        private int warmUps;
        private long end;
        private long maps;

        Ours(DataBench data, BlockFile file, MemorySegment piece, int warmUps) {
            this.data = data;
            this.file = file;
            this.piece = piece;
            this.warmUps = warmUps;
        }

        @Override
        public double measure() throws IOException {
            long before = data.server().process().sum(MAPS);
            long start = System.nanoTime();
            for (long left = ROUND_BYTES; left > 0; left -= PIECE_BYTES) {
                file.write(piece, end);
                end += PIECE_BYTES;
                if (end % COMMIT_BYTES == 0) {
                    // What fails is told by the commit at the end.
                    var _ = file.commitAsync();
                }
            }
            file.commit();
            double rate = rate(start);
            if (warmUps-- <= 0) {
                maps += data.server().process().sum(MAPS) - before;
            }
            return rate;
        }
    }

    /** The same on the mapping: as far from pages that were touched before. */
    private static final class Bare implements Rounds.Take {
        private final MemorySegment mapping;
        private final MemorySegment piece;
        private long end;

        Bare(MemorySegment mapping, MemorySegment piece) {
            this.mapping = mapping;
            this.piece = piece;
        }

        @Override
        public double measure() {
            long start = System.nanoTime();
            for (long left = ROUND_BYTES; left > 0; left -= PIECE_BYTES) {
                MemorySegment.copy(piece, 0, mapping, end, PIECE_BYTES);
                end += PIECE_BYTES;
                if (end % COMMIT_BYTES == 0) {
                    mapping.asSlice(end - COMMIT_BYTES, COMMIT_BYTES).force();
                }
            }
            return rate(start);
        }
    }

    private static double rate(long start) {
        return ROUND_BYTES * 1e9 / (System.nanoTime() - start) / (1L << 30);
    }
}
