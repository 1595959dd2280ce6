package dev.outlay.client;

import dev.outlay.client.session.Scheduler;
import java.util.concurrent.CompletableFuture;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Each interleaving of I/O that waits for its turn at the bytes of a file with recalls that hold no
 * thread: never two inside, and everybody gets there.
 */
public class FileGateInterleavingTest {

    private final FileGate gate = new FileGate();
    private int begun;
    private int inside;
    private int most;
    private int done;

    /** Waits on its own thread. */
    @Operation
    public void reads() {
        begin();
        gate.enter(new Waits());
        touch();
        gate.leave();
    }

    /** Goes on wherever its turn comes. */
    @Operation
    public void recalls() {
        begin();
        var _ =
                gate.drained()
                        .thenRun(
                                () -> {
                                    touch();
                                    gate.leave();
                                });
    }

    private synchronized void begin() {
        begun++;
    }

    /** Without a lock: who is inside is alone. */
    private void touch() {
        int now = ++inside;
        most = Math.max(most, now);
        done++;
        inside--;
    }

    @Validate
    public void everybodyWasInsideAlone() {
        if (most > 1 || done != begun || inside != 0 || gate.isBusy()) {
            throw new IllegalStateException(
                    begun + " came, " + done + " were inside, " + most + " at a time");
        }
    }

    /** Waits as long as it takes. */
    private static final class Waits implements Scheduler {
        @Override
        public void schedule(long delayMillis, Runnable task) {
            throw new UnsupportedOperationException("a gate schedules nothing");
        }

        @Override
        public boolean await(CompletableFuture<?> future, long timeoutMillis) {
            future.join();
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void oneAtATimeAndEverybody() {
        new ModelCheckingOptions()
                .threads(3)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(1)
                .iterations(4)
                .invocationsPerIteration(150)
                .check(FileGateInterleavingTest.class);
    }
}
