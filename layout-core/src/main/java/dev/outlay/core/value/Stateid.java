package dev.outlay.core.value;

/**
 * Names a layout at one moment: its id and a sequence number that rises by one on every grant,
 * return and recall (RFC 8881 12.5.3). The sequence number is unsigned; zero is skipped on wrap and
 * never valid.
 */
public record Stateid(LayoutId id, int seqid) {

    /** The sequence number after {@code seqid}, skipping zero. */
    public static int next(int seqid) {
        return seqid == -1 ? 1 : seqid + 1;
    }

    /**
     * Whether {@code a} was issued after {@code b}, in the serial arithmetic of a number that wraps
     * (RFC 1982).
     */
    public static boolean isAfter(int a, int b) {
        return a - b > 0;
    }

    @Override
    public String toString() {
        return id + ":" + Integer.toUnsignedString(seqid);
    }
}
