package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
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
    void scenario45RandomHistoryOne() throws Exception {
        history(Long.getLong("outlay.seed", 1));
    }

    @Test
    void scenario45RandomHistoryTwo() throws Exception {
        history(Long.getLong("outlay.seed", System.nanoTime()));
    }

    private void history(long seed) throws Exception {
        try {
            run(new Random(seed));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (repeat with -Doutlay.seed=" + seed + "): " + e, e);
        }
    }

    private void run(Random random) throws Exception {
        ScenarioServer server = serve();
        History history = new History(random, server, this::client);
        for (int step = 1; step <= STEPS; step++) {
            history.step(step > STEPS / 2);
            if (step % CHECK_EVERY == 0) {
                assertEquals(List.of(), server.findings());
                assertSums(server.space());
            }
        }
        history.checkAll();
    }
}
