package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Scenarios 3, 24 and 52 at random moments: the process is killed while clients write, commit a
 * hundred extents at a time, truncate to the middle of blocks and punch. Whatever was answered is
 * there, each operation happened wholly or not at all, and nothing is stale.
 *
 * <p>A failure names the seed; the moments of the kills depend on the machine, too.
 */
class CrashUnderLoadTest extends ScenarioTest {
    private static final int KILLS = 20;
    private static final int WRITERS = 3;
    private static final int ANSWERS_BETWEEN_KILLS = 40;
    private static final int KILL_DELAY_NANOS = 3_000_000;

    @Test
    @Timeout(600)
    void scenario24KilledAtRandomMomentsUnderLoad() throws Exception {
        long seed = Long.getLong("outlay.seed", System.nanoTime());
        try {
            run(new Random(seed));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (repeat with -Doutlay.seed=" + seed + "): " + e, e);
        }
    }

    private void run(Random random) throws Exception {
        ScenarioServer server = serveFromProcess();
        LoadGate gate = new LoadGate();
        AtomicLong answers = new AtomicLong();
        List<LoadWriter> writers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            LoadWriter writer =
                    new LoadWriter(
                            client("writer-" + i),
                            "file-" + i,
                            new Random(random.nextLong()),
                            gate,
                            answers);
            writers.add(writer);
            threads.add(Thread.ofPlatform().name("writer-" + i).start(writer));
        }
        int happened = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            long due = answers.get() + random.nextInt(ANSWERS_BETWEEN_KILLS);
            await(gate, "work goes on", () -> answers.get() > due);
            if (random.nextInt(4) == 0) {
                var _ = server.takeSnapshot();
            }
            LockSupport.parkNanos(random.nextInt(KILL_DELAY_NANOS));
            server.crash();
            await(gate, "the writers notice", () -> gate.waiting() == WRITERS);
            assertSound(server);
            server.start();
            TestClient observer = client("observer");
            assertEquals(List.of(), server.findings());
            assertSums(server.space());
            for (LoadWriter writer : writers) {
                happened += writer.checkAfterCrash(observer, server.device()) ? 1 : 0;
            }
            // By its own word, or grace after the next crash would wait for it.
            observer.end();
            gate.open();
        }
        gate.finish();
        for (Thread thread : threads) {
            thread.join();
        }
        gate.check();
        TestClient reader = client("reader");
        writers.forEach(writer -> writer.checkAtEnd(reader));
        System.err.printf(
                "%d kills, %d answers, %d operations done but not answered%n",
                KILLS, answers.get(), happened);
        assertTrue(answers.get() > KILLS);
    }

    private static void await(LoadGate gate, String what, java.util.function.BooleanSupplier met) {
        Await.until(
                what,
                () -> {
                    gate.check();
                    return met.getAsBoolean();
                });
    }
}
