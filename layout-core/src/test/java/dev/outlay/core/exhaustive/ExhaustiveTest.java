package dev.outlay.core.exhaustive;

import org.junit.jupiter.api.Test;

/**
 * Every short sequence of what two clients, their hosts and the server may do with a file of two
 * blocks: whatever anybody could read after any step is explained, and nobody is told more than is
 * durable (I1 to I10, I14, I15, I21).
 *
 * <p>{@code -Doutlay.exhaustive.length} gives the length for all starts, {@code
 * -Doutlay.exhaustive.crashes} how often the server may crash in a sequence, {@code
 * -Doutlay.exhaustive.start} a part of the name of the only start.
 */
class ExhaustiveTest {

    private static final int CRASHES = Integer.getInteger("outlay.exhaustive.crashes", 1);
    private static final String ONLY = System.getProperty("outlay.exhaustive.start", "");

    @Test
    void fromAnEmptyFile() {
        search("an empty file", Starts.empty(), 4);
    }

    @Test
    void fromTwoWrittenBlocks() {
        search("two written blocks", Starts.written(), 4);
    }

    @Test
    void fromAWrittenBlockAndAHole() {
        search("a written block and a hole", Starts.hole(), 4);
    }

    /** These begin where others come to by two steps: so they are as deep with one less. */
    @Test
    void fromGrants() {
        search("two fresh blocks held for RW", Starts.unwritten(), 3);
        search("two written blocks held for RW", Starts.held(), 3);
    }

    private static void search(String name, World start, int length) {
        if (name.contains(ONLY)) {
            int chosen = Integer.getInteger("outlay.exhaustive.length", length);
            System.out.println(new Search(name, start, chosen, CRASHES).run());
        }
    }
}
