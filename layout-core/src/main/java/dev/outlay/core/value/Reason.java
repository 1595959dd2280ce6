package dev.outlay.core.value;

/**
 * Why a request was refused. The names are the protocol's; the advice is what a user is told to do
 * about it, unless the place of the error knows better.
 */
public enum Reason {
    INVALID_ARGUMENT(ErrorClass.CLIENT, "correct the request"),
    NOT_FOUND(ErrorClass.CLIENT, "check the name; `outlay ls` shows what is there"),
    ALREADY_EXISTS(ErrorClass.CLIENT, "choose another name or remove the old file first"),
    NOT_DIRECTORY(ErrorClass.CLIENT, "name a directory"),
    IS_DIRECTORY(ErrorClass.CLIENT, "name a file"),
    NOT_EMPTY(ErrorClass.CLIENT, "empty the directory first"),
    BAD_LAYOUT(ErrorClass.CLIENT, "map the range again and use the extents of that answer"),
    BAD_IOMODE(ErrorClass.CLIENT, "map the range for RW first"),
    BAD_STATEID(ErrorClass.CLIENT, "map the range again to get a stateid that stands"),
    OLD_STATEID(ErrorClass.CLIENT, "use the newest stateid of this file"),
    STALE_FILE(ErrorClass.CLIENT, "the file has been removed; look its name up again"),
    STALE_MAP(ErrorClass.CLIENT, "map the range again, then commit with the new map epoch"),
    DEVICE_MISMATCH(
            ErrorClass.CLIENT,
            "fetch the list of devices again and compare labels; do not store anything"),
    PERMISSION_DENIED(ErrorClass.CLIENT, "ask the owner for access"),
    TOO_SMALL(ErrorClass.CLIENT, "ask for more extents in one answer or for a smaller min_length"),
    TOO_LARGE(ErrorClass.CLIENT, "split the request"),
    UNSUPPORTED(ErrorClass.CLIENT, "use what this server offers"),
    TRY_LATER(ErrorClass.RETRY, "try again after the time given"),
    GRACE(ErrorClass.RETRY, "the server has just restarted; try again after the time given"),
    RECALL_CONFLICT(ErrorClass.RETRY, "acknowledge the recall and return the range first"),
    RETURN_CONFLICT(ErrorClass.RETRY, "return the recalled range first"),
    NO_SPACE(ErrorClass.RETRY, "free space or add a device, then try again"),
    RESOURCE_EXHAUSTED(
            ErrorClass.RETRY, "wait for outstanding answers, or raise the limit that it names"),
    READ_ONLY(ErrorClass.RETRY, "have the operator mend what the message names"),
    SHUTTING_DOWN(ErrorClass.RETRY, "reconnect and re-attach"),
    NO_SESSION(ErrorClass.STATE_LOST, "open a session"),
    EXPIRED(ErrorClass.STATE_LOST, "what was held is gone; open a new session and map again"),
    FENCED(
            ErrorClass.STATE_LOST,
            "stop all stores; this incarnation has been revoked, start a new one"),
    NO_GRACE(ErrorClass.STATE_LOST, "the time to reclaim is over; map again"),
    RECLAIM_BAD(ErrorClass.STATE_LOST, "the server never granted this; drop it and map again"),
    INTERNAL(ErrorClass.SERVER, "report it with the server's log");

    /** Whose turn it is after the error. */
    public enum ErrorClass {
        /** The request is wrong and will stay wrong. */
        CLIENT,
        /** The same request may succeed later. */
        RETRY,
        /** What the client believed to hold is gone. */
        STATE_LOST,
        /** The server is at fault. */
        SERVER
    }

    private final ErrorClass errorClass;
    private final String advice;

    Reason(ErrorClass errorClass, String advice) {
        this.errorClass = errorClass;
        this.advice = advice;
    }

    public ErrorClass errorClass() {
        return errorClass;
    }

    /** What to do about it, in one clause. */
    public String advice() {
        return advice;
    }
}
