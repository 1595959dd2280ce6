package dev.outlay.bench;

import dev.outlay.process.ServerProcess;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * {@code restart}: from the kill of a server to its first answer, by the size of its volume.
 *
 * <p>The volume's extents are in the checkpoint, and behind it lies as much journal as there can be
 * before the next is durable. What a start of the same server takes without any of it is measured
 * in the same rounds, and taken off before the rest is held against reading the bytes.
 */
final class RestartBenchmark implements Benchmark {

    private static final int MIDDLE = 1_000_000;
    private static final int LARGE = 10_000_000;
    private static final int QUICK = 100_000;
    private static final long DEVICE_BYTES = 1L << 40;

    /** The server's standard; a tenth less is full enough, as a checkpoint would spoil it. */
    private static final long THRESHOLD_BYTES = 4L << 20;

    private static final double FULL = 0.9;

    /** Commits between looks at how much journal there is. */
    private static final int LOOK_EVERY = 32;

    private static final long TAIL_BYTES = 16 * ManyExtents.COMMIT_BYTES;
    private static final Pattern POSITION = gauge("journal");
    private static final Pattern SNAPSHOT = gauge("snapshot");

    private static Pattern gauge(String what) {
        return Pattern.compile("(?m)^outlay_" + what + "_position_bytes\\{.*} (\\S+)$");
    }

    @Override
    public String name() {
        return "restart";
    }

    @Override
    public String work() {
        return "kill and restart with 10^6 and 10^7 extents, against reading what was kept, and"
                + " against an empty start";
    }

    @Override
    public void run(Bench bench) throws Exception {
        BenchServer empty = start(bench, "restart-empty");
        try {
            int[] sizes = bench.quick() ? new int[] {QUICK} : new int[] {MIDDLE, LARGE};
            for (int extents : sizes) {
                restart(bench, empty, extents, extents == sizes[0]);
            }
        } finally {
            empty.stop();
        }
    }

    private static BenchServer start(Bench bench, String name) throws Exception {
        return BenchServer.start(
                bench,
                name,
                DeviceFile.sparse(bench.stage().file(name + ".device"), DEVICE_BYTES),
                OptionalLong.empty(),
                "snapshot.threshold = " + (THRESHOLD_BYTES >> 20) + "MiB\n");
    }

    private static void restart(Bench bench, BenchServer empty, int extents, boolean first)
            throws Exception {
        String name = "restart, %,d extents".formatted(extents);
        BenchServer full = start(bench, "restart-" + extents);
        try {
            try (Streams.Connection connection = new Streams.Connection(full.address())) {
                Party party = Party.open(connection, "filler", _ -> {}).learnDevices();
                bench.progress(name + ": making them");
                var _ = ManyExtents.fill(party, "full", extents);
                full.takeSnapshot();
                bench.progress(name + ": filling the journal");
                fillJournal(party, full, (long) (THRESHOLD_BYTES * FULL));
            }
            KeptBytes kept = new KeptBytes(full.process().dataDirectory());
            double[][] taken =
                    Rounds.series(
                            bench,
                            name,
                            0,
                            () -> startMillis(full.process()),
                            () -> startMillis(empty.process()),
                            kept::readMillis);
            double[] beyond = taken[0].clone();
            for (int i = 0; i < beyond.length; i++) {
                beyond[i] -= taken[1][i];
            }
            bench.add(
                    new Figure(
                            name + ", load",
                            "ms",
                            "reading + CRC",
                            Rounds.Pair.of(beyond, taken[2]),
                            Goal.atMost(3)));
            if (first) {
                bench.add(
                        new Figure(
                                name + ", answer",
                                "ms",
                                "an empty start",
                                Rounds.Pair.of(taken[0], taken[1]),
                                Goal.atMost(10)));
            }
        } finally {
            full.stop();
        }
    }

    private static double startMillis(ServerProcess process) throws Exception {
        process.kill();
        long start = System.nanoTime();
        process.startAgain();
        try (Streams.Connection connection = new Streams.Connection(process.address())) {
            // Its first answer about the volume.
            var _ = Party.open(connection, "first", _ -> {}).learnDevices();
            return (System.nanoTime() - start) / 1e6;
        }
    }

    /** Extents come and go until so much journal lies behind the snapshot. */
    private static void fillJournal(Party party, BenchServer server, long bytes) throws Exception {
        OpenFile file = party.create("tail");
        long at = 0;
        for (int commits = 0; ; commits++) {
            if (commits % LOOK_EVERY == 0
                    && server.process().sum(POSITION) - server.process().sum(SNAPSHOT) >= bytes) {
                break;
            }
            if (at == TAIL_BYTES) {
                var _ = file.ask(file.truncate(0));
                at = 0;
            }
            ManyExtents.add(file, at);
            at += ManyExtents.COMMIT_BYTES;
        }
        var _ = file.ask(file.giveBack());
    }
}
