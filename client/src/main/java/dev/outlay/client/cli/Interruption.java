package dev.outlay.client.cli;

import dev.outlay.core.text.CommandFailure;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a transfer end cleanly when the process is asked to: the process waits a while for it, and
 * the transfer asks {@link #check} between two pieces.
 */
final class Interruption implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 10;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook = new Thread(this::begin, "outlay-interrupted");
    private volatile boolean interrupted;

    Interruption() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void begin() {
        interrupted = true;
        try {
            if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                // The process ends now; the server frees what was not committed with the lease.
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Fails if the process has been asked to end. */
    void check() throws CommandFailure {
        if (interrupted) {
            throw new CommandFailure("interrupted", "nothing was changed; run it again");
        }
    }

    /** The transfer has cleaned up. */
    @Override
    public void close() {
        ended.countDown();
        if (!interrupted) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The process ends just now: the hook finds the latch open.
                return;
            }
        }
    }
}
