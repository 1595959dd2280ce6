package dev.outlay.server.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Items on their way from any thread to the one that works them off, its owner. Whoever gives one
 * away knows what becomes of it: what was {@link Taken#TAKEN} reaches the owner, if only among
 * {@link #rest what was left} when it ended; anything else never does.
 *
 * <p>No lock: whoever gives something away wakes the owner if that waits, and pays nothing else.
 *
 * @param <T> distinct, so that one that comes too late can be found again
 */
final class Inbox<T> implements Batches.Source {

    private static final long ROOM_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** What becomes of an item. */
    enum Taken {
        TAKEN,
        FULL,
        CLOSED
    }

    private final Queue<T> queue;
    private final int capacity;
    private final AtomicInteger size = new AtomicInteger();

    /** The owner while it waits for something to come. */
    private final AtomicReference<@Nullable Thread> waiting = new AtomicReference<>();

    private volatile boolean closed;

    Inbox(int capacity) {
        this(capacity, new ConcurrentLinkedQueue<>());
    }

    Inbox(int capacity, Queue<T> queue) {
        this.capacity = capacity;
        this.queue = queue;
    }

    // ---- any thread

    Taken offer(T item) {
        if (closed) {
            return Taken.CLOSED;
        }
        if (size.incrementAndGet() > capacity) {
            size.decrementAndGet();
            return Taken.FULL;
        }
        boolean _ = queue.offer(item);
        Taken taken = settled(item);
        wake();
        return taken;
    }

    /** As {@link #offer(Object)}, waiting for room. */
    Taken offer(T item, long millis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        Taken taken = offer(item);
        while (taken == Taken.FULL && System.nanoTime() < deadline) {
            LockSupport.parkNanos(this, ROOM_LOOK_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            taken = offer(item);
        }
        return taken;
    }

    /** The owner may have looked for the last time just before the item came: then it is ours. */
    private Taken settled(T item) {
        if (closed && queue.remove(item)) {
            size.decrementAndGet();
            return Taken.CLOSED;
        }
        return Taken.TAKEN;
    }

    /** An owner that waits looks again whether it still has to. */
    void wake() {
        if (waiting.get() != null) {
            LockSupport.unpark(waiting.getAndSet(null));
        }
    }

    /** From now on nothing more is taken; an owner that waits wakes up to find {@code last}. */
    void close(T last) {
        closed = true;
        size.incrementAndGet();
        boolean _ = queue.offer(last);
        wake();
    }

    boolean isClosed() {
        return closed;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    @Override
    public int size() {
        return size.get();
    }

    // ---- the owner

    /** Waits until there is something, at most so long; whether there is. */
    boolean await(long millis) throws InterruptedException {
        boolean found = await(TimeUnit.MILLISECONDS.toNanos(millis), () -> false);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return found;
    }

    /**
     * Waits until there is something, at most so long, and until {@code or} holds, of which {@link
     * #wake} tells; whether there is. Does not wait on while interrupted.
     */
    @Override
    public boolean await(long nanos, BooleanSupplier or) {
        long deadline = System.nanoTime() + nanos;
        while (queue.isEmpty()) {
            long left = deadline - System.nanoTime();
            if (left <= 0 || or.getAsBoolean() || Thread.currentThread().isInterrupted()) {
                return false;
            }
            waiting.set(Thread.currentThread());
            // What came before that was seen to wake nobody.
            if (queue.isEmpty() && !or.getAsBoolean()) {
                LockSupport.parkNanos(this, left);
            }
            waiting.set(null);
        }
        return true;
    }

    @Nullable T poll() {
        T item = queue.poll();
        if (item != null) {
            size.decrementAndGet();
        }
        return item;
    }

    void drainTo(List<? super T> items, int most) {
        int drained = 0;
        while (drained < most) {
            T item = queue.poll();
            if (item == null) {
                break;
            }
            items.add(item);
            drained++;
        }
        size.addAndGet(-drained);
    }

    /** Closes; what was taken and not worked off by now. Nothing comes after it. */
    List<T> rest() {
        closed = true;
        List<T> items = new ArrayList<>();
        drainTo(items, Integer.MAX_VALUE);
        return items;
    }
}
