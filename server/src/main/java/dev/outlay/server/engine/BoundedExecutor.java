package dev.outlay.server.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs at most so many tasks at once on another executor; the others wait, in order. Thread-safe.
 */
final class BoundedExecutor implements Executor {

    private final Executor executor;
    private final int limit;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int running;

    BoundedExecutor(Executor executor, int limit) {
        this.executor = executor;
        this.limit = limit;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (this) {
            if (running == limit) {
                waiting.add(task);
                return;
            }
            running++;
        }
        executor.execute(() -> runAll(task));
    }

    private void runAll(Runnable first) {
        for (Runnable task = first; task != null; task = next()) {
            task.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        Runnable task = waiting.poll();
        if (task == null) {
            running--;
        }
        return task;
    }
}
