package dev.outlay.bench;

import dev.outlay.v1.Reply;
import java.util.List;

/** {@code map}: MapBlocks READ of written ranges on a session. */
final class MapBenchmark implements Benchmark {

    private static final long FILE_BYTES = 64 << 20;
    private static final long DEVICE_BYTES = 1L << 30;

    @Override
    public String name() {
        return "map";
    }

    @Override
    public String work() {
        return "MapBlocks READ of written ranges on a session, against a bare echo of messages as"
                + " large";
    }

    @Override
    public void run(Bench bench) throws Exception {
        OpenFile[] file = new OpenFile[1];
        StreamBench.Sample sample =
                party -> {
                    file[0] = Reads.file(party, "mapped", FILE_BYTES);
                    Reads reads = new Reads(file[0], FILE_BYTES, 1);
                    Reply reply = party.driver().ask(reads.next().getFirst());
                    reads.answered(reply);
                    return List.of(reply);
                };
        try (StreamBench streams = StreamBench.open(bench, "map", DEVICE_BYTES, sample)) {
            OpenFile mapped = file[0];
            streams.warmUp(bench, lanes(mapped, 16, 32), lanes(mapped, 16, 32));
            streams.warmUp(bench, lanes(mapped, 128, 1), lanes(mapped, 128, 1));
            String one = "map, 1 in flight";
            bench.add(
                    new Figure(
                            one,
                            "us",
                            "echo",
                            Rounds.interleave(
                                    bench,
                                    one,
                                    () -> micros(bench, streams.party().driver(), mapped),
                                    () -> micros(bench, streams.echo(), mapped)),
                            Goal.atMost(1.15)));
            Rounds.Pair sixteen = throughput(bench, streams, mapped, 16, 1);
            bench.note(
                    "map, 16 in flight: %s thousand/s, %s of the echo's"
                            .formatted(
                                    Report.number(sixteen.value()),
                                    Report.number(sixteen.ratio())));
            bench.add(
                    new Figure(
                            "map, 128 in flight",
                            "1000/s",
                            "echo",
                            throughput(bench, streams, mapped, 128, 1),
                            Goal.atLeast(0.9)));
            bench.add(
                    new Figure(
                            "map, 16 messages of 32",
                            "1000/s",
                            "echo",
                            throughput(bench, streams, mapped, 16, 32),
                            Goal.atLeast(0.7)));
        }
    }

    private static List<Reads> lanes(OpenFile file, int count, int batch) {
        return StreamBench.lanes(count, _ -> new Reads(file, FILE_BYTES, batch));
    }

    private static double micros(Bench bench, StreamDriver driver, OpenFile file) throws Exception {
        return driver.drive(lanes(file, 1, 1), bench.takeNanos(), true).medianMicros(1);
    }

    private static Rounds.Pair throughput(
            Bench bench, StreamBench streams, OpenFile file, int lanes, int batch)
            throws Exception {
        String name = "map, " + lanes * batch + " in flight";
        ReplyCost server = streams.serverCost();
        ReplyCost echo = streams.echoCost();
        Rounds.Pair pair =
                Rounds.interleave(
                        bench,
                        name,
                        () -> rate(bench, server, streams.party().driver(), file, lanes, batch),
                        () -> rate(bench, echo, streams.echo(), file, lanes, batch));
        StreamBench.tell(bench, name, server, echo);
        return pair;
    }

    private static double rate(
            Bench bench, ReplyCost cost, StreamDriver driver, OpenFile file, int lanes, int batch)
            throws Exception {
        return cost.during(() -> driver.drive(lanes(file, lanes, batch), bench.takeNanos(), false))
                        .repliesPerSecond()
                / 1e3;
    }
}
