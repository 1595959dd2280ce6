package dev.outlay.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/** Writers that all write at once. */
final class Writers {

    /** Writes the next piece, and returns when it is durable. One thread at a time. */
    interface Writer {
        void write() throws IOException;
    }

    private Writers() {}

    /** How many writes a second they get done together, each in a thread of its own. */
    static double rate(ExecutorService threads, List<? extends Writer> writers, long nanos)
            throws InterruptedException, ExecutionException {
        long start = System.nanoTime();
        List<Callable<Long>> tasks = new ArrayList<>();
        for (Writer writer : writers) {
            tasks.add(
                    () -> {
                        long count = 0;
                        while (System.nanoTime() - start < nanos) {
                            writer.write();
                            count++;
                        }
                        return count;
                    });
        }
        long all = 0;
        for (Future<Long> task : threads.invokeAll(tasks)) {
            all += task.get();
        }
        return all * 1e9 / (System.nanoTime() - start);
    }
}
