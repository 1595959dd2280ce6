package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.server.ServerSeams;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random histories of several clients against a model of every byte: scenario 45 after a long life
 * instead of a short one, with conflicts, ends of all kinds, late stores and restarts in between.
 */
class RandomHistoryTest extends ScenarioTest {
    private static final int STEPS = 1500;
    private static final int CHECK_EVERY = 20;

    @Test
    void scenario45RandomHistory() throws Exception {
        history(Long.getLong("outlay.seed", 1), 0);
    }

    @Test
    void scenario45AnotherRandomHistory() throws Exception {
        history(Long.getLong("outlay.seed", System.nanoTime()), 0);
    }

    /** Leases so short that clients are silent for longer; when, depends on the machine, too. */
    @Test
    void scenario45RandomHistoryWithLapses() throws Exception {
        history(Long.getLong("outlay.seed", System.nanoTime()), SHORT_LEASE_MILLIS);
    }

    private void history(long seed, int leaseMillis) throws Exception {
        try {
            run(new Random(seed), leaseMillis);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (repeat with -Doutlay.seed=" + seed + "): " + e, e);
        }
    }

    private void run(Random random, int leaseMillis) throws Exception {
        ScenarioServer server =
                serveOn(
                        ServerSeams.system(),
                        leaseMillis > 0 ? Map.of("recall.deadline", "60ms") : Map.of());
        History history = new History(random, server, this::client, leaseMillis);
        for (int step = 1; step <= STEPS; step++) {
            // Restarts first: after one, grace waits for the lease of who was superseded.
            history.step(step > STEPS / 2);
            if (step % CHECK_EVERY == 0) {
                assertEquals(List.of(), server.findings());
                assertSums(server.space());
            }
        }
        history.checkAll();
        assertEquals(leaseMillis > 0, history.lost() > 0, () -> history.lost() + " lapsed");
    }
}
