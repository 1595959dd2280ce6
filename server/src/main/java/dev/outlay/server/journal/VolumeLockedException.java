package dev.outlay.server.journal;

/** Another server, or this one, has the volume open already. */
public final class VolumeLockedException extends JournalException {

    VolumeLockedException(String message) {
        super(message);
    }
}
