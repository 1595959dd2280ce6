package dev.outlay.core.op;

import dev.outlay.core.Seeds;
import org.junit.jupiter.api.Test;

/**
 * Random clients against a naive model of what they must find (I1): every byte read is the last one
 * committed, or stored in place since, or zero; never a former owner's. The state is checked after
 * every command, the replay of its journal now and then.
 *
 * <p>{@code -Doutlay.model.commands} gives the number of commands of each seed, {@code
 * -Doutlay.model.seeds} the number of seeds.
 */
class VolumeStateModelTest {

    private static final int COMMANDS = Integer.getInteger("outlay.model.commands", 1_200);
    private static final int SEEDS = Integer.getInteger("outlay.model.seeds", 160);

    /** From this number of commands on everything rare must have been reached. */
    private static final long ENOUGH = 100_000;

    @Test
    void everyByteReadIsExplained() {
        ModelReach reach = new ModelReach();
        Seeds.each(
                SEEDS,
                random -> new VolumeModel(random, reach, random.nextInt(3) == 0).run(COMMANDS));
        if (Long.getLong("outlay.seed") == null && (long) SEEDS * COMMANDS >= ENOUGH) {
            reach.requireAll();
        }
    }
}
