package dev.outlay.core.value;

/** Why a client has ended in a volume. */
public enum EndCause {
    /** It said so itself: everything it held counts as returned. */
    OWN_WORD,
    /** A second incarnation of the same owner has appeared. */
    SUPERSEDED,
    /**
     * Its lease has run out and somebody needed what it held, or it did not re-attach after a
     * restart.
     */
    EXPIRED,
    /** An operator has revoked it. */
    REVOKED
}
