package dev.outlay.server.sim;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A program that stops where it has to wait and goes on when the scheduler says so. It has a thread
 * of its own only because blocking code needs a stack: the scheduler and all programs hand one
 * baton around, and nobody but who has it runs.
 */
final class Coroutine {

    /** Unwinds a program whose process has been killed. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;

        Killed() {
            super("the process was killed", null, false, false);
        }
    }

    private final Thread thread;
    private @Nullable Thread scheduler;
    private volatile boolean running;
    private volatile boolean done;
    private boolean started;
    private volatile boolean killed;
    private volatile @Nullable Throwable failure;

    Coroutine(String name, Runnable body) {
        thread = Thread.ofVirtual().name(name).unstarted(() -> run(body));
    }

    private void run(Runnable body) {
        try {
            body.run();
        } catch (Killed e) {
            // As it should.
        } catch (Throwable e) {
            failure = e;
        } finally {
            done = true;
            running = false;
            LockSupport.unpark(scheduler);
        }
    }

    /** By the scheduler: lets the program run until it waits or ends. */
    void resume() {
        if (done) {
            return;
        }
        scheduler = Thread.currentThread();
        running = true;
        if (started) {
            LockSupport.unpark(thread);
        } else {
            started = true;
            thread.start();
        }
        while (running) {
            LockSupport.park(this);
        }
        Throwable broken = failure;
        if (broken != null) {
            throw new IllegalStateException("a program failed: " + broken, broken);
        }
    }

    /** By the program: waits for the scheduler. */
    void suspend() {
        if (killed) {
            throw new Killed();
        }
        running = false;
        LockSupport.unpark(scheduler);
        while (!running) {
            LockSupport.park(this);
        }
        if (killed) {
            throw new Killed();
        }
    }

    /** By the scheduler: the program ends where it waits. */
    void kill() {
        killed = true;
        if (!started) {
            done = true;
        }
        while (!done) {
            resume();
        }
    }

    /** Whether it is the program that runs here. */
    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    boolean isDone() {
        return done;
    }
}
