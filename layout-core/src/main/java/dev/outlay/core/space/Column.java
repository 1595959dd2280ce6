package dev.outlay.core.space;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte counts of a page, all multiples of {@link ExtentPage#UNIT}: none is kept as long as all are
 * the base; then four bytes each, as units from the base, as long as all of them lie within a
 * tebibyte of it; eight bytes each from then on.
 */
final class Column {

    private static final int SHIFT = Long.numberOfTrailingZeros(ExtentPage.UNIT);

    private final long base;
    private int capacity;

    /** Null if all are the base, or there are wide ones. */
    private int @Nullable [] narrow;

    private long @Nullable [] wide;

    /**
     * @param base about what is kept lies near, bytes
     */
    Column(long base, int capacity) {
        this.base = base;
        this.capacity = capacity;
    }

    long get(int index) {
        int[] near = narrow;
        if (near != null) {
            return base + ((long) near[index] << SHIFT);
        }
        long[] all = wide;
        return all == null ? base : all[index];
    }

    void set(int index, long bytes) {
        int[] near = narrow;
        long units = (bytes - base) >> SHIFT;
        if (near != null && units == (int) units) {
            near[index] = (int) units;
        } else if (near != null || wide != null || units != 0) {
            setElsewhere(index, bytes, units);
        }
    }

    private void setElsewhere(int index, long bytes, long units) {
        if (wide == null && units == (int) units) {
            int[] near = new int[capacity];
            near[index] = (int) units;
            narrow = near;
        } else {
            widened()[index] = bytes;
        }
    }

    private long[] widened() {
        long[] all = wide;
        if (all == null) {
            all = new long[capacity];
            for (int i = 0; i < capacity; i++) {
                all[i] = get(i);
            }
            wide = all;
            narrow = null;
        }
        return all;
    }

    void move(int from, int to, int number) {
        Object all = narrow != null ? narrow : wide;
        if (all != null) {
            System.arraycopy(all, from, all, to, number);
        }
    }

    void grow(int newCapacity) {
        capacity = newCapacity;
        if (narrow != null) {
            narrow = Arrays.copyOf(narrow, newCapacity);
        } else if (wide != null) {
            wide = Arrays.copyOf(wide, newCapacity);
        }
    }

    Column copy(int from, int to) {
        Column copy = new Column(base, to - from);
        if (narrow != null) {
            copy.narrow = Arrays.copyOfRange(narrow, from, to);
        } else if (wide != null) {
            copy.wide = Arrays.copyOfRange(wide, from, to);
        }
        return copy;
    }

    /** Takes the first {@code number} of {@code other}, behind {@code count} of its own. */
    void append(int count, Column other, int number) {
        if (narrow != null && other.narrow != null && base == other.base) {
            System.arraycopy(other.narrow, 0, narrow, count, number);
        } else {
            for (int i = 0; i < number; i++) {
                set(count + i, other.get(i));
            }
        }
    }
}
