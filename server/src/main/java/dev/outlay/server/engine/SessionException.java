package dev.outlay.server.engine;

import dev.outlay.core.value.Reason;

/** A session that cannot be opened or used; the message says why. */
public final class SessionException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    public SessionException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
