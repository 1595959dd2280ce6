package dev.outlay.client;

/**
 * How much to ask for at once: what is needed, or more where accesses follow each other, doubling
 * with each request up to a limit. A row that begins anew begins small, so that a client with many
 * files does not hold all of a volume for what they have once been.
 */
final class AskAhead {

    private final long firstBytes;
    private final long mostBytes;
    private long window;
    private long expected = -1;

    AskAhead(long firstBytes, long mostBytes) {
        this.firstBytes = firstBytes;
        this.mostBytes = mostBytes;
    }

    /** An access has ended before {@code offset}. */
    void accessed(long offset) {
        expected = offset;
    }

    /**
     * Bytes to ask for.
     *
     * @param needed by this access, from {@code offset} on
     * @param follows it is known to be followed by more
     */
    long ask(long offset, long needed, boolean follows) {
        if (offset == expected || follows) {
            // A row that begins elsewhere, as in a file that was emptied, begins small.
            window =
                    offset == expected ? Math.clamp(window * 2, firstBytes, mostBytes) : firstBytes;
            return Math.max(needed, window);
        }
        window = 0;
        return needed;
    }
}
