package dev.outlay.bench;

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
                Crowd crowd = Crowd.of(bench, "sessions-many", many, busy, 1)) {
            few.warmUp(bench.warmUpNanos());
            crowd.warmUp(bench.warmUpNanos());
            String name = "sessions, %,d open".formatted(many);
            bench.add(
                    new Figure(
                            name,
                            "us/operation",
                            FEW + " sessions",
                            Rounds.interleave(
                                    bench,
                                    name,
                                    () -> crowd.micros(bench.takeNanos()),
                                    () -> few.micros(bench.takeNanos())),
                            Goal.atMost(1.3)));
            double bytes = (double) (crowd.heapBytes() - few.heapBytes()) / (many - FEW);
            bench.note(
                    "sessions: %,.0f bytes of the server's heap for an idle session%s"
                            .formatted(bytes, crowd.isCollected() ? "" : ", garbage included"));
            crowd.check();
            few.check();
        }
    }
}
