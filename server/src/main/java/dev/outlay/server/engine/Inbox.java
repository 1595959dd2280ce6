package dev.outlay.server.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Items on their way from any thread to the one that works them off, its owner. Whoever gives one
 * away knows what becomes of it: what was {@link Taken#TAKEN} reaches the owner, if only among
 * {@link #rest what was left} when it ended; anything else never does.
 *
 * @param <T> distinct, so that one that comes too late can be found again
 */
final class Inbox<T> {

    /** What becomes of an item. */
    enum Taken {
        TAKEN,
        FULL,
        CLOSED
    }

    private final LinkedBlockingQueue<T> queue;
    private volatile boolean closed;

    Inbox(int capacity) {
        this(new LinkedBlockingQueue<>(capacity));
    }

    Inbox(LinkedBlockingQueue<T> queue) {
        this.queue = queue;
    }

    // ---- any thread

    Taken offer(T item) {
        if (closed) {
            return Taken.CLOSED;
        }
        if (!queue.offer(item)) {
            return Taken.FULL;
        }
        return settled(item);
    }

    /** As {@link #offer(Object)}, waiting for room. */
    Taken offer(T item, long millis) throws InterruptedException {
        if (closed) {
            return Taken.CLOSED;
        }
        if (!queue.offer(item, millis, TimeUnit.MILLISECONDS)) {
            return Taken.FULL;
        }
        return settled(item);
    }

    /** The owner may have looked for the last time just before the item came: then it is ours. */
    private Taken settled(T item) {
        return closed && queue.remove(item) ? Taken.CLOSED : Taken.TAKEN;
    }

    /** From now on nothing more is taken; an owner that waits wakes up to find {@code last}. */
    void close(T last) {
        closed = true;
        var _ = queue.offer(last);
    }

    boolean isClosed() {
        return closed;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return queue.size();
    }

    // ---- the owner

    @Nullable T poll() {
        return queue.poll();
    }

    @Nullable T poll(long millis) throws InterruptedException {
        return queue.poll(millis, TimeUnit.MILLISECONDS);
    }

    void drainTo(List<? super T> items, int most) {
        queue.drainTo(items, most);
    }

    /** Closes; what was taken and not worked off by now. Nothing comes after it. */
    List<T> rest() {
        closed = true;
        List<T> items = new ArrayList<>();
        queue.drainTo(items);
        return items;
    }
}
