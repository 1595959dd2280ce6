package dev.outlay.bench;

import java.nio.file.Path;
import java.util.OptionalLong;

/** {@code churn}: whether a volume that has been filled and emptied many times is still as good. */
final class ChurnBenchmark implements Benchmark {

    private static final long DEVICE_BYTES = 1L << 30;
    private static final long QUICK_DEVICE_BYTES = 256L << 20;
    private static final double FULL = 0.9;
    private static final int TURNS = 20;

    private static final String FRESH = "fresh-";

    @Override
    public String name() {
        return "churn";
    }

    @Override
    public String work() {
        return "files come and go until a volume at 90 % has turned over 20 times, against a fresh"
                + " volume";
    }

    @Override
    public void run(Bench bench) throws Exception {
        long bytes = bench.quick() ? QUICK_DEVICE_BYTES : DEVICE_BYTES;
        BenchServer server = BenchServer.start(bench, "churn", bytes);
        try (Streams.Connection connection = new Streams.Connection(server.address())) {
            ChurnedVolume old = volume(connection, Party.VOLUME, bytes);
            old.fill();
            for (int turn = 1; turn <= TURNS; turn++) {
                bench.progress("churn: turned over " + turn + " times of " + TURNS);
                var _ = old.turnOver();
            }
            int rounds = bench.rounds();
            double[][] lengths = new double[2][rounds];
            double[][] rates = new double[2][rounds];
            for (int round = 0; round < rounds; round++) {
                bench.progress("churn, round " + (round + 1) + " of " + rounds);
                ChurnedVolume fresh = fresh(bench, server, connection, round, bytes);
                boolean oldFirst = round % 2 == 0;
                ChurnedVolume.Turn first = oldFirst ? old.turnOver() : fresh.fillAndEmpty();
                ChurnedVolume.Turn second = oldFirst ? fresh.fillAndEmpty() : old.turnOver();
                ChurnedVolume.Turn ofOld = oldFirst ? first : second;
                ChurnedVolume.Turn ofFresh = oldFirst ? second : first;
                lengths[0][round] = ofOld.meanExtentBytes() / 1024;
                lengths[1][round] = ofFresh.meanExtentBytes() / 1024;
                rates[0][round] = ofOld.operationsPerSecond() / 1e3;
                rates[1][round] = ofFresh.operationsPerSecond() / 1e3;
            }
            bench.add(
                    new Figure(
                            "churn: extent length",
                            "KiB",
                            "a fresh volume",
                            Rounds.Pair.of(lengths[0], lengths[1]),
                            Goal.atLeast(0.7)));
            bench.add(
                    new Figure(
                            "churn: operations",
                            "1000/s",
                            "a fresh volume",
                            Rounds.Pair.of(rates[0], rates[1]),
                            Goal.atLeast(0.7)));
        } finally {
            server.stop();
        }
    }

    private static ChurnedVolume fresh(
            Bench bench, BenchServer server, Streams.Connection connection, int round, long bytes)
            throws Exception {
        String volume = FRESH + round;
        Path device = DeviceFile.sparse(bench.stage().file(volume + ".device"), bytes);
        server.createVolume(volume, device, OptionalLong.empty());
        return volume(connection, volume, bytes);
    }

    private static ChurnedVolume volume(Streams.Connection connection, String volume, long bytes)
            throws Exception {
        Party party =
                Party.open(connection, "churn-" + volume, volume, Party.LEASE_MILLIS, _ -> {});
        return new ChurnedVolume(party.learnDevices(), (long) (bytes * FULL));
    }
}
