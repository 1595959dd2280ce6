package dev.outlay.server.sim;

import java.io.PrintStream;
import java.util.BitSet;

/**
 * Makes a failing run shorter: leaves out steps and faults, half of them, then a quarter and so on,
 * as long as the same invariant is still broken.
 */
final class Shrinker {

    private static final int MOST_RUNS = 400;

    private Shrinker() {}

    /** Prints the shortest run found. */
    static void shrink(Run failed, Shape shape, PrintStream out) throws InterruptedException {
        String invariant = failed.world().violations().getFirst().invariant();
        int size = failed.scriptSize();
        BitSet without = new BitSet(size);
        int runs = 0;
        for (int chunk = size / 2; chunk >= 1 && runs < MOST_RUNS; chunk /= 2) {
            for (int from = 0; from < size && runs < MOST_RUNS; from += chunk) {
                BitSet fewer = (BitSet) without.clone();
                fewer.set(from, Math.min(size, from + chunk));
                if (fewer.equals(without)) {
                    continue;
                }
                runs++;
                if (Run.of(failed.seed(), shape, fewer, false).broke(invariant)) {
                    without = fewer;
                }
            }
        }
        out.printf(
                "shrunk to %d of %d steps and faults in %d runs:%n",
                size - without.cardinality(), size, runs);
        Run shortest = Run.of(failed.seed(), shape, without, true);
        shortest.world().remembered().forEach(out::println);
    }
}
