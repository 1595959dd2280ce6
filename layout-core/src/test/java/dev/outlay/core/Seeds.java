package dev.outlay.core;

import java.util.SplittableRandom;

/**
 * Runs a randomised test from several seeds and names the one that failed.
 *
 * <p>A failure is repeated alone with {@code -Doutlay.seed=<seed>}.
 */
public final class Seeds {

    /** One randomised run; everything random in it comes from {@code random}. */
    @FunctionalInterface
    public interface Run {
        void from(SplittableRandom random);
    }

    private Seeds() {}

    /** Runs from the seeds 1 to {@code count}, or from the one asked for alone. */
    public static void each(int count, Run run) {
        Long only = Long.getLong("outlay.seed");
        if (only != null) {
            one(only, run);
            return;
        }
        for (long seed = 1; seed <= count; seed++) {
            one(seed, run);
        }
    }

    private static void one(long seed, Run run) {
        try {
            run.from(new SplittableRandom(seed));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (repeat with -Doutlay.seed=" + seed + "): " + e, e);
        }
    }
}
