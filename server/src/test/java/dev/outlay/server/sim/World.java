package dev.outlay.server.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time: a queue of events, one random number generator for all that is left to chance, and
 * a digest of everything that happened. Two runs from one seed do the same things in the same order
 * and so have the same digest.
 *
 * <p>Most runs do not fail, so that nothing is made into text before somebody wants to read it.
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
    private final Deque<Told> remembered = new ArrayDeque<>();
    private final Map<String, long[]> counts = new HashMap<>();
    private final Map<String, Map<Enum<?>, long[]>> countsByKind = new HashMap<>();
    private final Map<Probe, Long> probes = new EnumMap<>(Probe.class);
    private final List<Violation> violations = new ArrayList<>();
    private final boolean detailed;
    private long nowNanos = 1_000_000_000L;
    private long order;
    private long events;
    private long digest = 0xcbf29ce484222325L;

    private record Event(long nanos, long order, Runnable action) {}

    /** Something that happened, still in parts. */
    @SuppressWarnings("ArrayRecordComponent") // made once, changed and compared never
    private record Told(long nanos, boolean isDetail, @Nullable Object[] parts) {
        @Override
        public String toString() {
            StringBuilder text =
                    new StringBuilder("%12.6f  %s".formatted(nanos / 1e9, isDetail ? "    " : ""));
            for (Object part : parts) {
                text.append(part);
            }
            return text.toString();
        }
    }

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

    /**
     * Something worth telling of when the run fails; part of the digest.
     *
     * @param parts put together only when they are read: numbers, text, values that never change
     */
    void tell(@Nullable Object... parts) {
        for (Object part : parts) {
            mix(
                    switch (part) {
                        case null -> 0;
                        case Number number -> number.longValue();
                        default -> part.toString().hashCode();
                    });
        }
        if (remembered.size() == REMEMBERED && !detailed) {
            remembered.removeFirst();
        }
        remembered.add(new Told(nowNanos, false, parts));
    }

    /** What is told only when a run is looked at closely; nothing if it is empty. */
    void detail(Supplier<String> what) {
        if (detailed) {
            String text = what.get();
            if (!text.isEmpty()) {
                remembered.add(new Told(nowNanos, true, new Object[] {text}));
            }
        }
    }

    private void mix(long value) {
        digest = (digest ^ value) * DIGEST_PRIME;
        digest ^= digest >>> 29;
    }

    /** Counts something. */
    void count(String what) {
        counts.computeIfAbsent(what, _ -> new long[1])[0]++;
    }

    /** Counts something of which there are several kinds. */
    void count(String what, Enum<?> kind) {
        countsByKind.computeIfAbsent(what, _ -> new HashMap<>())
                .computeIfAbsent(kind, _ -> new long[1])[0]++;
    }

    /** Something rare has happened, which a batch of runs must have met. */
    void reach(Probe probe) {
        probes.merge(probe, 1L, Long::sum);
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
        Map<String, Long> all = new TreeMap<>();
        counts.forEach((what, count) -> all.put(what, count[0]));
        countsByKind.forEach(
                (what, kinds) ->
                        kinds.forEach((kind, count) -> all.put(what + " " + kind, count[0])));
        return all;
    }

    Map<Probe, Long> probes() {
        return probes;
    }

    List<String> remembered() {
        return remembered.stream().map(Told::toString).toList();
    }

    long digest() {
        return digest;
    }
}
