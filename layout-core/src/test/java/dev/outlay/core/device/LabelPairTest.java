package dev.outlay.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LabelPairTest {

    private static final DeviceLabel OLD =
            new DeviceLabel(new UUID(1, 2), 1, 1 << 20, 4096, "", 0, true);
    private static final DeviceLabel CLAIMED = OLD.claimedBy("a");
    private static final byte[] TORN = torn(CLAIMED.encode());
    private static final byte[] EMPTY = new byte[DeviceLabel.BLOCK_BYTES];

    @Test
    void equalCopiesAreIntact() {
        LabelPair pair = pair(OLD.encode(), OLD.encode());
        assertEquals(Optional.of(OLD), pair.label());
        assertTrue(pair.isIntact());
    }

    @Test
    void aTornCopyIsMadeUpForByTheOther() {
        assertEquals(Optional.of(OLD), pair(OLD.encode(), TORN).label());
        assertEquals(Optional.of(CLAIMED), pair(TORN, CLAIMED.encode()).label());
        assertEquals(Optional.of(CLAIMED), pair(EMPTY, CLAIMED.encode()).label());
        assertFalse(pair(TORN, CLAIMED.encode()).isIntact());
    }

    @Test
    void theYoungerOfTwoWholeCopiesCounts() {
        assertEquals(Optional.of(CLAIMED), pair(OLD.encode(), CLAIMED.encode()).label());
        assertEquals(Optional.of(CLAIMED), pair(CLAIMED.encode(), OLD.encode()).label());
        DeviceLabel reborn = OLD.reincarnated();
        assertEquals(Optional.of(reborn), pair(CLAIMED.encode(), reborn.encode()).label());
    }

    @Test
    void aCopyOfAnotherDeviceOrPlaceDoesNotCount() {
        DeviceLabel other = new DeviceLabel(new UUID(3, 4), 9, 1 << 20, 4096, "", 5, true);
        assertEquals(Optional.of(OLD), pair(OLD.encode(), other.encode()).label());
        DeviceLabel longer = new DeviceLabel(new UUID(1, 2), 9, 2 << 20, 4096, "", 5, true);
        assertEquals(Optional.of(OLD), pair(OLD.encode(), longer.encode()).label());
        assertEquals(Optional.empty(), pair(EMPTY, longer.encode()).label());
    }

    @Test
    void aLabelOfAnotherFormatOutweighsOurs() {
        byte[] newer = OLD.encode();
        newer[DeviceLabel.VERSION_OFFSET] = 2;
        DeviceLabelTest.seal(newer);
        String words = "its label has format version 2, and this build reads version 1";
        assertEquals(Optional.empty(), pair(newer, OLD.encode()).label());
        assertEquals(words, pair(newer, OLD.encode()).problem());
        assertEquals(Optional.empty(), pair(OLD.encode(), newer).label());
        assertEquals(words, pair(OLD.encode(), newer).problem());
    }

    @Test
    void saysWhyNoCopyCounts() {
        LabelPair blank = pair(EMPTY, EMPTY);
        assertEquals("there is no Outlay label on it", blank.problem());
        assertFalse(blank.hasTrace());
        LabelPair damaged = pair(TORN, EMPTY);
        assertTrue(damaged.problem().startsWith("its label is damaged (checksum "));
        assertTrue(damaged.hasTrace());
        assertTrue(pair(EMPTY, TORN).problem().startsWith("its label is damaged (checksum "));
    }

    @Test
    void theCopyIsLookedForWhereTheFirstSaysOrAtTheEnd() {
        assertEquals(
                (1 << 20) - 4096, LabelPair.lastOffset(DeviceLabel.decode(OLD.encode()), 9L << 20));
        assertEquals(
                (9 << 20) - 4096, LabelPair.lastOffset(DeviceLabel.decode(TORN), (9L << 20) + 512));
    }

    private static LabelPair pair(byte[] first, byte[] last) {
        return LabelPair.decode(first, last, OLD.copyOffset());
    }

    /** The first 512 bytes of the new block over an empty one. */
    private static byte[] torn(byte[] block) {
        byte[] torn = new byte[block.length];
        System.arraycopy(block, 0, torn, 0, 512);
        return torn;
    }
}
