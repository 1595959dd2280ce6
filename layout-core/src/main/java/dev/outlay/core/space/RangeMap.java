package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
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

    /** No byte from here on has a value: so what grows at its end is not searched for it. */
    private long end;

    /** The entry found or put last, while it stands: most often the next one too. */
    private @Nullable Entry<V> last;

    /** Gives every byte of {@code range} this value, whatever it had. */
    public void put(ByteRange range, V value) {
        remove(range);
        long start = range.start();
        long end = range.end();
        Entry<V> before = start == 0 ? null : find(start - 1);
        if (before != null && before.value().equals(value)) {
            start = before.range().start();
        }
        Entry<V> after = end < this.end ? byStart.get(end) : null;
        if (after != null && after.value().equals(value)) {
            byStart.remove(end);
            end = after.range().end();
        }
        last = new Entry<>(new ByteRange(start, end), value);
        byStart.put(start, last);
        this.end = Math.max(this.end, end);
    }

    /** Leaves no byte of {@code range} with a value. */
    public void remove(ByteRange range) {
        for (Entry<V> old : overlapping(range)) {
            last = null;
            byStart.remove(old.range().start());
            keep(old.range().start(), range.start(), old.value());
            keep(range.end(), old.range().end(), old.value());
        }
    }

    /** What lies in {@code range}: sorted, disjoint, clipped to it. */
    public List<Entry<V>> within(ByteRange range) {
        List<Entry<V>> clipped = overlapping(range);
        for (int i = 0; i < clipped.size(); i++) {
            Entry<V> entry = clipped.get(i);
            if (!range.contains(entry.range())) {
                clipped.set(i, new Entry<>(entry.range().intersect(range), entry.value()));
            }
        }
        return clipped;
    }

    /** What overlaps {@code range} or touches it: sorted, not clipped. */
    public List<Entry<V>> touching(ByteRange range) {
        long end = range.end() == Long.MAX_VALUE ? range.end() : range.end() + 1;
        return overlapping(new ByteRange(Math.max(range.start() - 1, 0), end));
    }

    /** The value of the byte at {@code offset}, or null when it has none. */
    public @Nullable V get(long offset) {
        Entry<V> entry = find(offset);
        return entry == null ? null : entry.value();
    }

    /** The range and value that the byte at {@code offset} belongs to, or null when it has none. */
    public @Nullable Entry<V> find(long offset) {
        if (last == null || !last.range().contains(offset)) {
            Map.Entry<Long, Entry<V>> entry = byStart.floorEntry(offset);
            if (entry == null || !entry.getValue().range().contains(offset)) {
                return null;
            }
            last = entry.getValue();
        }
        return last;
    }

    /** All of it, sorted. */
    public List<Entry<V>> entries() {
        return List.copyOf(byStart.values());
    }

    /** Whether any value is as asked for. */
    public boolean any(Predicate<V> asked) {
        for (Entry<V> entry : byStart.values()) {
            if (asked.test(entry.value())) {
                return true;
            }
        }
        return false;
    }

    public boolean isEmpty() {
        return byStart.isEmpty();
    }

    @Override
    public String toString() {
        return byStart.values().toString();
    }

    private List<Entry<V>> overlapping(ByteRange range) {
        if (range.start() >= end) {
            return List.of();
        }
        List<Entry<V>> found = new ArrayList<>(1);
        Entry<V> first = find(range.start());
        if (first != null) {
            found.add(first);
            if (first.range().end() >= range.end()) {
                return found;
            }
        }
        for (Entry<V> next : byStart.tailMap(range.start(), false).values()) {
            if (next.range().start() >= range.end()) {
                break;
            }
            found.add(next);
        }
        return found;
    }

    private void keep(long start, long end, V value) {
        if (start < end) {
            byStart.put(start, new Entry<>(new ByteRange(start, end), value));
        }
    }
}
