package dev.outlay.client.session;

/**
 * A clock that never goes back and has no date: only differences of two readings mean anything.
 * Leases of this client are counted on it.
 */
public interface MonotonicClock {

    /** Milliseconds since a fixed moment in the past. */
    default long millis() {
        return nanos() / 1_000_000;
    }

    /** Nanoseconds since the same moment; never negative on a real clock. */
    long nanos();
}
