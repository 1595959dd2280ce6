package dev.outlay.client.session;

import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;

/**
 * Time that passes only while somebody waits: one thread, events in the order of their time and,
 * within it, of their coming.
 */
public final class SimScheduler implements Scheduler {

    private record Event(long nanos, long number, Runnable task) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final ManualClock clock = new ManualClock();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long count;
    private boolean closed;

    public ManualClock clock() {
        return clock;
    }

    @Override
    public void schedule(long delayMillis, Runnable task) {
        if (!closed) {
            events.add(new Event(clock.nanos() + delayMillis * 1_000_000, count++, task));
        }
    }

    @Override
    public boolean await(CompletableFuture<?> future, long timeoutMillis) {
        long end = clock.nanos() + timeoutMillis * 1_000_000;
        while (!future.isDone()) {
            Event next = events.peek();
            if (next == null || next.nanos() > end) {
                advanceTo(end);
                return future.isDone();
            }
            events.remove();
            advanceTo(next.nanos());
            next.task().run();
        }
        return true;
    }

    /** Lets time pass. */
    public void run(long millis) {
        await(new CompletableFuture<Void>(), millis);
    }

    @Override
    public void close() {
        closed = true;
        events.clear();
    }

    private void advanceTo(long nanos) {
        long ahead = nanos - clock.nanos();
        if (ahead > 0) {
            clock.advanceMillis(Math.ceilDiv(ahead, 1_000_000));
        }
    }
}
