package dev.outlay.server.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.server.sim.SimulationMain.Seeds;
import dev.outlay.server.sim.SimulationMain.Size;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

/**
 * Scenario 48, in small: random histories with crashes and conflicts, each from its seed. {@code
 * -Doutlay.sim.seeds=A..B} and {@code -Doutlay.sim.operations=N} run others.
 */
class SimulationTest {

    private static final String SEEDS = System.getProperty("outlay.sim.seeds", "1..120");
    private static final int OPERATIONS = Integer.getInteger("outlay.sim.operations", 300);

    @Test
    void everyByteReadIsExplainedAndEveryInvariantHolds() throws Exception {
        assertTrue(
                SimulationMain.batch(
                        Seeds.parse(SEEDS), new Size(3, 3, OPERATIONS), true, false, System.out),
                "a simulation failed; what led there is printed above");
    }

    @Test
    void theSameSeedDoesTheSame() throws Exception {
        Size size = new Size(3, 3, 200);
        World first = SimulationMain.run(7, size, new BitSet(), false).world();
        World second = SimulationMain.run(7, size, new BitSet(), false).world();
        assertEquals(first.events(), second.events());
        assertEquals(first.digest(), second.digest());
        World other = SimulationMain.run(8, size, new BitSet(), false).world();
        assertTrue(first.digest() != other.digest(), "another seed does something else");
    }
}
