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

    /**
     * An owner that has waited less long than this the last time looks again and again for as long,
     * giving way to whoever else wants the processor, before it lets itself be woken: that costs 50
     * us where an idle processor is halted.
     */
    private static final long SOON_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** Of so many owners that do that there is always a processor left for others. */
    private static final int MOST_LOOKING = Runtime.getRuntime().availableProcessors() - 1;

    private static final AtomicInteger LOOKING = new AtomicInteger();

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

    /** How many are giving away several in a row and have not come to the end. */
    private final AtomicInteger arriving = new AtomicInteger();

    private volatile boolean closed;

    /** Whether the owner's last wait was a short one; for the owner alone. */
    private boolean soon;

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

    /** Somebody will give away more, and tell when that was all. */
    void arriving() {
        arriving.incrementAndGet();
    }

    /** To be paired with {@link #arriving()}. */
    void arrived() {
        if (arriving.decrementAndGet() == 0) {
            wake();
        }
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

    @Override
    public boolean isArriving() {
        return arriving.get() > 0;
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
    // Nothing relies on the scheduler: to give way is a courtesy.
    @SuppressWarnings("ThreadPriorityCheck")
    @Override
    public boolean await(long nanos, BooleanSupplier or) {
        long begun = System.nanoTime();
        boolean looks = soon && LOOKING.incrementAndGet() <= MOST_LOOKING;
        try {
            while (queue.isEmpty()) {
                long waited = System.nanoTime() - begun;
                if (waited >= nanos
                        || or.getAsBoolean()
                        || Thread.currentThread().isInterrupted()) {
                    return false;
                }
                if (looks && waited < SOON_NANOS) {
                    Thread.yield();
                } else {
                    sleep(nanos - waited, or);
                }
            }
            return true;
        } finally {
            if (soon) {
                LOOKING.decrementAndGet();
            }
            soon = System.nanoTime() - begun < SOON_NANOS;
        }
    }

    private void sleep(long nanos, BooleanSupplier or) {
        waiting.set(Thread.currentThread());
        // What came before that was seen to wake nobody.
        if (queue.isEmpty() && !or.getAsBoolean()) {
            LockSupport.parkNanos(this, nanos);
        }
        waiting.set(null);
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
