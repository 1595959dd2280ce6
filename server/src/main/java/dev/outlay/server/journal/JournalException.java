package dev.outlay.server.journal;

import java.io.IOException;

/** What can go wrong with a volume's journal; each kind wants another answer. */
public abstract sealed class JournalException extends IOException
        permits JournalCorruptException,
                JournalFailedException,
                JournalFullException,
                VolumeLockedException {

    JournalException(String message) {
        super(message);
    }

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }
}
