package dev.outlay.core.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What is so from one number to another: disjoint stretches, each with a value; neighbours of equal
 * value are one. Plain on purpose, and used by nothing but the check of the exposure log.
 */
final class Spans<V> {

    /** One stretch, half-open. */
    record Span<V>(long start, long end, V value) {
        long length() {
            return end - start;
        }
    }

    private final NavigableMap<Long, Span<V>> byStart = new TreeMap<>();

    boolean isEmpty() {
        return byStart.isEmpty();
    }

    List<Span<V>> all() {
        return List.copyOf(byStart.values());
    }

    /** What there is of {@code [start, end)}, clipped, in order. */
    List<Span<V>> within(long start, long end) {
        Map.Entry<Long, Span<V>> before = byStart.lowerEntry(start);
        boolean reaches = before != null && before.getValue().end > start;
        NavigableMap<Long, Span<V>> inside = byStart.subMap(start, true, end, false);
        if (!reaches && inside.isEmpty()) {
            return List.of();
        }
        List<Span<V>> found = new ArrayList<>();
        if (before != null && reaches) {
            found.add(
                    new Span<>(
                            start, Math.min(end, before.getValue().end), before.getValue().value));
        }
        for (Span<V> span : inside.values()) {
            found.add(span.end <= end ? span : new Span<>(span.start, end, span.value));
        }
        return found;
    }

    /** The parts of {@code [start, end)} where nothing is, as spans without meaning of value. */
    List<Span<Boolean>> gaps(long start, long end) {
        List<Span<Boolean>> gaps = new ArrayList<>();
        long at = start;
        for (Span<V> span : within(start, end)) {
            if (span.start > at) {
                gaps.add(new Span<>(at, span.start, false));
            }
            at = span.end;
        }
        if (at < end) {
            gaps.add(new Span<>(at, end, false));
        }
        return gaps;
    }

    void put(long start, long end, V value) {
        remove(start, end);
        long from = start;
        long to = end;
        Map.Entry<Long, Span<V>> left = byStart.lowerEntry(start);
        if (left != null && left.getValue().end == start && left.getValue().value.equals(value)) {
            from = left.getKey();
        }
        Span<V> right = byStart.get(end);
        if (right != null && right.value.equals(value)) {
            to = right.end;
            byStart.remove(end);
        }
        byStart.put(from, new Span<>(from, to, value));
    }

    void remove(long start, long end) {
        Map.Entry<Long, Span<V>> before = byStart.lowerEntry(start);
        if (before != null && before.getValue().end > start) {
            Span<V> cut = before.getValue();
            byStart.put(cut.start, new Span<>(cut.start, start, cut.value));
            if (cut.end > end) {
                byStart.put(end, new Span<>(end, cut.end, cut.value));
                return;
            }
        }
        NavigableMap<Long, Span<V>> inside = byStart.subMap(start, true, end, false);
        @Nullable Span<V> last = inside.isEmpty() ? null : inside.lastEntry().getValue();
        inside.clear();
        if (last != null && last.end > end) {
            byStart.put(end, new Span<>(end, last.end, last.value));
        }
    }

    /** Takes out what there is of {@code [start, end)}. */
    List<Span<V>> take(long start, long end) {
        List<Span<V>> taken = within(start, end);
        if (!taken.isEmpty()) {
            remove(start, end);
        }
        return taken;
    }

    /** Changes what there is of {@code [start, end)}. */
    void change(long start, long end, UnaryOperator<V> to) {
        for (Span<V> span : within(start, end)) {
            put(span.start, span.end, to.apply(span.value));
        }
    }

    long length() {
        return byStart.values().stream().mapToLong(Span::length).sum();
    }
}
