package dev.outlay.core.space;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.Arrays;

/**
 * Up to {@link #MAX} neighbouring extents of one file, one behind the other in an array, so that
 * all that is known of an extent mostly lies in one line of the processor's cache.
 *
 * <p>An extent is two numbers. The first is its key, by which it is found: where it begins in the
 * top 32 bits, as {@link #UNIT}s from a base, and below how long it is, in units. The second,
 * {@code place}, packs an address and what is known of it: device in the top 16 bits, device offset
 * below, and in the low four bits, which are free since places are multiples of {@link #UNIT}, the
 * stored flags and the bit {@link #WRITTEN}. So the place of a byte further in is a sum, and "goes
 * on where the other ends, in the same state" is one comparison.
 *
 * <p>If an extent begins more than a tebibyte from the base, or is longer than two, all of the page
 * are three numbers: offset, place and length.
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

    private static final int UNIT_SHIFT = Long.numberOfTrailingZeros(UNIT);
    private static final long LENGTH_MASK = 0xFFFF_FFFFL;

    /** How many numbers are an extent. */
    private static final int NARROW = 2;

    private static final int WIDE = 3;

    /** Where among them which is. */
    private static final int PLACE = 1;

    private static final int WIDE_LENGTH = 2;

    /** Stands for the offset at which a page was saved that never was. */
    static final long NOT_SAVED = -1;

    private final long base;
    private long[] numbers;
    private int each = NARROW;
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
        this(about, FIRST_CAPACITY);
    }

    private ExtentPage(long base, int capacity) {
        this.base = base;
        this.numbers = new long[capacity * NARROW];
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
        long key = numbers[index * each];
        return each == NARROW ? base + (key >> Integer.SIZE << UNIT_SHIFT) : key;
    }

    long length(int index) {
        return each == NARROW
                ? (numbers[index * each] & LENGTH_MASK) << UNIT_SHIFT
                : numbers[index * each + WIDE_LENGTH];
    }

    long end(int index) {
        return start(index) + length(index);
    }

    long place(int index) {
        return numbers[index * each + PLACE];
    }

    Extent extent(int index) {
        long packed = place(index);
        boolean written = (packed & WRITTEN) != 0;
        return new Extent(
                start(index),
                length(index),
                written ? ExtentState.WRITTEN : ExtentState.UNWRITTEN,
                (int) (packed >>> DEVICE_SHIFT),
                packed & OFFSET_MASK,
                (int) (packed & META_MASK & ~WRITTEN));
    }

    /**
     * The last extent that begins at or before {@code fileOffset}, or -1.
     *
     * @param from about where the first begins
     * @param until about where the last ends
     */
    int floor(long fileOffset, long from, long until) {
        long key = fileOffset;
        if (each == NARROW) {
            long units = (fileOffset - base) >> UNIT_SHIFT;
            if (units != (int) units) {
                return units < 0 ? -1 : count - 1;
            }
            // However long it is.
            key = units << Integer.SIZE | LENGTH_MASK;
        }
        int guess = Rising.guess(fileOffset, from, until, count);
        return Rising.floor(numbers, each, count, key, guess);
    }

    /** Whether the last extent here and the first of {@code next} are one. */
    boolean joins(ExtentPage next) {
        return joins(count - 1, next, 0);
    }

    /** Changes the length of an extent at its end. */
    void setLength(int index, long newLength) {
        set(index, start(index), newLength, place(index));
    }

    /** Changes state and flags, but not the address. */
    void setMeta(int index, long meta) {
        numbers[index * each + PLACE] = (place(index) & ~META_MASK) | meta;
    }

    void set(int index, long newOffset, long newLength, long newPlace) {
        long units = (newOffset - base) >> UNIT_SHIFT;
        long lengthUnits = newLength >> UNIT_SHIFT;
        if (each == NARROW && (units != (int) units || lengthUnits > LENGTH_MASK)) {
            widen();
        }
        int at = index * each;
        numbers[at + PLACE] = newPlace;
        if (each == NARROW) {
            numbers[at] = units << Integer.SIZE | lengthUnits;
        } else {
            numbers[at] = newOffset;
            numbers[at + WIDE_LENGTH] = newLength;
        }
    }

    private void widen() {
        long[] wide = new long[capacity() * WIDE];
        for (int i = 0; i < capacity(); i++) {
            wide[i * WIDE] = start(i);
            wide[i * WIDE + PLACE] = place(i);
            wide[i * WIDE + WIDE_LENGTH] = length(i);
        }
        numbers = wide;
        each = WIDE;
    }

    /** Makes room at {@code index}; the page must not be full. */
    void insert(int index, long newOffset, long newLength, long newPlace) {
        if (count == capacity()) {
            reserve(Math.min(MAX, count + Math.max(FIRST_CAPACITY, count / 4)));
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
        ExtentPage upper = new ExtentPage(start(index), count - index);
        upper.copy(this, index);
        count = index;
        return upper;
    }

    /** Copies all extents of the page that follows to the end of this one. */
    void append(ExtentPage next) {
        reserve(count + next.count);
        copy(next, 0);
    }

    private void copy(ExtentPage other, int from) {
        for (int i = from; i < other.count; i++) {
            set(count++, other.start(i), other.length(i), other.place(i));
        }
    }

    /** Joins neighbours from {@code first} on, up to those that begin at {@code lastOffset}. */
    void merge(int first, long lastOffset) {
        int kept = first;
        int next = first + 1;
        for (; next < count && start(next) <= lastOffset; next++) {
            if (joins(kept, this, next)) {
                setLength(kept, length(kept) + length(next));
            } else if (++kept != next) {
                set(kept, start(next), length(next), place(next));
            }
        }
        remove(kept + 1, next);
    }

    private boolean joins(int index, ExtentPage other, int otherIndex) {
        return end(index) == other.start(otherIndex)
                && goesOn(place(index), length(index), other.place(otherIndex));
    }

    private void move(int from, int to, int number) {
        System.arraycopy(numbers, from * each, numbers, to * each, number * each);
    }

    private int capacity() {
        return numbers.length / each;
    }

    private void reserve(int extents) {
        if (extents > capacity()) {
            numbers = Arrays.copyOf(numbers, extents * each);
        }
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
            out.writeLong(place(i));
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
        ExtentPage page = new ExtentPage(first, count);
        page.count = count;
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
