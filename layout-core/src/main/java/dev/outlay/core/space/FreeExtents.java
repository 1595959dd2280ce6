package dev.outlay.core.space;

import dev.outlay.core.value.DeviceRange;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The free extents of a volume under two orders, by place and by size. No two of one device touch.
 *
 * <p>A place is one number: device in the top 16 bits, offset on it below.
 */
final class FreeExtents {

    private static final int DEVICE_SHIFT = 48;
    private static final long OFFSET_MASK = (1L << DEVICE_SHIFT) - 1;

    /** Place and length. */
    private final SortedPairs byPlace = new SortedPairs();

    /** Length and place. */
    private final SortedPairs bySize = new SortedPairs();

    private long bytes;

    private static long place(int device, long offset) {
        return (long) device << DEVICE_SHIFT | offset;
    }

    private static DeviceRange range(long place, long length) {
        return new DeviceRange((int) (place >>> DEVICE_SHIFT), place & OFFSET_MASK, length);
    }

    /** Puts in a range that touches and overlaps nothing free. */
    void add(DeviceRange range) {
        long place = place(range.device(), range.start());
        byPlace.add(place, range.length());
        bySize.add(range.length(), place);
        bytes += range.length();
    }

    /** To put in all there is, where there is nothing. */
    Filling filling() {
        return new Filling();
    }

    /**
     * Takes all there is, rising by place, no two of one device touching. Whatever is of one length
     * is in order already, so nothing has to be sorted but the lengths, and of these there are few:
     * as all of them are different and lie on the devices, their sum is bounded.
     */
    final class Filling {
        private final Map<Long, SortedPairs> byLength = new TreeMap<>();
        private long lastLength;
        private SortedPairs ofLastLength = new SortedPairs();

        private Filling() {}

        void add(int device, long offset, long length) {
            long place = place(device, offset);
            byPlace.append(place, length);
            ofLength(length).append(length, place);
            bytes += length;
        }

        private SortedPairs ofLength(long length) {
            if (length != lastLength) {
                lastLength = length;
                ofLastLength = byLength.computeIfAbsent(length, _ -> new SortedPairs());
            }
            return ofLastLength;
        }

        void end() {
            byLength.values().forEach(bySize::appendAll);
            byLength.clear();
        }
    }

    /** Takes out exactly this extent. */
    void remove(DeviceRange extent) {
        long place = place(extent.device(), extent.start());
        byPlace.remove(place, extent.length());
        bySize.remove(extent.length(), place);
        bytes -= extent.length();
    }

    /** Puts a part of exactly this extent in its place. */
    void replace(DeviceRange extent, DeviceRange part) {
        long before = place(extent.device(), extent.start());
        long place = place(part.device(), part.start());
        byPlace.replace(before, extent.length(), place, part.length());
        bySize.replace(extent.length(), before, part.length(), place);
        bytes -= extent.length() - part.length();
    }

    long bytes() {
        return bytes;
    }

    long largest() {
        return bySize.isEmpty() ? 0 : bySize.a(bySize.last());
    }

    /** All of them by device and offset. */
    Iterable<DeviceRange> all() {
        return () -> placed(byPlace.first(), byPlace::next, 0, -1);
    }

    /** The extent that holds the byte at {@code place}. */
    @Nullable DeviceRange containing(DeviceGoal place) {
        // Of an offset at the very end of a device no extent of the next one may answer.
        long at = byPlace.lower(place(place.device(), 0) + place.offset(), -1);
        DeviceRange floor = placedOrNull(at);
        return floor != null && floor.device() == place.device() && floor.end() > place.offset()
                ? floor
                : null;
    }

    /** The extent of that device which ends exactly at {@code place}. */
    @Nullable DeviceRange endingAt(DeviceGoal place) {
        DeviceRange lower =
                placedOrNull(byPlace.lower(place(place.device(), 0) + place.offset(), 0));
        return lower != null && lower.device() == place.device() && lower.end() == place.offset()
                ? lower
                : null;
    }

    /** The first extent that begins at or after {@code place}, on whatever device. */
    @Nullable DeviceRange startingFrom(DeviceGoal place) {
        return placedOrNull(byPlace.ceiling(place(place.device(), 0) + place.offset(), 0));
    }

    /** Whether any byte of {@code range} is free. */
    boolean overlaps(DeviceRange range) {
        DeviceRange lower = placedOrNull(byPlace.lower(place(range.device(), 0) + range.end(), 0));
        return lower != null && lower.overlaps(range);
    }

    /** Extents of one device that begin in {@code [from, to)}, rising. */
    Iterable<DeviceRange> startingWithin(int device, long from, long to) {
        if (from >= to) {
            return List.of();
        }
        long first = place(device, 0) + from;
        long last = place(device, 0) + (to - 1);
        return () -> placed(byPlace.ceiling(first, 0), byPlace::next, first, last);
    }

    /** The same, falling. */
    Iterable<DeviceRange> startingWithinDescending(int device, long from, long to) {
        if (from >= to) {
            return List.of();
        }
        long first = place(device, 0) + from;
        long last = place(device, 0) + (to - 1);
        return () -> placed(byPlace.lower(last, -1), byPlace::before, first, last);
    }

    /** A smallest extent of {@code length} or more; among equals the one nearest to the goal. */
    @Nullable DeviceRange bestFit(long length, @Nullable DeviceGoal goal) {
        long first = bySize.ceiling(length, 0);
        if (first == SortedPairs.NONE) {
            return null;
        }
        if (goal == null) {
            return sized(first);
        }
        long best = bySize.a(first);
        long wish = place(goal.device(), 0) + goal.offset();
        long after = bySize.ceiling(best, wish);
        long before = bySize.lower(best, wish);
        boolean hasAfter = after != SortedPairs.NONE && bySize.a(after) == best;
        boolean hasBefore = before != SortedPairs.NONE && bySize.a(before) == best;
        if (hasAfter && hasBefore) {
            return distance(bySize.b(before), goal) < distance(bySize.b(after), goal)
                    ? sized(before)
                    : sized(after);
        }
        return sized(hasAfter ? after : hasBefore ? before : first);
    }

    private static long distance(long place, DeviceGoal goal) {
        return (int) (place >>> DEVICE_SHIFT) == goal.device()
                ? Math.abs((place & OFFSET_MASK) - goal.offset())
                : Long.MAX_VALUE;
    }

    /** Extents of {@code atLeast} bytes or more, smallest first. */
    Iterator<DeviceRange> rising(long atLeast) {
        return new Walk(bySize.ceiling(atLeast, 0), bySize::next, this::sized);
    }

    /** All extents, largest first. */
    Iterator<DeviceRange> falling() {
        return new Walk(bySize.last(), bySize::before, this::sized);
    }

    private DeviceRange sized(long at) {
        return range(bySize.b(at), bySize.a(at));
    }

    private DeviceRange placed(long at) {
        return range(byPlace.a(at), byPlace.b(at));
    }

    private @Nullable DeviceRange placedOrNull(long at) {
        return at == SortedPairs.NONE ? null : placed(at);
    }

    /** Extents as long as they begin in {@code [first, last]}. */
    private Iterator<DeviceRange> placed(long at, LongUnaryOperator step, long first, long last) {
        LongUnaryOperator within =
                place ->
                        place != SortedPairs.NONE
                                        && Long.compareUnsigned(byPlace.a(place), first) >= 0
                                        && Long.compareUnsigned(byPlace.a(place), last) <= 0
                                ? place
                                : SortedPairs.NONE;
        return new Walk(within.applyAsLong(at), step.andThen(within), this::placed);
    }

    /** Extents one after the other; nothing may change meanwhile. */
    private static final class Walk implements Iterator<DeviceRange> {
        private final LongUnaryOperator step;
        private final LongFunction<DeviceRange> extent;
        private long place;

        Walk(long place, LongUnaryOperator step, LongFunction<DeviceRange> extent) {
            this.place = place;
            this.step = step;
            this.extent = extent;
        }

        @Override
        public boolean hasNext() {
            return place != SortedPairs.NONE;
        }

        @Override
        public DeviceRange next() {
            if (place == SortedPairs.NONE) {
                throw new NoSuchElementException();
            }
            DeviceRange found = extent.apply(place);
            place = step.applyAsLong(place);
            return found;
        }
    }
}
