package dev.outlay.server.journal;

/** No kept snapshot is readable, and the journal does not reach back far enough to do without. */
public final class SnapshotDamagedException extends JournalException {

    SnapshotDamagedException(String message) {
        super(message);
    }
}
