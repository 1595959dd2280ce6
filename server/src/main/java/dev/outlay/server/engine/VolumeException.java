package dev.outlay.server.engine;

import dev.outlay.core.value.Reason;

/** A volume that cannot be created or opened; the message says why and what to do. */
public final class VolumeException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    public VolumeException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public VolumeException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
