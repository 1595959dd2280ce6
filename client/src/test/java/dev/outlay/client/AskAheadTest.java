package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AskAheadTest {

    private static final long BLOCK = 4096;

    private final AskAhead ahead = new AskAhead(4 * BLOCK, 16 * BLOCK);

    private long askAt(long offset, boolean follows) {
        long asked = ahead.ask(offset, BLOCK, follows);
        ahead.accessed(offset + asked);
        return asked / BLOCK;
    }

    @Test
    void aRowAsksForTwiceAsMuchEachTimeUpToALimit() {
        assertEquals(4, askAt(0, true));
        assertEquals(8, askAt(4 * BLOCK, true));
        assertEquals(16, askAt(12 * BLOCK, true));
        assertEquals(16, askAt(28 * BLOCK, true));
    }

    @Test
    void whatFollowsNothingAsksForWhatItNeeds() {
        assertEquals(1, askAt(100 * BLOCK, false));
        assertEquals(4, askAt(101 * BLOCK, false));
        assertEquals(1, askAt(50 * BLOCK, false));
    }

    @Test
    void aFileThatWasEmptiedBeginsSmall() {
        assertEquals(4, askAt(0, true));
        assertEquals(8, askAt(4 * BLOCK, true));
        assertEquals(4, askAt(0, true));
        assertEquals(8, askAt(4 * BLOCK, true));
    }
}
