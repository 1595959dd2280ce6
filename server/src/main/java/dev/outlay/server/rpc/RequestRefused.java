package dev.outlay.server.rpc;

import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.value.Reason;

/**
 * A request is answered with an error. Thrown between decoding and encoding only, without a stack
 * trace: it is an answer, not a fault of the server.
 */
final class RequestRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final String what;
    private final long retryAfterMillis;

    RequestRefused(Reason reason, String what) {
        this(reason, what, 0);
    }

    private RequestRefused(Reason reason, String what, long retryAfterMillis) {
        super(what, null, false, false);
        this.reason = reason;
        this.what = what;
        this.retryAfterMillis = retryAfterMillis;
    }

    static RequestRefused of(Failure failure) {
        return new RequestRefused(failure.reason(), failure.message(), failure.retryAfterMillis());
    }

    /** A field is missing or out of its range. */
    static RequestRefused invalid(String what) {
        return new RequestRefused(Reason.INVALID_ARGUMENT, what);
    }

    Reason reason() {
        return reason;
    }

    /** What was wrong and where. */
    String what() {
        return what;
    }

    long retryAfterMillis() {
        return retryAfterMillis;
    }
}
