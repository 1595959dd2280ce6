package dev.outlay.bench;

import java.util.ArrayList;
import java.util.List;

/** {@code cycle}: fresh blocks and their commit, both durable. */
final class CycleBenchmark implements Benchmark {

    private static final long DEVICE_BYTES = 1L << 40;

    /** A map and a commit. */
    private static final int MESSAGES = 2;

    private int files;

    @Override
    public String name() {
        return "cycle";
    }

    @Override
    public String work() {
        return "MapBlocks RW of fresh blocks and CommitBlocks, durable, against two bare echoes and"
                + " two direct appends";
    }

    @Override
    public void run(Bench bench) throws Exception {
        try (StreamBench streams = StreamBench.open(bench, "cycle", DEVICE_BYTES, Cycles::sample);
                DirectAppend disk = DirectAppend.open(bench.stage().folder())) {
            streams.warmUp(bench, lanes(streams, 16, 32), lanes(streams, 16, 32));
            streams.warmUp(bench, lanes(streams, 128, 1), lanes(streams, 128, 1));
            latency(bench, streams, disk);
            throughput(bench, streams, "cycle, 128 in flight", 128, 1);
            throughput(bench, streams, "cycle, 16 messages of 32", 16, 32);
        }
    }

    private void latency(Bench bench, StreamBench streams, DirectAppend disk) throws Exception {
        String name = "cycle, 1 in flight";
        List<Cycles> ours = lanes(streams, 1, 1);
        List<Cycles> theirs = lanes(streams, 1, 1);
        bench.add(
                new Figure(
                        name,
                        "us",
                        "2 echoes + 2 appends",
                        Rounds.interleave(
                                bench,
                                name,
                                () -> micros(streams.party().driver(), ours, bench),
                                () ->
                                        micros(streams.echo(), theirs, bench)
                                                + MESSAGES * disk.micros(bench.takeNanos() / 2)),
                        Goal.atMost(1.15)));
    }

    private static double micros(StreamDriver driver, List<Cycles> lanes, Bench bench)
            throws Exception {
        return driver.drive(lanes, bench.takeNanos(), true).medianMicros(MESSAGES);
    }

    private void throughput(Bench bench, StreamBench streams, String name, int count, int batch)
            throws Exception {
        List<Cycles> ours = lanes(streams, count, batch);
        List<Cycles> theirs = lanes(streams, count, batch);
        long[] forces = {0};
        double[] cycles = {0};
        ReplyCost server = streams.serverCost();
        ReplyCost echo = streams.echoCost();
        Rounds.Pair pair =
                Rounds.interleave(
                        bench,
                        name,
                        () -> {
                            long before = streams.server().forces();
                            StreamDriver.Run run =
                                    server.during(
                                            () ->
                                                    streams.party()
                                                            .driver()
                                                            .drive(ours, bench.takeNanos(), false));
                            forces[0] += streams.server().forces() - before;
                            cycles[0] += (double) run.replies() / MESSAGES;
                            return kiloCycles(run);
                        },
                        () ->
                                kiloCycles(
                                        echo.during(
                                                () ->
                                                        streams.echo()
                                                                .drive(
                                                                        theirs,
                                                                        bench.takeNanos(),
                                                                        false))));
        StreamBench.tell(bench, name, server, echo);
        bench.add(
                new Figure(
                        name, "1000/s", "2 echoes", pair, Goal.atLeast(batch == 1 ? 0.75 : 0.6)));
        bench.add(
                Figure.once(
                        name + ": a force",
                        "cycles",
                        cycles[0] / Math.max(1, forces[0]),
                        1,
                        "one",
                        Goal.atLeast(batch == 1 ? 32 : 100)));
    }

    private static double kiloCycles(StreamDriver.Run run) {
        return run.repliesPerSecond() / MESSAGES / 1e3;
    }

    private List<Cycles> lanes(StreamBench streams, int count, int batch) throws Exception {
        List<Cycles> lanes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lanes.add(new Cycles(streams.party().create("file-" + files++), batch));
        }
        return lanes;
    }
}
