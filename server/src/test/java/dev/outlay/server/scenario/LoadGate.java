package dev.outlay.server.scenario;

import java.util.concurrent.CompletableFuture;

/** Where writers wait while their server is dead. */
final class LoadGate {
    private final CompletableFuture<Void> failure = new CompletableFuture<>();
    private int generation;
    private int waiting;
    private boolean finished;

    /** Waits until the server of another generation than {@code seen} serves; returns which. */
    synchronized int awaitRestart(int seen) throws InterruptedException {
        waiting++;
        notifyAll();
        while (generation == seen) {
            wait();
        }
        return generation;
    }

    /** Lets those who wait go on, with the server of the next generation. */
    synchronized void open() {
        generation++;
        waiting = 0;
        notifyAll();
    }

    synchronized int waiting() {
        return waiting;
    }

    synchronized void finish() {
        finished = true;
    }

    synchronized boolean isFinished() {
        return finished;
    }

    void fail(Throwable thrown) {
        failure.completeExceptionally(thrown);
    }

    /** Throws what a writer failed with. */
    void check() {
        if (failure.isCompletedExceptionally()) {
            Throwable thrown = failure.exceptionNow();
            throw new AssertionError("a writer failed: " + thrown, thrown);
        }
    }
}
