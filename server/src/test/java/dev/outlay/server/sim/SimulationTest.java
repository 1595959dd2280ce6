package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

/**
 * Scenario 48: random histories with crashes and conflicts, each from its seed. {@code
 * -Doutlay.sim.seeds=A..B} and {@code -Doutlay.sim.operations=N} run others.
 */
class SimulationTest {

    private static final String SEEDS = System.getProperty("outlay.sim.seeds", "1..4000");
    private static final int OPERATIONS = Integer.getInteger("outlay.sim.operations", 250);

    @Test
    void everyByteReadIsExplainedAndEveryInvariantHolds() throws Exception {
        Batch.Plan plan = Batch.Plan.of(Seeds.parse(SEEDS), OPERATIONS);
        try (Silence _ = new Silence()) {
            Batch batch = Batch.run(plan);
            batch.print(plan, true, System.out);
            assertTrue(batch.isGood(), "a simulation failed; what led there is printed above");
        }
    }

    @Test
    void theSameSeedDoesTheSame() throws Exception {
        World first = run(7);
        World second = run(7);
        assertEquals(first.events(), second.events());
        assertEquals(first.digest(), second.digest());
        assertNotEquals(first.digest(), run(8).digest(), "another seed does something else");
    }

    private static World run(long seed) throws InterruptedException {
        return Run.of(seed, Shape.of(seed, 200), new BitSet(), false).world();
    }

    @Test
    void theNumberOfThreadsChangesNothing() throws Exception {
        Seeds seeds = new Seeds(1, 30);
        long alone = Batch.run(new Batch.Plan(seeds, 100, 1, Long.MAX_VALUE)).digest();
        long together = Batch.run(new Batch.Plan(seeds, 100, 4, Long.MAX_VALUE)).digest();
        assertEquals(alone, together);
    }
}
