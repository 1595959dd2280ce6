package dev.outlay.server.sim.planted;

import dev.outlay.server.sim.planted.Hunt.Finding;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Puts faults into the product one by one and says which invariant found each.
 *
 * <pre>
 * PlantedFaultsMain [--list] [--fault NAME|FILE.fault,...] [--seeds N] [--history] [--write]
 * </pre>
 *
 * <p>{@code --seeds} runs more seeds than the fault's own budget; {@code --history} prints what led
 * to the violation; {@code --write} searches all seeds from 1 on, instead of beginning with the one
 * that found the fault before, and keeps the table in {@code docs/planted-faults.md}.
 */
public final class PlantedFaultsMain {

    private static final int MOST_DETAIL = 200;

    private PlantedFaultsMain() {}

    public static void main(String[] arguments) {
        Map<String, String> options = new TreeMap<>();
        for (int i = 0; i < arguments.length; i++) {
            boolean valued = i + 1 < arguments.length && !arguments[i + 1].startsWith("--");
            options.put(arguments[i], valued ? arguments[++i] : "");
        }
        List<PlantedFault> faults =
                Optional.ofNullable(options.get("--fault"))
                        .map(
                                names ->
                                        Arrays.stream(names.split(","))
                                                .map(PlantedFault::named)
                                                .toList())
                        .orElseGet(PlantedFault::all);
        if (options.containsKey("--list")) {
            faults.forEach(f -> System.out.println(f.name() + " (" + f.breaks() + "): " + f.why()));
            return;
        }
        boolean write = options.containsKey("--write");
        long seeds = Long.parseLong(options.getOrDefault("--seeds", "0"));
        Map<PlantedFault, Optional<Finding>> results =
                hunt(faults, seeds, !write, options.containsKey("--history"), System.out);
        if (write) {
            FaultTable.write(results);
        }
        System.exit(results.values().stream().allMatch(Optional::isPresent) ? 0 : 1);
    }

    /**
     * Looks for each fault, as many at a time as there are processors.
     *
     * @param seeds how many to run for each; 0: as many as the fault says
     * @param known whether to begin with the seed that the document names for a fault
     */
    static Map<PlantedFault, Optional<Finding>> hunt(
            List<PlantedFault> faults,
            long seeds,
            boolean known,
            boolean history,
            PrintStream out) {
        Map<PlantedFault, Optional<Finding>> results = new LinkedHashMap<>();
        try (ExecutorService hunters =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            Map<PlantedFault, Future<Optional<Finding>>> hunts = new LinkedHashMap<>();
            for (PlantedFault fault : faults) {
                OptionalLong first = known ? FaultTable.seed(fault) : OptionalLong.empty();
                long most = seeds == 0 ? fault.seeds() : seeds;
                hunts.put(fault, hunters.submit(() -> hunt(fault, most, first, history, out)));
            }
            for (Map.Entry<PlantedFault, Future<Optional<Finding>>> each : hunts.entrySet()) {
                results.put(each.getKey(), each.getValue().get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a fault cannot be looked for", e.getCause());
        }
        FaultTable.lines(results).forEach(out::println);
        return results;
    }

    private static Optional<Finding> hunt(
            PlantedFault fault, long seeds, OptionalLong first, boolean history, PrintStream out) {
        long begun = System.nanoTime();
        Optional<Finding> found = Hunt.of(fault, seeds, first);
        long millis = (System.nanoTime() - begun) / 1_000_000;
        out.println(
                fault.name()
                        + ": "
                        + found.map(
                                        f ->
                                                f.invariant()
                                                        + " in seed "
                                                        + f.seed()
                                                        + ", "
                                                        + brief(f.detail()))
                                .orElse("NOT SEEN")
                        + " ("
                        + millis
                        + " ms)");
        found.filter(_ -> history).ifPresent(f -> out.println(f.history()));
        return found;
    }

    private static String brief(String detail) {
        String line = detail.lines().findFirst().orElse("");
        return line.length() > MOST_DETAIL ? line.substring(0, MOST_DETAIL) + "..." : line;
    }
}
