package dev.outlay.server.rpc;

/** An address cannot be served; the message says which, why, and which key of the configuration. */
public final class ListenException extends Exception {
    private static final long serialVersionUID = 1L;

    ListenException(String message, Throwable cause) {
        super(message, cause);
    }

    ListenException(String message) {
        super(message);
    }
}
