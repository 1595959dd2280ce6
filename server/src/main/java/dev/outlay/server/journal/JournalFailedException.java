package dev.outlay.server.journal;

/**
 * A write or a force failed; this journal takes no more appends. What was forced is safe. Close it
 * and open again through the position it had forced: the log goes on in a new segment.
 */
public final class JournalFailedException extends JournalException {

    JournalFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
