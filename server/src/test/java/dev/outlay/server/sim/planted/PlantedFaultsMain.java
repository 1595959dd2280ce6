package dev.outlay.server.sim.planted;

import dev.outlay.server.sim.planted.Hunt.Finding;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Puts faults into the product one by one and says which invariant found each.
 *
 * <pre>
 * PlantedFaultsMain [--list] [--fault NAME|FILE.fault,...] [--seeds N] [--history] [--write]
 * </pre>
 *
 * <p>{@code --seeds} runs more seeds than the fault's own budget; {@code --history} prints what led
 * to the violation; {@code --write} keeps the table in {@code docs/planted-faults.md}.
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
        long seeds = Long.parseLong(options.getOrDefault("--seeds", "0"));
        Map<PlantedFault, Optional<Finding>> results =
                hunt(faults, seeds, options.containsKey("--history"), System.out);
        if (options.containsKey("--write")) {
            FaultTable.write(results);
        }
        System.exit(results.values().stream().allMatch(Optional::isPresent) ? 0 : 1);
    }

    /**
     * Looks for each fault.
     *
     * @param seeds how many to run for each; 0: as many as the fault says
     */
    static Map<PlantedFault, Optional<Finding>> hunt(
            List<PlantedFault> faults, long seeds, boolean history, PrintStream out) {
        Map<PlantedFault, Optional<Finding>> results = new LinkedHashMap<>();
        for (PlantedFault fault : faults) {
            long begun = System.nanoTime();
            Optional<Finding> found = Hunt.of(fault, seeds == 0 ? fault.seeds() : seeds);
            results.put(fault, found);
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
        }
        FaultTable.lines(results).forEach(out::println);
        return results;
    }

    private static String brief(String detail) {
        String line = detail.lines().findFirst().orElse("");
        return line.length() > MOST_DETAIL ? line.substring(0, MOST_DETAIL) + "..." : line;
    }
}
