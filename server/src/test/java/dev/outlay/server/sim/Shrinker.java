package dev.outlay.server.sim;

import dev.outlay.server.sim.SimulationMain.Size;
import java.io.PrintStream;
import java.util.BitSet;

/**
 * Makes a failing run shorter: leaves out steps and faults, half of them, then a quarter and so on,
 * as long as the same invariant is still broken.
 */
final class Shrinker {

    private static final int MOST_RUNS = 400;

    private Shrinker() {}

    /** Prints the shortest run found; the numbers left out replay it. */
    static void shrink(
            long seed, Size size, int scriptSize, World.Violation violation, PrintStream out)
            throws InterruptedException {
        BitSet without = new BitSet(scriptSize);
        int runs = 0;
        for (int chunk = scriptSize / 2; chunk >= 1 && runs < MOST_RUNS; chunk /= 2) {
            for (int from = 0; from < scriptSize && runs < MOST_RUNS; from += chunk) {
                BitSet fewer = (BitSet) without.clone();
                fewer.set(from, Math.min(scriptSize, from + chunk));
                if (fewer.equals(without)) {
                    continue;
                }
                runs++;
                SimulationMain.Outcome outcome = SimulationMain.run(seed, size, fewer, false);
                boolean same =
                        outcome.world().violations().stream()
                                .anyMatch(v -> v.invariant().equals(violation.invariant()));
                if (same) {
                    without = fewer;
                }
            }
        }
        out.println(
                "shrunk to "
                        + (scriptSize - without.cardinality())
                        + " of "
                        + scriptSize
                        + " steps in "
                        + runs
                        + " runs");
        SimulationMain.report(SimulationMain.run(seed, size, without, true).world(), out);
    }
}
