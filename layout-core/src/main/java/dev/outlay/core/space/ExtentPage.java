package dev.outlay.core.space;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.Arrays;

/**
 * Up to {@link #MAX} neighbouring extents of one file in three parallel arrays, 16 bytes each.
 *
 * <p>The third, {@code place}, packs an address and what is known of it: device in the top 16 bits,
 * device offset below, and in the low four bits, which are free since places are multiples of
 * {@link #UNIT}, the stored flags and the bit {@link #WRITTEN}. So the place of a byte further in
 * is a sum, and "goes on where the other ends, in the same state" is one comparison.
 */
final class ExtentPage {

    /** The most extents in a page. */
    static final int MAX = 128;

    /** File offsets, lengths and device offsets are multiples of this, in bytes. */
    static final long UNIT = 512;

    /** Stands where {@link Extent#NEW} would, which is never stored. */
    private static final long WRITTEN = Extent.NEW;

    private static final long META_MASK = 0xF;
    private static final int DEVICE_SHIFT = 48;
    private static final long OFFSET_MASK = (DeviceRange.MAX_OFFSET - 1) & ~META_MASK;

    private static final int FIRST_CAPACITY = 4;

    /** Stands for the offset at which a page was saved that never was. */
    static final long NOT_SAVED = -1;

    private final Column offset;
    private final Column length;
    private long[] place;
    private int count;

    /** Where it began when it was saved last; its map's to keep, as is {@link #changed}. */
    long savedAt = NOT_SAVED;

    /** Whether it has changed since. */
    boolean changed;

    /** In which taking of changes it was saved last; 0: before there were any. */
    int savedIn;

    /** Whether it was asked for since it was last looked at whether it may go. */
    boolean used;

    /**
     * @param about where in the file its extents begin
     */
    ExtentPage(long about) {
        this(
                new Column(about, FIRST_CAPACITY),
                new Column(0, FIRST_CAPACITY),
                new long[FIRST_CAPACITY],
                0);
    }

    private ExtentPage(Column offset, Column length, long[] place, int count) {
        this.offset = offset;
        this.length = length;
        this.place = place;
        this.count = count;
    }

    /** The packed address, state and flags of an extent that has blocks. */
    static long place(Extent extent) {
        return (long) extent.device() << DEVICE_SHIFT
                | extent.deviceOffset()
                | meta(extent.state(), extent.flags());
    }

    /** The low bits of a place for this state and these flags. */
    static long meta(ExtentState state, int flags) {
        return (flags & ~Extent.NEW) | (state == ExtentState.WRITTEN ? WRITTEN : 0);
    }

    /**
     * Whether an extent of {@code length} at {@code place} goes on at {@code nextPlace}, on the
     * same device in the same state with the same flags.
     */
    static boolean goesOn(long place, long length, long nextPlace) {
        return place + length == nextPlace
                && (place & OFFSET_MASK) + length < DeviceRange.MAX_OFFSET;
    }

    int count() {
        return count;
    }

    long start(int index) {
        return offset.get(index);
    }

    long end(int index) {
        return offset.get(index) + length.get(index);
    }

    long length(int index) {
        return length.get(index);
    }

    long place(int index) {
        return place[index];
    }

    Extent extent(int index) {
        long packed = place[index];
        boolean written = (packed & WRITTEN) != 0;
        return new Extent(
                offset.get(index),
                length.get(index),
                written ? ExtentState.WRITTEN : ExtentState.UNWRITTEN,
                (int) (packed >>> DEVICE_SHIFT),
                packed & OFFSET_MASK,
                (int) (packed & META_MASK & ~WRITTEN));
    }

    /** The last extent that begins at or before {@code fileOffset}, or -1. */
    int floor(long fileOffset) {
        int found = offset.search(count, fileOffset);
        return found >= 0 ? found : -found - 2;
    }

    /** The first extent that begins at or after {@code fileOffset}, or {@link #count()}. */
    int ceiling(long fileOffset) {
        int found = offset.search(count, fileOffset);
        return found >= 0 ? found : -found - 1;
    }

    /** Whether the last extent here and the first of {@code next} are one. */
    boolean joins(ExtentPage next) {
        return joins(count - 1, next, 0);
    }

    /** Changes the length of an extent at its end. */
    void setLength(int index, long newLength) {
        length.set(index, newLength);
    }

    /** Changes state and flags, but not the address. */
    void setMeta(int index, long meta) {
        place[index] = (place[index] & ~META_MASK) | meta;
    }

    void set(int index, long newOffset, long newLength, long newPlace) {
        offset.set(index, newOffset);
        length.set(index, newLength);
        place[index] = newPlace;
    }

    /** Makes room at {@code index}; the page must not be full. */
    void insert(int index, long newOffset, long newLength, long newPlace) {
        if (count == place.length) {
            grow(Math.min(MAX, count + Math.max(FIRST_CAPACITY, count / 4)));
        }
        move(index, index + 1, count - index);
        set(index, newOffset, newLength, newPlace);
        count++;
    }

    /** Takes out the extents {@code [from, to)}. */
    void remove(int from, int to) {
        move(to, from, count - to);
        count -= to - from;
    }

    /** Moves the extents from {@code index} on into a new page. */
    ExtentPage splitOff(int index) {
        ExtentPage upper =
                new ExtentPage(
                        offset.copy(index, count),
                        length.copy(index, count),
                        Arrays.copyOfRange(place, index, count),
                        count - index);
        count = index;
        return upper;
    }

    /** Copies all extents of the page that follows to the end of this one. */
    void append(ExtentPage next) {
        if (count + next.count > place.length) {
            grow(count + next.count);
        }
        offset.append(count, next.offset, next.count);
        length.append(count, next.length, next.count);
        System.arraycopy(next.place, 0, place, count, next.count);
        count += next.count;
    }

    /** Joins neighbours from {@code first} on, up to those that begin at {@code lastOffset}. */
    void merge(int first, long lastOffset) {
        int kept = first;
        int next = first + 1;
        for (; next < count && start(next) <= lastOffset; next++) {
            if (joins(kept, this, next)) {
                length.set(kept, length(kept) + length(next));
            } else if (++kept != next) {
                set(kept, start(next), length(next), place[next]);
            }
        }
        remove(kept + 1, next);
    }

    private boolean joins(int index, ExtentPage other, int otherIndex) {
        return end(index) == other.start(otherIndex)
                && goesOn(place[index], length(index), other.place[otherIndex]);
    }

    private void move(int from, int to, int number) {
        offset.move(from, to, number);
        length.move(from, to, number);
        System.arraycopy(place, from, place, to, number);
    }

    private void grow(int capacity) {
        offset.grow(capacity);
        length.grow(capacity);
        place = Arrays.copyOf(place, capacity);
    }

    // ---- as bytes

    /**
     * The extents as bytes: how many, and of each the gap before it, its length, both in {@link
     * #UNIT}, and its place.
     */
    byte[] encode() {
        ByteWriter out = new ByteWriter(2 + count * (2 + Long.BYTES));
        out.writeVar(count);
        long at = start(0);
        for (int i = 0; i < count; i++) {
            out.writeVar((start(i) - at) / UNIT);
            out.writeVar(length(i) / UNIT);
            out.writeLong(place[i]);
            at = end(i);
        }
        return out.toByteArray();
    }

    /**
     * What {@link #encode} wrote of a page that begins at {@code first}.
     *
     * @throws CorruptDataException if that is no page
     */
    static ExtentPage decode(long first, byte[] bytes) {
        ByteReader in = new ByteReader(bytes);
        int count = in.readCount(MAX);
        if (count == 0) {
            throw new CorruptDataException("a page without extents");
        }
        ExtentPage page =
                new ExtentPage(
                        new Column(first, count), new Column(0, count), new long[count], count);
        long at = first;
        for (int i = 0; i < count; i++) {
            long gap = bytes(in);
            long extent = bytes(in);
            if (extent == 0 || at + gap + extent < 0 || (i == 0 && gap != 0)) {
                throw new CorruptDataException("a page of extents that do not follow each other");
            }
            page.set(i, at + gap, extent, in.readLong());
            at += gap + extent;
        }
        in.expectEnd();
        page.savedAt = first;
        return page;
    }

    private static long bytes(ByteReader in) {
        long units = in.readVar();
        if (units > Long.MAX_VALUE / UNIT / 4) {
            throw new CorruptDataException("a length of " + units + " units");
        }
        return units * UNIT;
    }
}
