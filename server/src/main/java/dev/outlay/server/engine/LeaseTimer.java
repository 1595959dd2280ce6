package dev.outlay.server.engine;

import java.util.concurrent.locks.LockSupport;

/**
 * The one thread that tells {@link Sessions} of leases that are over. It sleeps until the next one
 * is due.
 */
public final class LeaseTimer implements AutoCloseable {

    /** Longest sleep: new sessions have no shorter lease than this is long. */
    private static final long MAX_SLEEP_NANOS = 50_000_000;

    private final Sessions sessions;
    private final MonotonicClock clock;
    private final Thread thread;
    private volatile boolean stopping;

    public LeaseTimer(Sessions sessions, MonotonicClock clock) {
        this.sessions = sessions;
        this.clock = clock;
        this.thread = Thread.ofPlatform().daemon().name("lease-timer").start(this::run);
    }

    private void run() {
        while (!stopping) {
            long now = clock.nanos();
            long next = sessions.expireDue(now);
            LockSupport.parkNanos(this, Math.min(MAX_SLEEP_NANOS, Math.max(1, next - now)));
        }
    }

    @Override
    public void close() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
