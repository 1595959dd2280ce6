package dev.outlay.core.value;

/** Why it is certain that a client which has ended stores and reads no more. */
public enum Proof {
    /** It has said so itself, after it was revoked. */
    OWN_WORD,
    /** An operator's word. */
    OPERATOR,
    /** A fence driver has confirmed its end, and that its host's caches hold nothing of it. */
    FENCE_DRIVER,
    /** Its lease and its declared longest I/O have run out; only where the volume is TIMED. */
    TIME
}
