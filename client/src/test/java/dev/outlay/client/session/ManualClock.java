package dev.outlay.client.session;

import java.util.concurrent.atomic.AtomicLong;

/** A clock that a test drives by hand. */
public final class ManualClock implements MonotonicClock {

    private final AtomicLong nanos = new AtomicLong();

    /** Lets time pass. */
    public void advanceMillis(long millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("time does not go back: " + millis + " ms");
        }
        nanos.addAndGet(Math.multiplyExact(millis, 1_000_000));
    }

    @Override
    public long nanos() {
        return nanos.get();
    }
}
