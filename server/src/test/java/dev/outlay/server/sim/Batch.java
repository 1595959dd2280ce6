package dev.outlay.server.sim;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs from many seeds, on as many threads as there are cores, and what they met together. Nothing
 * it says depends on which thread ran which seed.
 */
final class Batch {

    /** A batch of so many seeds must have met enough, or it has shown nothing. */
    private static final int ENOUGH_SEEDS = 50;

    private static final double LEAST_CONFLICTS = 0.3;
    private static final double LEAST_CRASHES = 0.001;
    private static final int MOST_FAILURES_TOLD = 3;

    private final Map<String, Long> counts = new TreeMap<>();
    private final Map<Probe, Long> probes = new EnumMap<>(Probe.class);
    private final Map<Long, Run> failed = new TreeMap<>();
    private final List<String> broken = new ArrayList<>();
    private long seeds;
    private long operations;
    private long conflicts;
    private long metCrash;
    private long events;
    private long digest;

    /**
     * How a batch is run.
     *
     * @param operations of each seed
     * @param untilNanos no seed is begun after that, by {@link System#nanoTime}
     */
    record Plan(Seeds seeds, int operations, int threads, long untilNanos) {
        static Plan of(Seeds seeds, int operations) {
            return new Plan(
                    seeds, operations, Runtime.getRuntime().availableProcessors(), Long.MAX_VALUE);
        }
    }

    static Batch run(Plan plan) throws InterruptedException {
        Batch batch = new Batch();
        AtomicLong next = new AtomicLong(plan.seeds.first());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < plan.threads; i++) {
            threads.add(Thread.ofPlatform().start(() -> batch.runSome(plan, next)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return batch;
    }

    private void runSome(Plan plan, AtomicLong next) {
        try {
            for (long seed = next.getAndIncrement();
                    seed <= plan.seeds.last()
                            && (plan.untilNanos == Long.MAX_VALUE
                                    || System.nanoTime() - plan.untilNanos < 0);
                    seed = next.getAndIncrement()) {
                try {
                    add(Run.of(seed, Shape.of(seed, plan.operations), new BitSet(), false));
                } catch (RuntimeException e) {
                    add(seed, e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void add(Run run) {
        seeds++;
        World world = run.world();
        world.counts().forEach((what, count) -> counts.merge(what, count, Long::sum));
        world.probes().forEach((probe, count) -> probes.merge(probe, count, Long::sum));
        operations += run.tally().operations();
        conflicts += run.tally().conflicts();
        metCrash += run.tally().metCrash();
        events += world.events();
        // A sum, so that the order in which they end is no matter.
        digest += (world.digest() ^ run.seed()) * 0x9e3779b97f4a7c15L;
        if (run.failed()) {
            failed.put(run.seed(), run);
        }
    }

    private synchronized void add(long seed, RuntimeException e) {
        seeds++;
        java.io.StringWriter text = new java.io.StringWriter();
        e.printStackTrace(new java.io.PrintWriter(text));
        broken.add("seed " + seed + ": " + text);
    }

    // ---- what came of it

    long digest() {
        return digest;
    }

    long operations() {
        return operations;
    }

    /** Whether nothing was violated and all was met that such a batch must meet. */
    boolean isGood() {
        return failed.isEmpty() && broken.isEmpty() && missed().isEmpty();
    }

    private List<String> missed() {
        List<String> missed = new ArrayList<>();
        if (seeds < ENOUGH_SEEDS) {
            return missed;
        }
        Set<Probe> never = EnumSet.allOf(Probe.class);
        never.removeAll(probes.keySet());
        never.forEach(probe -> missed.add("never reached: " + probe + " - " + probe.meaning()));
        if (conflicts < LEAST_CONFLICTS * operations) {
            missed.add("too few operations conflict: " + conflicts + " of " + operations);
        }
        if (metCrash < LEAST_CRASHES * operations) {
            missed.add("too few operations meet a crash: " + metCrash + " of " + operations);
        }
        return missed;
    }

    /**
     * @param shrink makes the first failing runs shorter and prints them
     */
    void print(Plan plan, boolean shrink, PrintStream out) throws InterruptedException {
        out.printf(
                "seeds %d..%d: %d runs, %,d operations, %,d events%n",
                plan.seeds.first(), plan.seeds.last(), seeds, operations, events);
        out.printf(
                "%,d operations conflict (%.1f %%), %,d meet a crash (%.2f %%)%n",
                conflicts, percent(conflicts), metCrash, percent(metCrash));
        out.println("counted:");
        counts.forEach((what, count) -> out.printf("  %-44s %,12d%n", what, count));
        out.println("probes:");
        for (Probe probe : Probe.values()) {
            out.printf("  %-44s %,12d%n", probe, probes.getOrDefault(probe, 0L));
        }
        missed().forEach(out::println);
        out.printf("violations: %d%n", failed.size() + broken.size());
        out.printf("digest: %016x%n", digest);
        broken.forEach(out::println);
        int told = 0;
        for (Run run : failed.values()) {
            World.Violation violation = run.world().violations().getFirst();
            out.printf(
                    "%nseed %d: VIOLATION of %s: %s%n",
                    run.seed(), violation.invariant(), violation.detail());
            if (told++ < MOST_FAILURES_TOLD) {
                if (shrink) {
                    Shrinker.shrink(run, Shape.of(run.seed(), plan.operations), out);
                } else {
                    run.world().remembered().forEach(out::println);
                }
            }
        }
    }

    private double percent(long part) {
        return operations == 0 ? 0 : 100.0 * part / operations;
    }
}
