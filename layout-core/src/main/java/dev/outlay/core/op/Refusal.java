package dev.outlay.core.op;

import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.Reason;

/**
 * Leaves an operation while it decides: nothing has changed, and the request is answered with the
 * failure.
 */
class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Reply.Failure failure;

    Refusal(Reason reason, String message) {
        this(new Reply.Failure(reason, message, 0));
    }

    Refusal(Reply.Failure failure) {
        super(failure.message(), null, false, false);
        this.failure = failure;
    }

    Reply.Failure failure() {
        return failure;
    }
}
