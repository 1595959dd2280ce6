package dev.outlay.server.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Virtual time: a queue of events, one random number generator for all that is left to chance, and
 * a digest of everything that happened. Two runs from one seed do the same things in the same order
 * and so have the same digest.
 */
final class World {

    /** How much of the end of a failed run is shown. */
    private static final int REMEMBERED = 60;

    private static final long DIGEST_PRIME = 0x100000001b3L;

    private final RandomGenerator random;
    private final PriorityQueue<Event> queue =
            new PriorityQueue<>(
                    Comparator.comparingLong(Event::nanos).thenComparingLong(Event::order));
    private final List<Runnable> afterEach = new ArrayList<>();
    private final Deque<String> remembered = new ArrayDeque<>();
    private final Map<String, Long> counts = new TreeMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private final boolean detailed;
    private long nowNanos = 1_000_000_000L;
    private long order;
    private long events;
    private long digest = 0xcbf29ce484222325L;

    private record Event(long nanos, long order, Runnable action) {}

    /**
     * @param detailed remembers everything, to the last message
     */
    World(long seed, boolean detailed) {
        random = new SplittableRandom(seed);
        this.detailed = detailed;
    }

    long nanos() {
        return nowNanos;
    }

    RandomGenerator random() {
        return random;
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /** Nanoseconds, mostly near {@code least}, at times as long as {@code most}. */
    long delay(long least, long most) {
        double part = random.nextDouble();
        return least + (long) ((most - least) * part * part * part);
    }

    void after(long delayNanos, Runnable action) {
        queue.add(new Event(nowNanos + Math.max(0, delayNanos), order++, action));
    }

    /** To be run after each event, before the next one. */
    void afterEach(Runnable action) {
        afterEach.add(action);
    }

    /** Lets the next event happen; false if there is none. */
    boolean step() {
        Event event = queue.poll();
        if (event == null) {
            return false;
        }
        nowNanos = event.nanos;
        events++;
        event.action.run();
        afterEach.forEach(Runnable::run);
        mix(nowNanos);
        return true;
    }

    long events() {
        return events;
    }

    // ---- what happened

    /** Something worth telling of when the run fails; part of the digest. */
    void tell(String what) {
        mix(what.hashCode());
        if (remembered.size() == REMEMBERED && !detailed) {
            remembered.removeFirst();
        }
        remembered.add("%12.6f  %s".formatted(nowNanos / 1e9, what));
    }

    /** What is told only when a run is looked at closely. */
    void detail(Supplier<String> what) {
        if (detailed) {
            remembered.add("%12.6f      %s".formatted(nowNanos / 1e9, what.get()));
        }
    }

    private void mix(long value) {
        digest = (digest ^ value) * DIGEST_PRIME;
        digest ^= digest >>> 29;
    }

    /** Counts something that a long enough simulation must have met. */
    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    void violated(String invariant, String detail) {
        tell("VIOLATION of " + invariant + ": " + detail);
        violations.add(new Violation(invariant, detail));
    }

    /** An invariant that did not hold. */
    record Violation(String invariant, String detail) {}

    List<Violation> violations() {
        return violations;
    }

    Map<String, Long> counts() {
        return counts;
    }

    List<String> remembered() {
        return List.copyOf(remembered);
    }

    long digest() {
        return digest;
    }
}
