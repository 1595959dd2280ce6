package dev.outlay.server.sim;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Runs simulations and says what they met: {@code deploy/checks/sim.sh}. */
public final class SimulationMain {

    private static final String USAGE =
            """
            usage: sim.sh [--seed S | --seeds A..B] [--operations N] [--threads T] [--minutes M] [--shrink]

            Runs the real server and real clients in one thread a run, with virtual time and faults, from each seed, and
            checks all invariants after every event. The same seed always does the same.

              --seed S          runs one seed
              --seeds A..B      runs all from A to B                               (default: 1..100)
              --operations N    steps of the programs in each run                  (default: 250)
              --threads T       runs at the same time                              (default: one a core)
              --minutes M       begins no other seed after so many minutes
              --shrink          makes the first failing runs shorter and prints them as a timeline

            Prints seeds, operations, events, what was counted, probes, violations and a digest of everything that
            happened, which does not depend on the number of threads.
            Ends with 0 if nothing was violated, 1 if something was or if fifty seeds or more have not met enough,
            2 if it was called wrongly.
            """;

    private static final int OPERATIONS = 250;
    private static final long NANOS_PER_MINUTE = 60_000_000_000L;

    private SimulationMain() {}

    /** What was asked for on the command line. */
    private record Options(Batch.Plan plan, boolean shrink) {
        static Options parse(String[] arguments) {
            Map<String, String> given = new TreeMap<>();
            for (int i = 0; i < arguments.length; i++) {
                String name = arguments[i];
                switch (name) {
                    case "--shrink" -> given.put(name, "");
                    case "--seed", "--seeds", "--operations", "--threads", "--minutes" -> {
                        if (i + 1 == arguments.length) {
                            throw new IllegalArgumentException(name + " needs a value");
                        }
                        given.put(name, arguments[++i]);
                    }
                    default -> throw new IllegalArgumentException("unknown option " + name);
                }
            }
            if (given.containsKey("--seed") && given.containsKey("--seeds")) {
                throw new IllegalArgumentException("--seed and --seeds exclude each other");
            }
            String seeds = given.getOrDefault("--seed", given.getOrDefault("--seeds", "1..100"));
            int cores = Runtime.getRuntime().availableProcessors();
            if (!seeds.matches("\\d{1,18}(\\.\\.\\d{1,18})?")) {
                throw new IllegalArgumentException("'" + seeds + "' is no seed, nor A..B");
            }
            long until =
                    number(given, "--minutes")
                            .map(minutes -> System.nanoTime() + minutes * NANOS_PER_MINUTE)
                            .orElse(Long.MAX_VALUE);
            return new Options(
                    new Batch.Plan(
                            Seeds.parse(seeds),
                            number(given, "--operations").orElse((long) OPERATIONS).intValue(),
                            number(given, "--threads").orElse((long) cores).intValue(),
                            until),
                    given.containsKey("--shrink"));
        }

        private static Optional<Long> number(Map<String, String> given, String name) {
            String text = given.get(name);
            if (text != null && !text.matches("[1-9]\\d{0,7}")) {
                throw new IllegalArgumentException(name + " is to be 1 to 99999999");
            }
            return Optional.ofNullable(text).map(Long::parseLong);
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        Locale.setDefault(Locale.ROOT);
        if (arguments.length == 1 && (arguments[0].equals("--help") || arguments[0].equals("-h"))) {
            System.out.print(USAGE);
            return;
        }
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("sim.sh: " + e.getMessage() + " (--help says more)");
            System.exit(2);
            return;
        }
        System.exit(run(options.plan, options.shrink, System.out) ? 0 : 1);
    }

    /** Runs a batch and prints what came of it. */
    private static boolean run(Batch.Plan plan, boolean shrink, PrintStream out)
            throws InterruptedException {
        try (Silence _ = new Silence()) {
            long begun = System.nanoTime();
            Batch batch = Batch.run(plan);
            batch.print(plan, shrink, out);
            out.printf("took %.1f s%n", (System.nanoTime() - begun) / 1e9);
            return batch.isGood();
        }
    }
}
