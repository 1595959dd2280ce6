package dev.outlay.client.cli;

import dev.outlay.core.text.CommandFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a transfer end cleanly when the process is asked to: the process waits a while for it, and
 * the transfer asks {@link #check} between two pieces. Used by the thread that made it.
 */
final class Interruption implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 10;

    private final Thread worker = Thread.currentThread();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook = new Thread(this::begin, "outlay-interrupted");
    private final Object lock = new Object();
    private boolean interrupted;
    private boolean reading;

    Interruption() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** The process is asked to end; it does when this returns. */
    private void begin() {
        synchronized (lock) {
            interrupted = true;
            if (reading) {
                worker.interrupt();
            }
        }
        try {
            // After that the server frees with the lease what was not committed.
            boolean clean = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (!clean) {
                Runtime.getRuntime().halt(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Fails if the process has been asked to end. */
    void check() throws CommandFailure {
        synchronized (lock) {
            if (interrupted) {
                throw new CommandFailure("interrupted", "nothing was changed; run it again");
            }
        }
    }

    /**
     * Fills {@code piece} from a stream that may keep it waiting for ever; the stream of a channel
     * wakes up when the process is asked to end.
     *
     * @return how many bytes; fewer only at the end
     */
    int read(InputStream in, byte[] piece) throws IOException, CommandFailure {
        synchronized (lock) {
            check();
            reading = true;
        }
        try {
            return in.readNBytes(piece, 0, piece.length);
        } catch (ClosedByInterruptException e) {
            check();
            throw e;
        } finally {
            synchronized (lock) {
                reading = false;
                // Only the reading was to be interrupted, not the cleaning up.
                boolean _ = Thread.interrupted();
            }
        }
    }

    /** The transfer has cleaned up. */
    @Override
    public void close() {
        ended.countDown();
        synchronized (lock) {
            if (interrupted) {
                return;
            }
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process ends just now: the hook finds the latch open.
            return;
        }
    }
}
