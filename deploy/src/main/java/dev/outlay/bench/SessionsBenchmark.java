package dev.outlay.bench;

import java.util.List;
import java.util.Optional;

/** {@code sessions}: what idle sessions cost those that work. */
final class SessionsBenchmark implements Benchmark {

    private static final int FEW = 10;
    private static final int MANY = 10_000;
    private static final int QUICK_MANY = 2_000;

    /** One in so many of the many works. */
    private static final int BUSY_PART = 100;

    @Override
    public String name() {
        return "sessions";
    }

    @Override
    public String work() {
        return "MapBlocks of one session in a hundred of 10,000, against as many from 10 sessions";
    }

    @Override
    public void run(Bench bench) throws Exception {
        int many = bench.quick() ? QUICK_MANY : MANY;
        int busy = many / BUSY_PART;
        try (Crowd few = Crowd.of(bench, "sessions-few", FEW, FEW, busy / FEW);
                Crowd working = Crowd.of(bench, "sessions-working", busy, busy, 1);
                Crowd crowd = Crowd.of(bench, "sessions-many", many, busy, 1)) {
            String name = "sessions, %,d open".formatted(many);
            for (Crowd each : List.of(few, working, crowd)) {
                each.warmUp(bench.warmUpNanos());
            }
            bench.add(
                    compare(
                            bench,
                            name,
                            FEW + " sessions",
                            crowd,
                            few,
                            Optional.of(Goal.atMost(1.3))));
            // Of ten requests on one stream several are answered in a message; of one on each of
            // ten streams none are. That has nothing to do with who is idle.
            bench.add(
                    compare(
                            bench,
                            name + ", beside those that work",
                            busy + " sessions",
                            crowd,
                            working,
                            Optional.empty()));
            double bytes = (double) (crowd.heapBytes() - few.heapBytes()) / (many - FEW);
            bench.note(
                    "sessions: %,.0f bytes of the server's heap for an idle session%s"
                            .formatted(bytes, crowd.isCollected() ? "" : ", garbage included"));
            crowd.check();
            working.check();
            few.check();
        }
    }

    private static Figure compare(
            Bench bench, String name, String against, Crowd crowd, Crowd other, Optional<Goal> goal)
            throws Exception {
        return new Figure(
                name,
                "us of CPU",
                against,
                Rounds.interleave(
                        bench,
                        name,
                        () -> crowd.serverMicros(bench.takeNanos()),
                        () -> other.serverMicros(bench.takeNanos())),
                goal);
    }
}
