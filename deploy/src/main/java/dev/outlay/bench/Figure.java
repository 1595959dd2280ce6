package dev.outlay.bench;

import java.util.Optional;

/**
 * What was measured for one goal, or for one point of a curve, which has none.
 *
 * @param name of the benchmark and the case, as {@code map, 128 in flight}
 * @param unit of the value and the yardstick
 * @param against what the yardstick is, in a few words
 * @param measured the medians of ours and of what it is held against, and the spread of their ratio
 */
record Figure(String name, String unit, String against, Rounds.Pair measured, Optional<Goal> goal) {

    Figure(String name, String unit, String against, Rounds.Pair measured, Goal goal) {
        this(name, unit, against, measured, Optional.of(goal));
    }

    /** Something that was measured once. */
    static Figure once(
            String name, String unit, double value, double yardstick, String against, Goal goal) {
        return new Figure(
                name,
                unit,
                against,
                Rounds.Pair.of(new double[] {value}, new double[] {yardstick}),
                goal);
    }

    /** Of the two, the median over the rounds. */
    double ratio() {
        return measured.ratio();
    }

    boolean isMet() {
        return goal.isPresent() && goal.get().isMet(ratio());
    }
}
