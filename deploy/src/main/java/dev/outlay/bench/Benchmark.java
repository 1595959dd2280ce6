package dev.outlay.bench;

/** One line of work and the yardsticks it is held against. */
interface Benchmark {

    /** What it is called on the command line. */
    String name();

    /** What it does, in one clause. */
    String work();

    /** Measures, and adds one figure for each goal. */
    void run(Bench bench) throws Exception;
}
