package dev.outlay.client;

import dev.outlay.client.session.Scheduler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Lets one at a time touch the bytes of a file: whoever is inside has drained all I/O of others.
 * Unlike a lock it belongs to no thread, so that a recall can wait for it without holding one.
 */
final class FileGate {

    private static final long LOOK_MILLIS = 60_000;

    /** What {@link #state} says: nobody is inside; somebody is; and somebody waits for that. */
    private static final int FREE = 0;

    private static final int BUSY = 1;
    private static final int WANTED = 2;

    private final Deque<CompletableFuture<Void>> waiting = new ArrayDeque<>();

    /** {@code WANTED} begins and ends with the lock held; the others follow each other without. */
    private final AtomicInteger state = new AtomicInteger(FREE);

    /** Waits until the caller is inside. */
    void enter(Scheduler scheduler) {
        // In the common case nothing has to be made to wait on.
        if (!state.compareAndSet(FREE, BUSY)) {
            await(request(false), scheduler);
        }
    }

    /** The caller, which is inside, leaves until it has an answer. */
    Return leaveForAnswer() {
        leave();
        return new Return();
    }

    /**
     * The way back in. What an answer has granted is used once before it is given back: without
     * that, a recall that comes right behind the answer would always be faster than who waits for
     * it, and several clients could take the same bytes from each other for ever.
     */
    final class Return {
        private @Nullable CompletableFuture<Void> turn;

        /** The answer is here: from now on the caller is before all others. Any thread. */
        void answered() {
            var _ = turn(true);
        }

        /** Waits until the caller is inside. */
        void enter(Scheduler scheduler) {
            await(turn(false), scheduler);
        }

        private CompletableFuture<Void> turn(boolean first) {
            synchronized (FileGate.this) {
                CompletableFuture<Void> known = turn;
                if (known == null) {
                    known = request(first);
                    turn = known;
                }
                return known;
            }
        }
    }

    /** Waits until that is done, whatever interrupts. */
    static void await(CompletableFuture<Void> turn, Scheduler scheduler) {
        boolean interrupted = false;
        boolean inside = turn.isDone();
        while (!inside) {
            try {
                inside = scheduler.await(turn, LOOK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Completes when the caller is inside, before all others that wait. */
    CompletableFuture<Void> drained() {
        return request(true);
    }

    boolean isBusy() {
        return state.get() != FREE;
    }

    private synchronized CompletableFuture<Void> request(boolean first) {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        if (enterOrWant()) {
            turn.complete(null);
        } else if (first) {
            waiting.addFirst(turn);
        } else {
            waiting.addLast(turn);
        }
        return turn;
    }

    /** With the lock held: the caller is inside, or whoever is will look who waits. */
    private boolean enterOrWant() {
        while (state.get() != WANTED) {
            if (state.compareAndSet(FREE, BUSY)) {
                return true;
            }
            if (state.compareAndSet(BUSY, WANTED)) {
                return false;
            }
        }
        return false;
    }

    /** The caller is outside again; who waits longest is next. */
    void leave() {
        if (!state.compareAndSet(BUSY, FREE)) {
            next().complete(null);
        }
    }

    private synchronized CompletableFuture<Void> next() {
        CompletableFuture<Void> next = waiting.remove();
        state.set(waiting.isEmpty() ? BUSY : WANTED);
        return next;
    }
}
