package dev.outlay.core.space;

import dev.outlay.core.value.DeviceRange;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The free extents of a volume under two orders, by place and by size. No two of one device touch.
 */
final class FreeExtents {

    private record BySize(long length, int device, long start) {

        static final Comparator<BySize> ORDER =
                Comparator.comparingLong(BySize::length)
                        .thenComparingInt(BySize::device)
                        .thenComparingLong(BySize::start);

        static BySize of(DeviceRange range) {
            return new BySize(range.length(), range.device(), range.start());
        }

        DeviceRange range() {
            return new DeviceRange(device, start, length);
        }
    }

    private final NavigableMap<DeviceGoal, DeviceRange> byPlace = new TreeMap<>();
    private final NavigableSet<BySize> bySize = new TreeSet<>(BySize.ORDER);
    private long bytes;

    /** Puts in a range that touches and overlaps nothing free. */
    void add(DeviceRange range) {
        byPlace.put(new DeviceGoal(range.device(), range.start()), range);
        bySize.add(BySize.of(range));
        bytes += range.length();
    }

    /** Takes out exactly this extent. */
    void remove(DeviceRange extent) {
        byPlace.remove(new DeviceGoal(extent.device(), extent.start()));
        bySize.remove(BySize.of(extent));
        bytes -= extent.length();
    }

    long bytes() {
        return bytes;
    }

    long largest() {
        return bySize.isEmpty() ? 0 : bySize.last().length();
    }

    /** All of them by device and offset. */
    Collection<DeviceRange> all() {
        return byPlace.values();
    }

    /** The extent that holds the byte at {@code place}. */
    @Nullable DeviceRange containing(DeviceGoal place) {
        Map.Entry<DeviceGoal, DeviceRange> floor = byPlace.floorEntry(place);
        return floor != null
                        && floor.getValue().device() == place.device()
                        && floor.getValue().end() > place.offset()
                ? floor.getValue()
                : null;
    }

    /** The extent of that device which ends exactly at {@code place}. */
    @Nullable DeviceRange endingAt(DeviceGoal place) {
        Map.Entry<DeviceGoal, DeviceRange> lower = byPlace.lowerEntry(place);
        return lower != null
                        && lower.getValue().device() == place.device()
                        && lower.getValue().end() == place.offset()
                ? lower.getValue()
                : null;
    }

    /** The first extent that begins at or after {@code place}, on whatever device. */
    @Nullable DeviceRange startingFrom(DeviceGoal place) {
        Map.Entry<DeviceGoal, DeviceRange> ceiling = byPlace.ceilingEntry(place);
        return ceiling == null ? null : ceiling.getValue();
    }

    /** Whether any byte of {@code range} is free. */
    boolean overlaps(DeviceRange range) {
        Map.Entry<DeviceGoal, DeviceRange> lower =
                byPlace.lowerEntry(new DeviceGoal(range.device(), range.end()));
        return lower != null && lower.getValue().overlaps(range);
    }

    /** Extents of one device that begin in {@code [from, to)}, rising. */
    Collection<DeviceRange> startingWithin(int device, long from, long to) {
        return byPlace.subMap(new DeviceGoal(device, from), new DeviceGoal(device, to)).values();
    }

    /** The same, falling. */
    Collection<DeviceRange> startingWithinDescending(int device, long from, long to) {
        return byPlace.subMap(new DeviceGoal(device, from), true, new DeviceGoal(device, to), false)
                .descendingMap()
                .values();
    }

    /** A smallest extent of {@code length} or more; among equals the one nearest to the goal. */
    @Nullable DeviceRange bestFit(long length, @Nullable DeviceGoal goal) {
        BySize first = bySize.ceiling(new BySize(length, 0, 0));
        if (first == null) {
            return null;
        }
        if (goal == null) {
            return first.range();
        }
        BySize probe = new BySize(first.length(), goal.device(), goal.offset());
        BySize after = bySize.ceiling(probe);
        BySize before = bySize.lower(probe);
        boolean hasAfter = after != null && after.length() == first.length();
        boolean hasBefore = before != null && before.length() == first.length();
        if (hasAfter && hasBefore) {
            return distance(before, goal) < distance(after, goal) ? before.range() : after.range();
        }
        return hasAfter ? after.range() : hasBefore ? before.range() : first.range();
    }

    /** Extents of {@code atLeast} bytes or more, smallest first. */
    Iterator<DeviceRange> rising(long atLeast) {
        return ranges(bySize.tailSet(new BySize(atLeast, 0, 0), true).iterator());
    }

    /** All extents, largest first. */
    Iterator<DeviceRange> falling() {
        return ranges(bySize.descendingIterator());
    }

    private static long distance(BySize extent, DeviceGoal goal) {
        return extent.device() == goal.device()
                ? Math.abs(extent.start() - goal.offset())
                : Long.MAX_VALUE;
    }

    private static Iterator<DeviceRange> ranges(Iterator<BySize> keys) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return keys.hasNext();
            }

            @Override
            public DeviceRange next() {
                return keys.next().range();
            }
        };
    }
}
