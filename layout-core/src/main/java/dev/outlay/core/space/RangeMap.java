package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Values for ranges of bytes: disjoint, neighbours that touch and have equal values merged.
 *
 * <p>Finding costs O(log n) of the ranges kept; not safe for several threads.
 *
 * @param <V> the values; immutable and equal by content
 */
public final class RangeMap<V> {

    /** A range and the value all its bytes have. */
    public record Entry<V>(ByteRange range, V value) {}

    private final TreeMap<Long, Entry<V>> byStart = new TreeMap<>();

    /** Gives every byte of {@code range} this value, whatever it had. */
    public void put(ByteRange range, V value) {
        remove(range);
        long start = range.start();
        long end = range.end();
        Map.Entry<Long, Entry<V>> before = byStart.lowerEntry(start);
        if (before != null
                && before.getValue().range().end() == start
                && before.getValue().value().equals(value)) {
            start = before.getKey();
        }
        Entry<V> after = byStart.get(end);
        if (after != null && after.value().equals(value)) {
            byStart.remove(end);
            end = after.range().end();
        }
        byStart.put(start, new Entry<>(new ByteRange(start, end), value));
    }

    /** Leaves no byte of {@code range} with a value. */
    public void remove(ByteRange range) {
        for (Entry<V> old : overlapping(range)) {
            byStart.remove(old.range().start());
            keep(old.range().start(), range.start(), old.value());
            keep(range.end(), old.range().end(), old.value());
        }
    }

    /** What lies in {@code range}: sorted, disjoint, clipped to it. */
    public List<Entry<V>> within(ByteRange range) {
        List<Entry<V>> clipped = overlapping(range);
        clipped.replaceAll(
                entry ->
                        range.contains(entry.range())
                                ? entry
                                : new Entry<>(entry.range().intersect(range), entry.value()));
        return clipped;
    }

    /** The value of the byte at {@code offset}, or null when it has none. */
    public @Nullable V get(long offset) {
        Entry<V> entry = find(offset);
        return entry == null ? null : entry.value();
    }

    /** The range and value that the byte at {@code offset} belongs to, or null when it has none. */
    public @Nullable Entry<V> find(long offset) {
        Map.Entry<Long, Entry<V>> entry = byStart.floorEntry(offset);
        return entry != null && entry.getValue().range().contains(offset) ? entry.getValue() : null;
    }

    /** All of it, sorted. */
    public List<Entry<V>> entries() {
        return List.copyOf(byStart.values());
    }

    public boolean isEmpty() {
        return byStart.isEmpty();
    }

    @Override
    public String toString() {
        return byStart.values().toString();
    }

    private List<Entry<V>> overlapping(ByteRange range) {
        List<Entry<V>> found = new ArrayList<>();
        Map.Entry<Long, Entry<V>> before = byStart.lowerEntry(range.start());
        if (before != null && before.getValue().range().end() > range.start()) {
            found.add(before.getValue());
        }
        found.addAll(byStart.subMap(range.start(), range.end()).values());
        return found;
    }

    private void keep(long start, long end, V value) {
        if (start < end) {
            byStart.put(start, new Entry<>(new ByteRange(start, end), value));
        }
    }
}
