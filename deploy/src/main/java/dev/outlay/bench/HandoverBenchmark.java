package dev.outlay.bench;

import dev.outlay.v1.IoMode;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code handover}: a range that one writer holds goes to the next: recall, return, grant. */
final class HandoverBenchmark implements Benchmark {

    private static final long PIECE_BYTES = 64 << 10;
    private static final long DEVICE_BYTES = 1L << 34;
    private static final int WAIT_MILLIS = 30_000;
    private static final int MOST_HANDOVERS = 1 << 16;
    private static final int ECHOES = 4;
    private static final int FORCES = 2;

    @Override
    public String name() {
        return "handover";
    }

    @Override
    public String work() {
        return "a range goes from writer to writer by recall, return and grant, against bare echoes"
                + " and direct appends";
    }

    @Override
    public void run(Bench bench) throws Exception {
        try (StreamBench streams =
                        StreamBench.open(bench, "handover", DEVICE_BYTES, Cycles::sample);
                Streams.Connection toA = new Streams.Connection(streams.server().address());
                Streams.Connection toB = new Streams.Connection(streams.server().address());
                DirectAppend disk = DirectAppend.open(bench.stage().folder())) {
            OpenFile shared = streams.party().create("shared");
            shared.write(0, PIECE_BYTES);
            var _ = shared.ask(shared.giveBack());
            Writer a = new Writer(toA, "writer-a", shared.id());
            Writer b = new Writer(toB, "writer-b", shared.id());
            List<Cycles> bare = List.of(new Cycles(streams.party().create("bare"), 1));
            var _ = handOver(a, b, bench.warmUpNanos());
            var _ = streams.echo().drive(bare, bench.warmUpNanos(), false);
            bench.add(
                    new Figure(
                            "handover",
                            "us",
                            ECHOES + " echoes + " + FORCES + " appends",
                            Rounds.interleave(
                                    bench,
                                    "handover",
                                    () -> handOver(a, b, bench.takeNanos()),
                                    () ->
                                            ECHOES * echoMicros(streams, bare, bench)
                                                    + FORCES * disk.micros(bench.takeNanos() / 2)),
                            Goal.atMost(1.0)));
        }
    }

    private static double echoMicros(StreamBench streams, List<Cycles> bare, Bench bench)
            throws Exception {
        return streams.echo().drive(bare, bench.takeNanos(), true).medianMicros(1);
    }

    /** The median time from the request of the one that wants to its grant, in microseconds. */
    private static double handOver(Writer a, Writer b, long nanos) throws Exception {
        if (!a.holds) {
            var _ = a.take();
        }
        double[] took = new double[MOST_HANDOVERS];
        int count = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos && count + 1 < took.length) {
            took[count++] = b.take();
            took[count++] = a.take();
        }
        return Rounds.median(Arrays.copyOf(took, count)) / 1e3;
    }

    /** A client that gives back at once what is recalled. */
    private static final class Writer {
        private final Party party;
        private final OpenFile file;
        private volatile boolean holds;

        /** Is done as soon as what was granted last has been given back. */
        private volatile CompletableFuture<@Nullable Object> returned =
                CompletableFuture.completedFuture(null);

        Writer(Streams.Connection connection, String owner, long fileId) throws Exception {
            party = Party.open(connection, owner, this::hear).learnDevices();
            file = party.open(fileId);
        }

        /** On the connection's thread. */
        private void hear(Notice notice) {
            if (notice.hasRecall() && holds) {
                file.recalled(notice.getRecall().getFile().getStateid());
                Asked back = file.giveBack();
                var _ =
                        party.driver()
                                .begin(back.request())
                                .thenAccept(
                                        reply -> {
                                            var _ = file.take(back, StreamDriver.checked(reply));
                                            returned.complete(null);
                                        });
            }
        }

        /** Takes the range, whoever has it; the nanoseconds until it is granted. */
        double take() throws Exception {
            if (holds) {
                var _ = returned.get(1, TimeUnit.MINUTES);
            }
            long start = System.nanoTime();
            Asked map = file.map(0, PIECE_BYTES, IoMode.IO_MODE_RW, WAIT_MILLIS);
            Reply reply = party.driver().begin(map.request()).get(1, TimeUnit.MINUTES);
            long took = System.nanoTime() - start;
            var _ = file.take(map, StreamDriver.checked(reply));
            returned = new CompletableFuture<>();
            holds = true;
            return took;
        }
    }
}
