package dev.outlay.core.space;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte counts of a page, all multiples of {@link ExtentPage#UNIT}: four bytes each, as units from a
 * base, as long as all of them lie within a tebibyte of it; eight bytes each from then on.
 */
final class Column {

    private static final int SHIFT = Long.numberOfTrailingZeros(ExtentPage.UNIT);

    private final long base;
    private int[] narrow;
    private long @Nullable [] wide;

    /**
     * @param base about what is kept lies near, bytes
     */
    Column(long base, int capacity) {
        this(base, new int[capacity], null);
    }

    private Column(long base, int[] narrow, long @Nullable [] wide) {
        this.base = base;
        this.narrow = narrow;
        this.wide = wide;
    }

    long get(int index) {
        long[] all = wide;
        return all == null ? base + ((long) narrow[index] << SHIFT) : all[index];
    }

    void set(int index, long bytes) {
        long units = (bytes - base) >> SHIFT;
        if (wide == null && units == (int) units) {
            narrow[index] = (int) units;
        } else {
            widened()[index] = bytes;
        }
    }

    private long[] widened() {
        long[] all = wide;
        if (all == null) {
            all = new long[narrow.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = get(i);
            }
            wide = all;
            narrow = new int[0];
        }
        return all;
    }

    void move(int from, int to, int number) {
        Object all = wide == null ? narrow : wide;
        System.arraycopy(all, from, all, to, number);
    }

    void grow(int capacity) {
        if (wide == null) {
            narrow = Arrays.copyOf(narrow, capacity);
        } else {
            wide = Arrays.copyOf(wide, capacity);
        }
    }

    Column copy(int from, int to) {
        return wide == null
                ? new Column(base, Arrays.copyOfRange(narrow, from, to), null)
                : new Column(base, new int[0], Arrays.copyOfRange(wide, from, to));
    }

    /** Takes the first {@code number} of {@code other}, behind {@code count} of its own. */
    void append(int count, Column other, int number) {
        if (wide == null && other.wide == null && base == other.base) {
            System.arraycopy(other.narrow, 0, narrow, count, number);
        } else {
            for (int i = 0; i < number; i++) {
                set(count + i, other.get(i));
            }
        }
    }
}
