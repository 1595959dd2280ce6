package dev.outlay.core.value;

/**
 * A request that waits until others have given back what it needs.
 *
 * @param ticket its place: a lower one goes first where both want the same bytes
 * @param range what it wants of the file, and keeps others behind it from
 * @param exclusive whether it bears nobody beside it there; otherwise it reads
 * @param waitMillis how long it waits; {@link Long#MAX_VALUE} as long as it takes
 * @param forSpace whether it waits for free space, not for these bytes
 */
public record Waiter(
        long ticket,
        Origin origin,
        FileId file,
        ByteRange range,
        boolean exclusive,
        long waitMillis,
        boolean forSpace) {

    /** The same, waiting for free space from now on. */
    public Waiter waitingForSpace() {
        return new Waiter(ticket, origin, file, range, exclusive, waitMillis, true);
    }

    /** Whether one of the two has to wait for the other. Requests of one client never do. */
    public boolean conflictsWith(Waiter other) {
        return (exclusive || other.exclusive)
                && !origin.client().equals(other.origin.client())
                && file.equals(other.file)
                && range.overlaps(other.range);
    }
}
