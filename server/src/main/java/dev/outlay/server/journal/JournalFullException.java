package dev.outlay.server.journal;

/**
 * No space for the next segment. Thrown before anything was written: the journal stands as it was
 * and the same call may be tried again once space was made.
 */
public final class JournalFullException extends JournalException {

    public JournalFullException(String message) {
        super(message);
    }

    public JournalFullException(String message, Throwable cause) {
        super(message, cause);
    }
}
