package dev.outlay.client;

import dev.outlay.core.value.Reason;
import dev.outlay.v1.ErrorDetail;

/** Errors of the protocol as exceptions. */
public final class WireErrors {

    private static final String PREFIX = "REASON_";

    private WireErrors() {}

    /** A reason that this client does not know is the server's fault, as the protocol asks. */
    public static Reason reason(dev.outlay.v1.Reason reason) {
        if (reason == dev.outlay.v1.Reason.UNRECOGNIZED
                || reason == dev.outlay.v1.Reason.REASON_UNSPECIFIED) {
            return Reason.INTERNAL;
        }
        return Reason.valueOf(reason.name().substring(PREFIX.length()));
    }

    public static OutlayException exception(ErrorDetail error) {
        Reason reason = reason(error.getReason());
        return OutlayException.of(
                reason,
                error.getMessage().isEmpty() ? "the server refused: " + reason : error.getMessage(),
                error.getWhatToDo().isEmpty() ? reason.advice() : error.getWhatToDo(),
                error.getRetryAfterMillis());
    }
}
