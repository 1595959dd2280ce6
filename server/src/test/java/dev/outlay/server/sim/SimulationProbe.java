package dev.outlay.server.sim;

import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * One seed of the simulation, told in plain words, for those who have loaded the product and the
 * simulator a second time and see none of their types.
 */
public class SimulationProbe implements LongFunction<Map<String, String>> {

    /** What the answer names. */
    public static final String EVENTS = "events";

    public static final String OPERATIONS = "operations";

    /** The first invariant that did not hold; absent if all did. */
    public static final String INVARIANT = "invariant";

    public static final String DETAIL = "detail";

    /** All that led there, when something did not hold. */
    public static final String HISTORY = "history";

    private static final int OPERATIONS_OF_A_SEED = 300;

    /** Clients are stopped in reads alone. */
    public static final class StoppedReaders extends SimulationProbe {
        @Override
        Shape shape(Shape ordinary) {
            return ordinary.withStoppedReaders();
        }
    }

    Shape shape(Shape ordinary) {
        return ordinary;
    }

    @Override
    public Map<String, String> apply(long seed) {
        Run run;
        try {
            run = Run.of(seed, shape(Shape.of(seed, OPERATIONS_OF_A_SEED)), new BitSet(), false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in seed " + seed, e);
        }
        World world = run.world();
        Map<String, String> told = new TreeMap<>();
        told.put(EVENTS, Long.toString(world.events()));
        told.put(OPERATIONS, Long.toString(run.tally().operations()));
        world.violations().stream()
                .findFirst()
                .ifPresent(
                        first -> {
                            told.put(INVARIANT, first.invariant());
                            told.put(DETAIL, first.detail());
                            told.put(HISTORY, String.join("\n", world.remembered()));
                        });
        return told;
    }
}
