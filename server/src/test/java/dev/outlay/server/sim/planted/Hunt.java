package dev.outlay.server.sim.planted;

import dev.outlay.server.sim.SimulationProbe;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;

/** Runs seeds from 1 on until an invariant does not hold. */
final class Hunt {

    private Hunt() {}

    /**
     * The first seed in which something did not hold.
     *
     * @param operations of all seeds up to the end of this one
     * @param events of all seeds up to the end of this one
     */
    record Finding(
            long seed,
            long operations,
            long events,
            String invariant,
            String detail,
            String history) {}

    /**
     * What the first {@code seeds} seeds show of a fault. A seed in which something does not hold
     * without the fault says nothing about it.
     */
    static Optional<Finding> of(PlantedFault fault, long seeds) {
        LongFunction<Map<String, String>> control = probe(PatchedProduct.unchanged());
        return run(
                PatchedProduct.with(fault),
                seeds,
                seed -> control.apply(seed).containsKey(SimulationProbe.INVARIANT));
    }

    /** What the first {@code seeds} seeds show of the product as it is. */
    static Optional<Finding> ofTheProduct(long seeds) {
        return run(PatchedProduct.unchanged(), seeds, _ -> false);
    }

    private static Optional<Finding> run(
            PatchedProduct loader, long seeds, LongPredicate brokenAnyway) {
        LongFunction<Map<String, String>> probe = probe(loader);
        long operations = 0;
        long events = 0;
        for (long seed = 1; seed <= seeds; seed++) {
            Map<String, String> told = probe.apply(seed);
            operations += Long.parseLong(told.getOrDefault(SimulationProbe.OPERATIONS, "0"));
            events += Long.parseLong(told.getOrDefault(SimulationProbe.EVENTS, "0"));
            String invariant = told.get(SimulationProbe.INVARIANT);
            if (invariant != null && !brokenAnyway.test(seed)) {
                return Optional.of(
                        new Finding(
                                seed,
                                operations,
                                events,
                                invariant,
                                told.getOrDefault(SimulationProbe.DETAIL, ""),
                                told.getOrDefault(SimulationProbe.HISTORY, "")));
            }
        }
        return Optional.empty();
    }

    @SuppressWarnings("unchecked") // the probe implements just this
    private static LongFunction<Map<String, String>> probe(PatchedProduct loader) {
        try {
            return (LongFunction<Map<String, String>>)
                    loader.loadClass(SimulationProbe.class.getName())
                            .getDeclaredConstructor()
                            .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the product cannot be loaded once more", e);
        }
    }
}
