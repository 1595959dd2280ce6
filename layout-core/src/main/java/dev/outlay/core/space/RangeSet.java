package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A set of bytes, kept as disjoint ranges of which no two touch. Equal by content.
 *
 * <p>Finding costs O(log n) of the ranges kept; a set of one range, as most are, allocates nothing.
 * Not safe for several threads.
 */
public final class RangeSet {

    /** Start to end of each range, since there were several; empty while there is one at most. */
    private final TreeMap<Long, Long> ends = new TreeMap<>();

    /** The number of bytes in those. */
    private long bytes;

    /** The only range while there is one at most: none if its ends are the same. */
    private long onlyStart;

    private long onlyEnd;

    /** Puts all bytes of {@code range} in; those already there stay. */
    public void add(ByteRange range) {
        if (ends.isEmpty() && addToOnly(range)) {
            return;
        }
        long start = range.start();
        long end = range.end();
        Map.Entry<Long, Long> touching = ends.floorEntry(end);
        if (touching != null && touching.getKey() <= start && touching.getValue() >= end) {
            return;
        }
        while (touching != null && touching.getValue() >= start) {
            start = Math.min(start, touching.getKey());
            end = Math.max(end, touching.getValue());
            bytes -= touching.getValue() - touching.getKey();
            ends.remove(touching.getKey());
            touching = ends.floorEntry(end);
        }
        ends.put(start, end);
        bytes += end - start;
    }

    /** Returns false if they are two now. */
    private boolean addToOnly(ByteRange range) {
        if (onlyStart == onlyEnd) {
            onlyStart = range.start();
            onlyEnd = range.end();
            return true;
        }
        if (range.start() <= onlyEnd && onlyStart <= range.end()) {
            onlyStart = Math.min(onlyStart, range.start());
            onlyEnd = Math.max(onlyEnd, range.end());
            return true;
        }
        spill();
        return false;
    }

    /** There are to be several. */
    private void spill() {
        keep(onlyStart, onlyEnd);
        onlyStart = 0;
        onlyEnd = 0;
    }

    /** Takes all bytes of {@code range} out; those not there are no matter. */
    public void remove(ByteRange range) {
        if (ends.isEmpty() && removeFromOnly(range)) {
            return;
        }
        Map.Entry<Long, Long> last = ends.lowerEntry(range.end());
        while (last != null && last.getValue() > range.start()) {
            long start = last.getKey();
            long end = last.getValue();
            ends.remove(start);
            bytes -= end - start;
            keep(start, range.start());
            keep(range.end(), end);
            last = ends.lowerEntry(range.end());
            if (start < range.start()) {
                return;
            }
        }
    }

    /** Returns false if two are left of it. */
    private boolean removeFromOnly(ByteRange range) {
        boolean head = onlyStart < range.start();
        boolean tail = range.end() < onlyEnd;
        if (range.end() <= onlyStart || onlyEnd <= range.start()) {
            return true;
        }
        if (head && tail) {
            spill();
            return false;
        }
        if (head) {
            onlyEnd = range.start();
        } else {
            onlyStart = tail ? range.end() : onlyEnd;
        }
        return true;
    }

    /** Whether every byte of {@code range} is in. */
    public boolean containsAll(ByteRange range) {
        if (ends.isEmpty()) {
            return onlyStart <= range.start() && range.end() <= onlyEnd;
        }
        Map.Entry<Long, Long> first = ends.floorEntry(range.start());
        return first != null && first.getValue() >= range.end();
    }

    /** Whether any byte of {@code range} is in. */
    public boolean overlaps(ByteRange range) {
        if (ends.isEmpty()) {
            return onlyStart < onlyEnd && onlyStart < range.end() && range.start() < onlyEnd;
        }
        Map.Entry<Long, Long> last = ends.lowerEntry(range.end());
        return last != null && last.getValue() > range.start();
    }

    /** The bytes of {@code range} that are in: sorted, disjoint, clipped to it. */
    public List<ByteRange> within(ByteRange range) {
        if (ends.isEmpty()) {
            return overlaps(range)
                    ? List.of(new ByteRange(onlyStart, onlyEnd).intersect(range))
                    : List.of();
        }
        List<ByteRange> found = new ArrayList<>();
        for (Map.Entry<Long, Long> entry : from(range)) {
            found.add(
                    new ByteRange(
                            Math.max(entry.getKey(), range.start()),
                            Math.min(entry.getValue(), range.end())));
        }
        return found;
    }

    /** The bytes of {@code range} that are not in: sorted, disjoint, clipped to it. */
    public List<ByteRange> gapsWithin(ByteRange range) {
        List<ByteRange> gaps = new ArrayList<>();
        long position = range.start();
        for (ByteRange present : within(range)) {
            if (position < present.start()) {
                gaps.add(new ByteRange(position, present.start()));
            }
            position = present.end();
        }
        if (position < range.end()) {
            gaps.add(new ByteRange(position, range.end()));
        }
        return gaps;
    }

    /** All of it, sorted. */
    public List<ByteRange> ranges() {
        if (ends.isEmpty()) {
            return isEmpty() ? List.of() : List.of(new ByteRange(onlyStart, onlyEnd));
        }
        List<ByteRange> all = new ArrayList<>(ends.size());
        ends.forEach((start, end) -> all.add(new ByteRange(start, end)));
        return all;
    }

    /** All of it as one range; null if there is none, or there may be several. */
    public @Nullable ByteRange only() {
        return ends.isEmpty() && onlyStart < onlyEnd ? new ByteRange(onlyStart, onlyEnd) : null;
    }

    public boolean isEmpty() {
        return ends.isEmpty() && onlyStart == onlyEnd;
    }

    /** The number of bytes in the set. */
    public long bytes() {
        return bytes + onlyEnd - onlyStart;
    }

    /** A set of the same content, independent of this one. */
    public RangeSet copy() {
        RangeSet copy = new RangeSet();
        copy.ends.putAll(ends);
        copy.bytes = bytes;
        copy.onlyStart = onlyStart;
        copy.onlyEnd = onlyEnd;
        return copy;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RangeSet that && ranges().equals(that.ranges());
    }

    @Override
    public int hashCode() {
        return ranges().hashCode();
    }

    @Override
    public String toString() {
        return ranges().toString();
    }

    private Iterable<Map.Entry<Long, Long>> from(ByteRange range) {
        Map.Entry<Long, Long> first = ends.floorEntry(range.start());
        long key =
                first != null && first.getValue() > range.start() ? first.getKey() : range.start();
        return ends.subMap(key, range.end()).entrySet();
    }

    private void keep(long start, long end) {
        if (start < end) {
            ends.put(start, end);
            bytes += end - start;
        }
    }
}
