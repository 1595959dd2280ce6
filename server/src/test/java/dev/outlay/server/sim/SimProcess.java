package dev.outlay.server.sim;

import dev.outlay.client.session.MonotonicClock;
import dev.outlay.client.session.Scheduler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A client's process: one program, its timers, and what the network brings. Stopped (SIGSTOP),
 * nothing of it runs, and all that was due comes at once when it goes on; killed, nothing ever
 * comes. Its clock runs a little faster or slower than the server's.
 */
final class SimProcess implements Scheduler, MonotonicClock {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final World world;
    private final String name;
    private final int host;
    private final double clockRate;
    private final Coroutine program;

    /** The program, and work that the library does beside it. */
    private final Set<Coroutine> all = new LinkedHashSet<>();

    private @Nullable Coroutine current;
    private final Deque<Runnable> due = new ArrayDeque<>();
    private boolean stopped;
    private long stopInAccessNanos;
    private long wentOnNanos;
    private boolean dead;

    SimProcess(World world, String name, int host, Runnable body) {
        this.world = world;
        this.name = name;
        this.host = host;
        this.clockRate = 0.98 + world.random().nextDouble() * 0.04;
        this.program = new Coroutine(name, body);
        all.add(program);
    }

    String name() {
        return name;
    }

    int host() {
        return host;
    }

    void start() {
        deliver(0, () -> run(program));
    }

    private void run(Coroutine coroutine) {
        Coroutine before = current;
        current = coroutine;
        try {
            coroutine.resume();
        } finally {
            current = before;
            if (coroutine.isDone()) {
                all.remove(coroutine);
            }
        }
    }

    /** Runs {@code action} in this process after a while. */
    void deliver(long delayNanos, Runnable action) {
        world.after(delayNanos, () -> take(action));
    }

    private void take(Runnable action) {
        if (dead) {
            return;
        }
        if (stopped) {
            due.add(action);
        } else {
            action.run();
        }
    }

    // ---- stopped, going on, killed

    boolean isStopped() {
        return stopped;
    }

    boolean isDead() {
        return dead;
    }

    boolean isEnded() {
        return dead || program.isDone();
    }

    void stop() {
        stopped = true;
    }

    /** Stops it in the middle of its next access to the device, for so long. */
    void stopInAccess(long nanos) {
        stopInAccessNanos = nanos;
    }

    /** It is in the middle of an access. */
    void accessing() {
        if (stopInAccessNanos > 0 && !stopped) {
            world.reach(Probe.STOPPED_IN_ACCESS);
            stop();
            world.after(stopInAccessNanos, this::goOn);
            stopInAccessNanos = 0;
            pause(1);
        }
    }

    /** When it last went on after it had been stopped. */
    long wentOnNanos() {
        return wentOnNanos;
    }

    double clockRate() {
        return clockRate;
    }

    void goOn() {
        stopped = false;
        wentOnNanos = world.nanos();
        while (!due.isEmpty() && !stopped && !dead) {
            due.removeFirst().run();
        }
    }

    void kill() {
        dead = true;
        due.clear();
        List.copyOf(all).forEach(Coroutine::kill);
        all.clear();
    }

    // ---- for the program

    /** Who calls sleeps; a task of a timer does not. */
    void pause(long nanos) {
        Coroutine caller = current;
        if (caller != null && caller.isCurrent()) {
            deliver(nanos, () -> run(caller));
            caller.suspend();
        }
    }

    /** Work of the library that may wait gets a stack of its own. */
    @Override
    public void work(Runnable task) {
        Coroutine worker = new Coroutine(name + "-work", task);
        all.add(worker);
        deliver(world.delay(1_000, 100_000), () -> run(worker));
    }

    @Override
    public long nanos() {
        return (long) (world.nanos() * clockRate);
    }

    @Override
    public void schedule(long delayMillis, Runnable task) {
        deliver((long) (delayMillis * NANOS_PER_MILLI / clockRate) + 1, task);
    }

    @Override
    public boolean await(CompletableFuture<?> future, long timeoutMillis) {
        if (future.isDone()) {
            return true;
        }
        if (dead) {
            throw new Coroutine.Killed();
        }
        Coroutine caller = current;
        if (caller == null || !caller.isCurrent()) {
            throw new IllegalStateException("a task of a timer waits");
        }
        boolean[] woken = {false};
        Runnable wake =
                () -> {
                    if (!woken[0]) {
                        woken[0] = true;
                        run(caller);
                    }
                };
        var _ = future.whenComplete((_, _) -> deliver(world.delay(1_000, 50_000), wake));
        schedule(timeoutMillis, wake);
        caller.suspend();
        return future.isDone();
    }

    @Override
    public void close() {
        // Timers of a closed client find it closed.
    }
}
