package dev.outlay.client.session;

import java.util.random.RandomGenerator;

/** How long to wait before the next attempt: doubling, with jitter, never less than was asked. */
final class Backoff {

    private static final int LONGEST_SHIFT = 16;

    private final RandomGenerator random;
    private final long firstMillis;
    private final long mostMillis;

    Backoff(RandomGenerator random, long firstMillis, long mostMillis) {
        this.random = random;
        this.firstMillis = firstMillis;
        this.mostMillis = mostMillis;
    }

    /**
     * The delay before attempt {@code attempt} (the first repetition is 1): what the other side
     * asked for, and on top up to the doubling part, so that many clients do not come at once.
     */
    long millis(int attempt, long askedMillis) {
        long part = Math.min(mostMillis, firstMillis << Math.min(attempt - 1, LONGEST_SHIFT));
        return askedMillis + part / 2 + random.nextLong(part / 2 + 1);
    }
}
