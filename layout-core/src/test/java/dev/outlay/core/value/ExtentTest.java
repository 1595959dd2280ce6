package dev.outlay.core.value;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ExtentTest {

    private static final Extent WRITTEN =
            new Extent(100, 50, ExtentState.WRITTEN, 2, 1_000, Extent.SHARED | Extent.AT_RISK);

    @Test
    void sliceMovesTheAddressWithTheFileOffset() {
        assertEquals(
                new Extent(120, 30, ExtentState.WRITTEN, 2, 1_020, WRITTEN.flags()),
                WRITTEN.slice(new ByteRange(120, 999)));
        assertEquals(WRITTEN, WRITTEN.slice(new ByteRange(0, 999)));
        assertEquals(
                Extent.hole(new ByteRange(5, 7)),
                Extent.hole(new ByteRange(0, 10)).slice(new ByteRange(5, 7)));
        assertEquals(0, WRITTEN.withoutAddress().slice(new ByteRange(120, 130)).deviceOffset());
        assertThrows(IllegalArgumentException.class, () -> WRITTEN.slice(new ByteRange(150, 160)));
    }

    @Test
    void knowsItsRangesAndFlags() {
        assertEquals(new ByteRange(100, 150), WRITTEN.range());
        assertEquals(150, WRITTEN.end());
        assertEquals(new DeviceRange(2, 1_000, 50), WRITTEN.deviceRange());
        assertTrue(WRITTEN.has(Extent.SHARED));
        assertFalse(WRITTEN.has(Extent.SHARED | Extent.NEW));
        assertEquals(Extent.NEW, WRITTEN.withFlags(Extent.NEW).flags());
        assertFalse(WRITTEN.withoutAddress().hasAddress());
        assertThrows(IllegalStateException.class, () -> WRITTEN.withoutAddress().deviceRange());
    }

    @Test
    void refusesWhatIsNoExtent() {
        refused(-1, 1, ExtentState.WRITTEN, 0, 0, 0);
        refused(0, 0, ExtentState.WRITTEN, 0, 0, 0);
        refused(Long.MAX_VALUE, 1, ExtentState.WRITTEN, 0, 0, 0);
        refused(0, 1, ExtentState.HOLE, 0, 0, 0);
        refused(0, 1, ExtentState.WRITTEN, Extent.NO_DEVICE, 1, 0);
        refused(0, 1, ExtentState.WRITTEN, -2, 0, 0);
        refused(0, 1, ExtentState.WRITTEN, 65_536, 0, 0);
        refused(0, 1, ExtentState.WRITTEN, 0, -1, 0);
        refused(0, 1, ExtentState.WRITTEN, 0, 1L << 48, 0);
        refused(0, Long.MAX_VALUE, ExtentState.WRITTEN, 0, 0, 0);
        refused(0, 1, ExtentState.WRITTEN, 0, 0, 16);
    }

    @Test
    void deviceRangesOfOtherDevicesNeverOverlap() {
        DeviceRange range = new DeviceRange(1, 100, 10);
        assertTrue(range.overlaps(new DeviceRange(1, 109, 5)));
        assertFalse(range.overlaps(new DeviceRange(1, 110, 5)));
        assertFalse(range.overlaps(new DeviceRange(2, 100, 10)));
        assertEquals(new DeviceRange(1, 104, 6), range.slice(4, 6));
        assertThrows(IllegalArgumentException.class, () -> range.slice(4, 7));
        assertThrows(IllegalArgumentException.class, () -> range.slice(11, 1));
        assertThrows(IllegalArgumentException.class, () -> new DeviceRange(-1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new DeviceRange(0, 1L << 48, 1));
    }

    private static void refused(
            long offset, long length, ExtentState state, int device, long address, int flags) {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Extent(offset, length, state, device, address, flags));
    }
}
