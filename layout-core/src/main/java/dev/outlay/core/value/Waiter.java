package dev.outlay.core.value;

/**
 * A request that waits until others have given back what it needs.
 *
 * @param ticket its place: a lower one goes first where both want the same bytes
 * @param range what it wants of the file, and keeps others behind it from
 * @param exclusive whether it bears nobody beside it there; otherwise it reads
 * @param waitMillis how long it waits; {@link Long#MAX_VALUE} as long as it takes
 * @param forSpace whether it waits for free space, not for these bytes
 * @param overtakes whether it goes before others that came earlier: a commit does, since those may
 *     wait for what its client gives back after it
 */
public record Waiter(
        long ticket,
        Origin origin,
        FileId file,
        ByteRange range,
        boolean exclusive,
        long waitMillis,
        boolean forSpace,
        boolean overtakes) {

    /** A request that waits for those in front of it. */
    public Waiter(
            long ticket,
            Origin origin,
            FileId file,
            ByteRange range,
            boolean exclusive,
            long waitMillis) {
        this(ticket, origin, file, range, exclusive, waitMillis, false, false);
    }

    /** The same, waiting for free space from now on. */
    public Waiter waitingForSpace() {
        return new Waiter(ticket, origin, file, range, exclusive, waitMillis, true, overtakes);
    }

    /** The same place, for other bytes: what the request needs has changed while it waited. */
    public Waiter movedTo(FileId other, ByteRange bytes, boolean alone) {
        return new Waiter(ticket, origin, other, bytes, alone, waitMillis, forSpace, overtakes);
    }

    /** Whether one of the two has to wait for the other. Requests of one client never do. */
    public boolean conflictsWith(Waiter other) {
        return (exclusive || other.exclusive)
                && !origin.client().equals(other.origin.client())
                && file.equals(other.file)
                && range.overlaps(other.range);
    }
}
