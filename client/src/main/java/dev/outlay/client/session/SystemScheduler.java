package dev.outlay.client.session;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Timers of the system on one daemon thread, and a few more for work that may wait. */
public final class SystemScheduler implements Scheduler {

    private static final Logger LOG = LoggerFactory.getLogger(SystemScheduler.class);

    private static final int WORKERS = 4;
    private static final long IDLE_SECONDS = 10;

    private final ScheduledThreadPoolExecutor executor;
    private final ThreadPoolExecutor workers;

    public SystemScheduler() {
        executor =
                new ScheduledThreadPoolExecutor(
                        1,
                        task -> Thread.ofPlatform().daemon().name("outlay-timer").unstarted(task),
                        new ThreadPoolExecutor.DiscardPolicy());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        workers =
                new ThreadPoolExecutor(
                        WORKERS,
                        WORKERS,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        task -> Thread.ofPlatform().daemon().name("outlay-work").unstarted(task),
                        new ThreadPoolExecutor.DiscardPolicy());
        workers.allowCoreThreadTimeOut(true);
    }

    @Override
    public void schedule(long delayMillis, Runnable task) {
        var _ = executor.schedule(() -> run(task), delayMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public void work(Runnable task) {
        workers.execute(() -> run(task));
    }

    @Override
    public boolean await(CompletableFuture<?> future, long timeoutMillis)
            throws InterruptedException {
        try {
            future.get(timeoutMillis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException | CancellationException e) {
            return true;
        }
    }

    @Override
    public void close() {
        executor.shutdown();
        workers.shutdown();
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("event=task-failed", e);
        }
    }
}
