package dev.outlay.core.value;

/**
 * The unguessable part of a {@link Stateid}: 128 random bits, one for each pair of client and file
 * that holds a layout.
 */
public record LayoutId(long high, long low) implements Comparable<LayoutId> {

    @Override
    public int compareTo(LayoutId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", high, low);
    }
}
