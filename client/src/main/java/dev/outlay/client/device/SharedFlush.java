package dev.outlay.client.device;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A flush of a whole device that is shared: one runs at a time, and who asks while it runs is
 * served by the next, all of them by one. So many small writers cost the device few flushes. Any
 * thread may call.
 */
final class SharedFlush {

    /** Makes durable all that was stored before it began. */
    @FunctionalInterface
    interface Flush {
        void run() throws DeviceException;
    }

    /** One flush, of those who asked before it began. */
    private static final class Turn {
        private final CountDownLatch ended = new CountDownLatch(1);
        private int askers;
        private @Nullable DeviceException failure;
        private boolean succeeded;
    }

    private final Path path;
    private final Flush flush;
    private @Nullable Turn running;
    private Turn next = new Turn();
    private final AtomicLong failures = new AtomicLong();

    SharedFlush(Path path, Flush flush) {
        this.path = path;
        this.flush = flush;
    }

    /**
     * Returns once a flush that began after this call has ended.
     *
     * @throws DeviceException if that has failed, or this thread was interrupted
     */
    void flush() throws DeviceException {
        while (!isFlushed()) {
            // Whoever made the flush for us was interrupted, or died of something else.
        }
    }

    /** How many wait for a flush that has not begun. */
    synchronized int waiting() {
        return next.askers;
    }

    /** How many have failed. */
    long failures() {
        return failures.get();
    }

    private boolean isFlushed() throws DeviceException {
        Turn mine;
        Turn before;
        boolean leads;
        synchronized (this) {
            mine = next;
            before = running;
            leads = mine.askers++ == 0;
        }
        if (leads) {
            if (before != null) {
                awaitWhatever(before);
            }
            lead(mine);
            return true;
        }
        return follow(mine);
    }

    private void lead(Turn mine) throws DeviceException {
        synchronized (this) {
            running = mine;
            next = new Turn();
        }
        try {
            flush.run();
            mine.succeeded = true;
        } catch (DeviceException e) {
            mine.failure = e;
            if (e.reason() != DeviceException.Reason.INTERRUPTED) {
                failures.incrementAndGet();
            }
            throw e;
        } finally {
            mine.ended.countDown();
        }
    }

    private boolean follow(Turn mine) throws DeviceException {
        try {
            mine.ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DeviceException.interrupted(path);
        }
        DeviceException failure = mine.failure;
        if (failure != null && failure.reason() != DeviceException.Reason.INTERRUPTED) {
            throw failure.again();
        }
        return mine.succeeded;
    }

    /** Others count on the one who leads, so an interrupt is left to the flush itself. */
    private static void awaitWhatever(Turn turn) {
        boolean interrupted = false;
        while (true) {
            try {
                turn.ended.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
