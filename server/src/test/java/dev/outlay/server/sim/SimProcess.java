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
 * nothing of it runs, and all that was due comes at once when it goes on, or, in a run that stops
 * readers, behind what the program does until it waits; killed, nothing ever comes. Its clock runs
 * a little faster or slower than the server's.
 */
final class SimProcess implements Scheduler, MonotonicClock {

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** So long each message may wait that came while a process was stopped in a read. */
    private static final long MOST_BEHIND_NANOS = 500_000;

    private final World world;
    private final String name;
    private final int host;
    private final double clockRate;
    private final boolean stopsInReads;
    private final Coroutine program;

    /** The program, and work that the library does beside it. */
    private final Set<Coroutine> all = new LinkedHashSet<>();

    private @Nullable Coroutine current;
    private final Deque<Runnable> due = new ArrayDeque<>();

    /** Of these, the program's own going on, where it does not wait for what came meanwhile. */
    private final Deque<Runnable> sleeping = new ArrayDeque<>();

    private boolean stopped;
    private long stopInAccessNanos;
    private long accesses;
    private long wentOnNanos;
    private boolean dead;

    SimProcess(World world, String name, int host, boolean stopsInReads, Runnable body) {
        this.world = world;
        this.name = name;
        this.host = host;
        this.stopsInReads = stopsInReads;
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
        if (stopped || (stopsInReads && !due.isEmpty())) {
            due.add(action);
        } else {
            action.run();
        }
    }

    /** As {@link #deliver}, for the program itself. */
    private void resume(long delayNanos, Runnable action) {
        if (!stopsInReads) {
            deliver(delayNanos, action);
            return;
        }
        world.after(
                delayNanos,
                () -> {
                    if (stopped) {
                        sleeping.add(action);
                    } else if (!dead) {
                        action.run();
                    }
                });
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
    void accessing(boolean reading) {
        accesses++;
        if (stopInAccessNanos > 0 && !stopped && (reading || !stopsInReads)) {
            world.reach(Probe.STOPPED_IN_ACCESS);
            stop();
            world.after(stopInAccessNanos, this::goOn);
            stopInAccessNanos = 0;
            pause(1);
        }
    }

    /** Rises with each access to a device. */
    long accesses() {
        return accesses;
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
        while (!sleeping.isEmpty() && !stopped && !dead) {
            sleeping.removeFirst().run();
        }
        if (stopsInReads) {
            world.after(world.delay(0, MOST_BEHIND_NANOS), this::catchUp);
            return;
        }
        while (!due.isEmpty() && !stopped && !dead) {
            due.removeFirst().run();
        }
    }

    /** The next of what came while it was stopped; what is due later comes behind it. */
    private void catchUp() {
        if (!stopped && !dead && !due.isEmpty()) {
            due.removeFirst().run();
            world.after(world.delay(0, MOST_BEHIND_NANOS), this::catchUp);
        }
    }

    void kill() {
        dead = true;
        due.clear();
        sleeping.clear();
        List.copyOf(all).forEach(Coroutine::kill);
        all.clear();
    }

    // ---- for the program

    /** Who calls sleeps; a task of a timer does not. */
    void pause(long nanos) {
        Coroutine caller = current;
        if (caller != null && caller.isCurrent()) {
            resume(nanos, () -> run(caller));
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
        var _ = future.whenComplete((_, _) -> resume(world.delay(1_000, 50_000), wake));
        schedule(timeoutMillis, wake);
        caller.suspend();
        return future.isDone();
    }

    @Override
    public void close() {
        // Timers of a closed client find it closed.
    }
}
