package dev.outlay.client;

import dev.outlay.client.session.Scheduler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Lets one at a time touch the bytes of a file: whoever is inside has drained all I/O of others.
 * Unlike a lock it belongs to no thread, so that a recall can wait for it without holding one.
 */
final class FileGate {

    private static final long LOOK_MILLIS = 60_000;

    private final Deque<CompletableFuture<Void>> waiting = new ArrayDeque<>();
    private boolean busy;

    /** Waits until the caller is inside. */
    void enter(Scheduler scheduler) {
        await(request(false), scheduler);
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

    private static void await(CompletableFuture<Void> turn, Scheduler scheduler) {
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

    synchronized boolean isBusy() {
        return busy;
    }

    private synchronized CompletableFuture<Void> request(boolean first) {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        if (!busy) {
            busy = true;
            turn.complete(null);
        } else if (first) {
            waiting.addFirst(turn);
        } else {
            waiting.addLast(turn);
        }
        return turn;
    }

    /** The caller is outside again; who waits longest is next. */
    void leave() {
        CompletableFuture<Void> next;
        synchronized (this) {
            next = waiting.poll();
            busy = next != null;
        }
        if (next != null) {
            next.complete(null);
        }
    }
}
