package dev.outlay.client.session;

import java.util.concurrent.CompletableFuture;

/** Timers and waiting: the only ways in which a client lets time pass. Any thread may call. */
public interface Scheduler extends AutoCloseable {

    /** Runs a task once, after a delay, on a thread of the scheduler. The task does not block. */
    void schedule(long delayMillis, Runnable task);

    /**
     * Runs a task that may wait for a device or for the server, soon, on a thread on which it
     * disturbs no timer.
     */
    default void work(Runnable task) {
        schedule(0, task);
    }

    /**
     * Waits until the future is done; its outcome is not looked at.
     *
     * @return false if that took longer than {@code timeoutMillis}
     */
    boolean await(CompletableFuture<?> future, long timeoutMillis) throws InterruptedException;

    /** Runs no further task. */
    @Override
    void close();
}
