package dev.outlay.server.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.BitSet;

/**
 * A finished run from one seed.
 *
 * @param scriptSize steps and faults of its script, those left out included
 */
record Run(long seed, World world, Tally tally, int scriptSize) {

    boolean failed() {
        return !world.violations().isEmpty();
    }

    /** Whether this invariant was broken. */
    boolean broke(String invariant) {
        return world.violations().stream().anyMatch(v -> v.invariant().equals(invariant));
    }

    /**
     * Runs a seed to its end, in a thread of the kind that its programs have, so that the baton is
     * cheap.
     *
     * @param without steps and faults left out, by number
     * @param detailed remembers everything
     */
    static Run of(long seed, Shape shape, BitSet without, boolean detailed)
            throws InterruptedException {
        Run[] run = new Run[1];
        Throwable[] failure = new Throwable[1];
        Thread thread =
                Thread.ofVirtual()
                        .unstarted(
                                () -> {
                                    try {
                                        Simulation simulation =
                                                new Simulation(seed, shape, without, detailed);
                                        simulation.run();
                                        run[0] =
                                                new Run(
                                                        seed,
                                                        simulation.world(),
                                                        simulation.tally(),
                                                        simulation.scriptSize());
                                    } catch (IOException e) {
                                        throw new UncheckedIOException(e);
                                    }
                                });
        thread.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
        thread.start();
        thread.join();
        if (run[0] == null) {
            throw new IllegalStateException("seed " + seed + " broke the simulator", failure[0]);
        }
        return run[0];
    }
}
