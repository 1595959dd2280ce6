package dev.outlay.server.sim;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs simulations and says what they met.
 *
 * <pre>
 * SimulationMain [--seeds A..B] [--operations N] [--clients N] [--files N] [--shrink] [--verbose]
 * </pre>
 */
public final class SimulationMain {

    /** Seeds from {@code first} to {@code last}. */
    record Seeds(long first, long last) {
        /** {@code A..B}, or one number. */
        static Seeds parse(String text) {
            int dots = text.indexOf("..");
            return dots < 0
                    ? new Seeds(Long.parseLong(text), Long.parseLong(text))
                    : new Seeds(
                            Long.parseLong(text.substring(0, dots)),
                            Long.parseLong(text.substring(dots + 2)));
        }
    }

    /** How large a run is. */
    record Size(int clients, int files, int steps) {}

    /** What a batch of so many seeds must have met, or it has shown nothing. */
    private static final int ENOUGH_SEEDS = 50;

    private static final List<String> MUST_MEET =
            List.of(
                    "block relocated",
                    "end proven",
                    "notice RECALL",
                    "refused GRACE",
                    "refused READ_ONLY",
                    "request REATTACH",
                    "request repeated",
                    "server crash",
                    "server zero failed",
                    "session lost",
                    "stopped in an access",
                    "stray commit",
                    "stray late copy",
                    "stray reclaim");

    private SimulationMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> options = new TreeMap<>();
        for (int i = 0; i < arguments.length; i++) {
            boolean valued = i + 1 < arguments.length && !arguments[i + 1].startsWith("--");
            options.put(arguments[i], valued ? arguments[++i] : "");
        }
        Seeds seeds = Seeds.parse(options.getOrDefault("--seeds", "1..20"));
        Size size =
                new Size(
                        Integer.parseInt(options.getOrDefault("--clients", "3")),
                        Integer.parseInt(options.getOrDefault("--files", "3")),
                        Integer.parseInt(options.getOrDefault("--operations", "300")));
        boolean good =
                batch(
                        seeds,
                        size,
                        options.containsKey("--shrink"),
                        options.containsKey("--verbose"),
                        System.out);
        System.exit(good ? 0 : 1);
    }

    /** Runs all seeds; false if one has failed, or if so many have not met what they should. */
    static boolean batch(Seeds seeds, Size size, boolean shrink, boolean verbose, PrintStream out)
            throws InterruptedException {
        Map<String, Long> counts = new TreeMap<>();
        int failed = 0;
        long events = 0;
        for (long seed = seeds.first; seed <= seeds.last; seed++) {
            Outcome outcome = run(seed, size, new BitSet(), false);
            World world = outcome.world;
            world.counts().forEach((what, count) -> counts.merge(what, count, Long::sum));
            events += world.events();
            if (verbose || !world.violations().isEmpty()) {
                out.println(
                        "seed "
                                + seed
                                + ": "
                                + world.events()
                                + " events in "
                                + world.nanos() / 1_000_000_000
                                + " s, digest "
                                + Long.toHexString(world.digest()));
            }
            if (!world.violations().isEmpty()) {
                failed++;
                report(world, out);
                if (shrink) {
                    Shrinker.shrink(seed, size, outcome.size, world.violations().getFirst(), out);
                }
            }
        }
        out.println(
                (seeds.last - seeds.first + 1)
                        + " seeds, "
                        + events
                        + " events, "
                        + failed
                        + " failed");
        counts.forEach((what, count) -> out.printf("  %-40s %10d%n", what, count));
        List<String> missed =
                seeds.last - seeds.first + 1 < ENOUGH_SEEDS
                        ? List.of()
                        : MUST_MEET.stream().filter(what -> !counts.containsKey(what)).toList();
        missed.forEach(what -> out.println("NEVER MET: " + what));
        return failed == 0 && missed.isEmpty();
    }

    static void report(World world, PrintStream out) {
        world.remembered().forEach(out::println);
        world.violations()
                .forEach(v -> out.println("VIOLATION of " + v.invariant() + ": " + v.detail()));
    }

    /** A finished run. */
    record Outcome(World world, int size) {}

    /** One run, in a thread of the kind that its programs have, so that the baton is cheap. */
    static Outcome run(long seed, Size size, BitSet without, boolean detailed)
            throws InterruptedException {
        Outcome[] outcome = new Outcome[1];
        Throwable[] failure = new Throwable[1];
        Thread thread =
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    try {
                                        Simulation simulation =
                                                new Simulation(seed, size, without, detailed);
                                        simulation.run();
                                        outcome[0] =
                                                new Outcome(
                                                        simulation.world(),
                                                        simulation.scriptSize());
                                    } catch (IOException e) {
                                        throw new UncheckedIOException(e);
                                    }
                                });
        thread.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
        thread.join();
        if (outcome[0] == null) {
            throw new IllegalStateException("seed " + seed + " broke the simulator", failure[0]);
        }
        return outcome[0];
    }
}
