package dev.outlay.bench;

import dev.outlay.v1.IoMode;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code checkpoint}: what a reader notices of checkpoints. While one client changes a volume of a
 * million extents, another asks where bytes are; the slowest answer of a thousand is measured while
 * one durable checkpoint follows the other, and while none is asked for.
 */
final class CheckpointBenchmark implements Benchmark {

    private static final int EXTENTS = 1_000_000;
    private static final int QUICK_EXTENTS = 100_000;
    private static final long DEVICE_BYTES = 1L << 38;
    private static final int SLOWEST_OF = 1_000;
    private static final int MOST_SAMPLES = 1 << 20;
    private static final int COMMITS_A_ROUND = 16;

    @Override
    public String name() {
        return "checkpoint";
    }

    @Override
    public String work() {
        return "MapBlocks READ while checkpoints are written, against the same without:"
                + " the slowest of a thousand";
    }

    @Override
    public void run(Bench bench) throws Exception {
        int extents = bench.quick() ? QUICK_EXTENTS : EXTENTS;
        BenchServer server =
                BenchServer.start(
                        bench,
                        "checkpoint",
                        DeviceFile.sparse(bench.stage().file("checkpoint.device"), DEVICE_BYTES),
                        OptionalLong.empty(),
                        "snapshot.threshold = 1GiB\n");
        AtomicBoolean over = new AtomicBoolean();
        try (Streams.Connection toReader = new Streams.Connection(server.address());
                Streams.Connection toWriter = new Streams.Connection(server.address());
                ExecutorService background = Executors.newCachedThreadPool()) {
            Party reader = Party.open(toReader, "reader", _ -> {}).learnDevices();
            Party writer = Party.open(toWriter, "writer", _ -> {}).learnDevices();
            bench.progress("checkpoint: making %,d extents".formatted(extents));
            OpenFile file = reader.open(ManyExtents.fill(writer, "full", extents).id());
            Future<?> changing = background.submit(() -> change(writer, over));
            try {
                bench.add(
                        new Figure(
                                "checkpoint: map, 1 of 1,000",
                                "us",
                                "none under way",
                                Rounds.interleave(
                                        bench,
                                        name(),
                                        () -> during(server, background, bench, file, extents),
                                        () -> slowest(bench, file, extents)),
                                Goal.atMost(3)));
            } finally {
                over.set(true);
                changing.get();
            }
        } finally {
            server.stop();
        }
    }

    /** Blocks of a file come and go. */
    private static Void change(Party writer, AtomicBoolean over) throws Exception {
        OpenFile file = writer.create("changing");
        while (!over.get()) {
            for (int i = 0; i < COMMITS_A_ROUND; i++) {
                ManyExtents.add(file, i * ManyExtents.COMMIT_BYTES);
            }
            var _ = file.ask(file.truncate(0));
        }
        return null;
    }

    private static double during(
            BenchServer server, ExecutorService background, Bench bench, OpenFile file, int extents)
            throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Future<?> checkpoints =
                background.submit(
                        () -> {
                            while (!over.get()) {
                                server.takeSnapshot();
                            }
                            return null;
                        });
        try {
            return slowest(bench, file, extents);
        } finally {
            over.set(true);
            checkpoints.get();
        }
    }

    /** What one request in a thousand takes at least, in microseconds. */
    private static double slowest(Bench bench, OpenFile file, int extents) throws Exception {
        SplittableRandom dice = new SplittableRandom(extents);
        double[] micros = new double[MOST_SAMPLES];
        int count = 0;
        long start = System.nanoTime();
        long end = start + 2 * bench.takeNanos();
        for (long now = start; now < end && count < micros.length; ) {
            long at = 2L * dice.nextInt(extents) * BenchServer.BLOCK_BYTES;
            var _ = file.ask(file.map(at, BenchServer.BLOCK_BYTES, IoMode.IO_MODE_READ, 0));
            long answered = System.nanoTime();
            micros[count++] = (answered - now) / 1e3;
            now = answered;
        }
        double[] sorted = Arrays.copyOf(micros, count);
        Arrays.sort(sorted);
        return sorted[count - 1 - count / SLOWEST_OF];
    }
}
