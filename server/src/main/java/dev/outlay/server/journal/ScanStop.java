package dev.outlay.server.journal;

/** Where a scan of a journal ended, and why. */
public sealed interface ScanStop {

    /** The file, as the storage describes it. */
    String file();

    /** Byte offset in the file of the first byte not read. */
    long offset();

    /** Its position in the log. */
    long position();

    /** One line for an operator. */
    default String describe() {
        String place = "%s, byte %d (log position %d)".formatted(file(), offset(), position());
        return switch (this) {
            case End _ -> "end of the journal: " + place;
            case TornTail torn -> "torn tail, never forced: " + place + ": " + torn.reason();
            case Damaged damaged -> "damaged: " + place + ": " + damaged.reason();
        };
    }

    /** Nothing was written behind this place. */
    record End(String file, long offset, long position) implements ScanStop {}

    /**
     * A crash left part of what it interrupted, and nothing says that this was ever forced. Opening
     * cuts it.
     */
    record TornTail(String file, long offset, long position, String reason) implements ScanStop {}

    /** Bytes that were forced are not as they were; opening refuses. */
    record Damaged(String file, long offset, long position, String reason) implements ScanStop {}
}
