package dev.outlay.server.sim.planted;

import dev.outlay.server.sim.SimulationProbe;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;

/** Runs seeds until an invariant does not hold. */
final class Hunt {

    private Hunt() {}

    /**
     * The first seed in which something did not hold.
     *
     * @param operations of all seeds that were run, up to the end of this one
     * @param events of all seeds that were run, up to the end of this one
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
     *
     * @param first a seed to look at before all others, which showed it once
     */
    static Optional<Finding> of(PlantedFault fault, long seeds, OptionalLong first) {
        LongFunction<Map<String, String>> control =
                probe(PatchedProduct.unchanged(), fault.stopsReaders());
        LongFunction<Map<String, String>> probe =
                probe(PatchedProduct.with(fault), fault.stopsReaders());
        LongPredicate brokenAnyway =
                seed -> control.apply(seed).containsKey(SimulationProbe.INVARIANT);
        Optional<Finding> atOnce = Optional.empty();
        if (first.isPresent()) {
            atOnce = run(probe, first.getAsLong(), first.getAsLong(), brokenAnyway);
        }
        return atOnce.or(() -> run(probe, 1, seeds, brokenAnyway));
    }

    /**
     * What the first {@code seeds} seeds show of the product as it is.
     *
     * @param stopsReaders in runs in which clients are stopped in reads alone
     */
    static Optional<Finding> ofTheProduct(long seeds, boolean stopsReaders) {
        return run(probe(PatchedProduct.unchanged(), stopsReaders), 1, seeds, _ -> false);
    }

    private static Optional<Finding> run(
            LongFunction<Map<String, String>> probe,
            long from,
            long to,
            LongPredicate brokenAnyway) {
        long operations = 0;
        long events = 0;
        for (long seed = from; seed <= to; seed++) {
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
    private static LongFunction<Map<String, String>> probe(
            PatchedProduct loader, boolean stopsReaders) {
        try {
            return (LongFunction<Map<String, String>>)
                    loader.loadClass(
                                    (stopsReaders
                                                    ? SimulationProbe.StoppedReaders.class
                                                    : SimulationProbe.class)
                                            .getName())
                            .getDeclaredConstructor()
                            .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the product cannot be loaded once more", e);
        }
    }
}
