package dev.outlay.core.value;

/**
 * A half-open range of bytes, {@code [start, end)}, within a file or a device.
 *
 * <p>Overflow is checked here once; whoever holds a {@code ByteRange} may add and subtract its
 * bounds without care.
 *
 * @param start first byte, zero or more
 * @param end one past the last byte, more than {@code start}
 */
public record ByteRange(long start, long end) implements Comparable<ByteRange> {

    /** The end of everything: as large as an offset may be, and the end of a block of any size. */
    public static final long END = Long.MAX_VALUE / (1 << 20) * (1 << 20);

    public ByteRange {
        if (start < 0 || end <= start) {
            throw new IllegalArgumentException("not a range: [" + start + ", " + end + ")");
        }
    }

    /** The range of {@code length} bytes from {@code start}; an overflow is refused. */
    public static ByteRange ofLength(long start, long length) {
        if (start < 0 || length <= 0 || start > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("not a range: " + length + " bytes at " + start);
        }
        return new ByteRange(start, start + length);
    }

    /** Everything from {@code start} on: in whole blocks if {@code start} is. */
    public static ByteRange from(long start) {
        return new ByteRange(start, END);
    }

    /** Whether {@code length} bytes at {@code start} are a range at all: for untrusted input. */
    public static boolean isValid(long start, long length) {
        return start >= 0 && length > 0 && start <= Long.MAX_VALUE - length;
    }

    public long length() {
        return end - start;
    }

    public boolean contains(long offset) {
        return start <= offset && offset < end;
    }

    public boolean contains(ByteRange other) {
        return start <= other.start && other.end <= end;
    }

    public boolean overlaps(ByteRange other) {
        return start < other.end && other.start < end;
    }

    /** The common part; the ranges must overlap. */
    public ByteRange intersect(ByteRange other) {
        return new ByteRange(Math.max(start, other.start), Math.min(end, other.end));
    }

    public boolean isAligned(long unit) {
        return start % unit == 0 && end % unit == 0;
    }

    /** The smallest range of whole {@code unit}s that holds this one. */
    public ByteRange alignOutward(long unit) {
        return new ByteRange(start - start % unit, Math.ceilDiv(end, unit) * unit);
    }

    @Override
    public int compareTo(ByteRange other) {
        int byStart = Long.compare(start, other.start);
        return byStart != 0 ? byStart : Long.compare(end, other.end);
    }

    @Override
    public String toString() {
        return "[" + start + ", " + end + ")";
    }
}
