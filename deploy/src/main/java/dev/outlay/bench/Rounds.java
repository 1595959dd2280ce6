package dev.outlay.bench;

import java.util.Arrays;

/**
 * Ours and the yardstick in turn, so that whatever else the machine does meets both. What goes
 * first changes from round to round. The ratio is taken within each round.
 */
final class Rounds {

    /** Measures once. */
    interface Take {
        double measure() throws Exception;
    }

    /**
     * The medians over all rounds.
     *
     * @param ratio the median of the ratios, each of one round
     * @param lowest ratio of a round
     * @param highest ratio of a round
     */
    record Pair(double value, double yardstick, double ratio, double lowest, double highest) {

        /** Of values and yardsticks that were measured in the same rounds. */
        static Pair of(double[] values, double[] yardsticks) {
            double[] ratios = new double[values.length];
            for (int i = 0; i < ratios.length; i++) {
                ratios[i] = values[i] / yardsticks[i];
            }
            return new Pair(
                    median(values),
                    median(yardsticks),
                    median(ratios),
                    Arrays.stream(ratios).min().orElseThrow(),
                    Arrays.stream(ratios).max().orElseThrow());
        }
    }

    private Rounds() {}

    /** Ours and a yardstick, round by round, after rounds that warm up and count for nothing. */
    static Pair interleave(Bench bench, String what, Take ours, Take yardstick) throws Exception {
        double[][] taken = series(bench, what, bench.warmUps(), ours, yardstick);
        return Pair.of(taken[0], taken[1]);
    }

    /** Several things, round by round: for each of them a value from each round. */
    static double[][] series(Bench bench, String what, int warmUps, Take... takes)
            throws Exception {
        int rounds = bench.rounds();
        for (int i = 0; i < warmUps; i++) {
            bench.progress(what + ", warming up");
            for (Take take : takes) {
                var _ = take.measure();
            }
        }
        double[][] taken = new double[takes.length][rounds];
        for (int round = 0; round < rounds; round++) {
            bench.progress(what + ", round " + (round + 1) + " of " + rounds);
            for (int i = 0; i < takes.length; i++) {
                int turn = (i + round) % takes.length;
                taken[turn][round] = takes[turn].measure();
            }
        }
        return taken;
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
