package dev.outlay.client;

import dev.outlay.client.session.Scheduler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

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
        CompletableFuture<Void> turn = request(false);
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
