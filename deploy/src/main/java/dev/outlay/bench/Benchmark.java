package dev.outlay.bench;

/** One line of work and the yardsticks it is held against. */
interface Benchmark {

    /** What it is called on the command line. */
    String name();

    /** What it does, in one clause. */
    String work();

    /** Whether it runs only if it is named: because it has no goals. */
    default boolean runsOnlyIfNamed() {
        return false;
    }

    /** Measures, and adds one figure for each goal or each point of a curve. */
    void run(Bench bench) throws Exception;
}
