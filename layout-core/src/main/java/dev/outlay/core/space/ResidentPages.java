package dev.outlay.core.space;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which pages of the extent maps of one volume are in memory. The others lie in a store and are
 * fetched when they are asked for.
 *
 * <p>A page may leave memory once it has not changed since it was saved, and what was saved then is
 * durable. Those that were not used since they were looked at last go first. Not thread-safe, as
 * the maps.
 */
public final class ResidentPages {

    /** A page costs about as much as so many extents, besides those in it. */
    static final int PAGE_COST = 8;

    /** Where pages lie that are not in memory; what fails does so as an unchecked exception. */
    public interface Source {
        /** A page, as {@link ExtentMap.PageChanges} told it. */
        byte[] page(long map, long start);

        /** Where the pages of a map begin, rising. */
        long[] starts(long map);
    }

    private final Source source;

    /** Of the maps with pages in memory, a ring, the one that is looked at; null without any. */
    private @Nullable ExtentMap current;

    /** How far that has been looked at. */
    private int hand;

    private long extents;
    private int taken;
    private int durable;
    private boolean fetching = true;

    public ResidentPages(Source source) {
        this.source = source;
    }

    /** How many extents are in memory; a page counts as {@value #PAGE_COST} more. */
    public long extents() {
        return extents;
    }

    /**
     * Changes are being taken to be saved; all pages that are taken from here on belong to it.
     *
     * @return its number, for {@link #durable}
     */
    public int taking() {
        return ++taken;
    }

    /** What was taken up to this number is durable. */
    public void durable(int number) {
        durable = Math.max(durable, number);
    }

    /**
     * Lets pages go until so many extents are left at most, or nothing more can go.
     *
     * @param steps how many pages are looked at, about
     */
    public void shrink(long mostExtents, int steps) {
        int left = steps;
        while (extents > mostExtents && left > 0 && current != null) {
            ExtentMap map = current;
            int looked = Math.min(left, Math.max(0, map.pages() - hand));
            map.evict(hand, hand + looked);
            hand += looked;
            left -= Math.max(1, looked);
            if (hand >= map.pages()) {
                next(map);
                map.evicted();
            }
        }
    }

    private void next(ExtentMap map) {
        current = map.after;
        hand = 0;
    }

    /**
     * Whether pages are fetched from now on; otherwise who asks for one that is not in memory gets
     * a {@link NotInMemoryException}.
     */
    public void fetch(boolean allowed) {
        fetching = allowed;
    }

    // ---- for the maps

    byte[] page(long map, long start) {
        checkFetching();
        return source.page(map, start);
    }

    long[] starts(long map) {
        checkFetching();
        return source.starts(map);
    }

    private void checkFetching() {
        if (!fetching) {
            throw new NotInMemoryException();
        }
    }

    /** The map has pages in memory from now on: it is the last to be looked at. */
    void add(ExtentMap map) {
        ExtentMap next = current;
        if (next == null) {
            map.after = map;
            map.before = map;
            current = map;
            return;
        }
        map.after = next;
        map.before = next.before;
        Objects.requireNonNull(next.before).after = map;
        next.before = map;
    }

    /** The map has none any more. */
    void remove(ExtentMap map) {
        if (map == current) {
            next(map);
        }
        Objects.requireNonNull(map.before).after = map.after;
        Objects.requireNonNull(map.after).before = map.before;
        if (map == current) {
            current = null;
        }
        map.after = null;
        map.before = null;
    }

    /** More extents are in memory, or fewer. */
    void count(int more) {
        extents += more;
    }

    /** The number of the last taking of changes. */
    public int taken() {
        return taken;
    }

    boolean isDurable(int number) {
        return number <= durable;
    }
}
