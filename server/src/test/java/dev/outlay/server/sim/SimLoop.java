package dev.outlay.server.sim;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A thread of the server: tasks one after the other, each a while after it was given. */
final class SimLoop extends AbstractExecutorService implements ScheduledExecutorService {

    private final World world;
    private final Consumer<Runnable> runner;
    private final long longestDelayNanos;
    private long lastNanos;

    /**
     * @param runner runs a task, unless the server it belongs to is dead
     */
    SimLoop(World world, Consumer<Runnable> runner, long longestDelayNanos) {
        this.world = world;
        this.runner = runner;
        this.longestDelayNanos = longestDelayNanos;
    }

    @Override
    public void execute(Runnable task) {
        long at = world.nanos() + world.delay(500, longestDelayNanos);
        lastNanos = Math.max(lastNanos, at);
        world.after(lastNanos - world.nanos(), () -> runner.accept(task));
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        Timer timer = new Timer(task, world.nanos() + unit.toNanos(delay));
        world.after(unit.toNanos(delay), () -> runner.accept(timer));
        return timer;
    }

    private final class Timer extends FutureTask<Void> implements ScheduledFuture<Void> {
        private final long dueNanos;

        Timer(Runnable task, long dueNanos) {
            super(
                    () -> {
                        task.run();
                        return null;
                    });
            this.dueNanos = dueNanos;
        }

        /** What goes wrong, a crash of the machine included, ends the simulation's event. */
        @Override
        protected void setException(Throwable failure) {
            super.setException(failure);
            if (failure instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(failure);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueNanos - world.nanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(
                    getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }

    // ---- what no part of the server asks for

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(
            Runnable task, long initialDelay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
            Runnable task, long initialDelay, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return isShutdown();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return true;
    }
}
