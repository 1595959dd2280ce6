package dev.outlay.client.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a session has decided under its lock and does outside of it, in the order decided, by one
 * thread at a time: whichever comes by works for all. So answers are handed over in order, one
 * thread writes to the stream, and requests that come while it writes are in its next message.
 */
final class Pump {

    private static final Logger LOG = LoggerFactory.getLogger(Pump.class);

    private final Object lock;
    private final Supplier<@Nullable Runnable> send;
    private final Deque<Runnable> effects = new ArrayDeque<>();
    private boolean running;

    /**
     * @param lock the session's
     * @param send the next message to send, if there is one and the stream takes it; called with
     *     the lock held once nothing else is left to do
     */
    Pump(Object lock, Supplier<@Nullable Runnable> send) {
        this.lock = lock;
        this.send = send;
    }

    /** To be done outside of the lock. Called with the lock held. */
    void add(Runnable effect) {
        effects.add(effect);
    }

    /** Works until nothing is left, unless another thread is at it. Called without the lock. */
    void run() {
        if (begin()) {
            work();
        }
    }

    /** As {@link #run}, after {@code step}: what that adds is worked off behind it, at once. */
    void runAfter(Runnable step) {
        boolean mine = begin();
        try {
            step.run();
        } finally {
            if (mine) {
                work();
            }
        }
    }

    private boolean begin() {
        synchronized (lock) {
            boolean mine = !running;
            running = true;
            return mine;
        }
    }

    private void work() {
        while (true) {
            Runnable next;
            synchronized (lock) {
                next = next();
                if (next == null) {
                    running = false;
                    return;
                }
            }
            runGuarded(next);
        }
    }

    /**
     * What fails has told its callers; the session goes on. After an error of the JVM, others may.
     */
    private void runGuarded(Runnable effect) {
        boolean done = false;
        try {
            effect.run();
            done = true;
        } catch (RuntimeException e) {
            LOG.error("event=session-step-failed", e);
            done = true;
        } finally {
            if (!done) {
                synchronized (lock) {
                    running = false;
                }
            }
        }
    }

    private @Nullable Runnable next() {
        Runnable effect = effects.poll();
        if (effect != null) {
            return effect;
        }
        Runnable message = send.get();
        // To look for a message may have decided more.
        return message != null ? message : effects.poll();
    }
}
