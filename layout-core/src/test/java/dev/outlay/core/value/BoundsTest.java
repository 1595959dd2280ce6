package dev.outlay.core.value;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Rules 8 and 9: what a value may be is checked where it is made, to the last byte. */
class BoundsTest {

    private static void refused(Executable made) {
        assertThrows(IllegalArgumentException.class, made);
    }

    @Test
    void rangesOfBytesAreHalfOpenAndNotEmpty() {
        refused(() -> new ByteRange(4, 4));
        refused(() -> new ByteRange(-1, 4));
        refused(() -> ByteRange.ofLength(4, 0));
        refused(() -> ByteRange.ofLength(2, Long.MAX_VALUE - 1));
        assertEquals(Long.MAX_VALUE, ByteRange.ofLength(1, Long.MAX_VALUE - 1).end());
        assertEquals(new ByteRange(0, 1), ByteRange.ofLength(0, 1));
        assertTrue(ByteRange.isValid(1, Long.MAX_VALUE - 1));
        assertFalse(ByteRange.isValid(2, Long.MAX_VALUE - 1));
        assertFalse(ByteRange.isValid(0, 0));
    }

    @Test
    void aRangeContainsItselfAndIsOrderedByItsStartThenItsEnd() {
        ByteRange range = new ByteRange(4, 8);
        assertTrue(range.contains(range));
        assertFalse(range.contains(new ByteRange(3, 8)));
        assertFalse(range.contains(new ByteRange(4, 9)));
        assertTrue(range.compareTo(new ByteRange(4, 9)) < 0);
        assertTrue(range.compareTo(new ByteRange(5, 6)) < 0);
        assertEquals(0, range.compareTo(new ByteRange(4, 8)));
    }

    @Test
    void placesOnADeviceEndWhereAddressesDo() {
        long most = DeviceRange.MAX_OFFSET;
        assertEquals(most, new DeviceRange(DeviceRange.MAX_DEVICE, 0, most).end());
        assertEquals(most, new DeviceRange(0, most - 1, 1).end());
        refused(() -> new DeviceRange(0, most, 1));
        refused(() -> new DeviceRange(0, 0, 0));
        refused(() -> new DeviceRange(-1, 0, 1));
        refused(() -> new DeviceRange(DeviceRange.MAX_DEVICE + 1, 0, 1));
        DeviceRange range = new DeviceRange(0, 10, 10);
        assertEquals(range, range.slice(0, 10));
        refused(() -> range.slice(0, 0));
        refused(() -> range.slice(1, 10));
        refused(() -> range.slice(-1, 2));
    }

    @Test
    void flagsOfAFileAreAskedOneByOne() {
        FileAttributes plain = attributes(0);
        assertFalse(plain.has(FileAttributes.CONCURRENT));
        assertFalse(attributes(FileAttributes.READ_ONLY).has(FileAttributes.CONCURRENT));
        assertTrue(attributes(FileAttributes.CONCURRENT).has(FileAttributes.CONCURRENT));
    }

    @Test
    void extentsEndWhereAddressesDo() {
        long most = DeviceRange.MAX_OFFSET;
        Extent whole = new Extent(0, most, ExtentState.WRITTEN, DeviceRange.MAX_DEVICE, 0, 0);
        assertEquals(most, whole.deviceRange().end());
        assertEquals(
                most, new Extent(0, 1, ExtentState.WRITTEN, 0, most - 1, 0).deviceRange().end());
        refused(() -> new Extent(0, 1, ExtentState.WRITTEN, 0, most, 0));
    }

    @Test
    void aProcessIsNamedOrRefused() {
        ProcessIdentity least = new ProcessIdentity("host", "boot", 0, 1, 0);
        assertEquals("host/1@0", least.toString());
        refused(() -> new ProcessIdentity("", "boot", 0, 1, 0));
        refused(() -> new ProcessIdentity("host", "boot", -1, 1, 0));
        refused(() -> new ProcessIdentity("host", "boot", 0, 0, 0));
        refused(() -> new ProcessIdentity("host", "boot", 0, 1, -1));
    }

    @Test
    void aQueryHasNoOperationId() {
        assertTrue(Origin.query(new ClientId(1)).isQuery());
        assertFalse(new Origin(new ClientId(1), 1, 0).isQuery());
    }

    @Test
    void writersAskForStoresAndReadersDoNot() {
        assertEquals(IoMode.RW, GrantKind.RW.iomode());
        assertEquals(IoMode.RW, GrantKind.RW_ATOMIC.iomode());
        assertEquals(IoMode.READ, GrantKind.READ.iomode());
        assertEquals(IoMode.READ, GrantKind.READ_MAPPED.iomode());
    }

    @Test
    void aRecallThatTookWritingAwayDoesNotGiveItBackByBeingWidened() {
        ClientId client = new ClientId(1);
        RecallScope scope = new RecallScope.Volume();
        for (boolean before : new boolean[] {false, true}) {
            for (boolean also : new boolean[] {false, true}) {
                Recall begun = Recall.begun(1, client, new RecallScope.Device(0), before);
                Recall wider = begun.withAcknowledged().withPiece().widened(scope, also);
                assertEquals(new Recall(1, client, scope, before || also, false, false, 1), wider);
            }
        }
    }

    @Test
    void whoWaitsIsInTheWayOfOthersUnlessBothRead() {
        Waiter reads = waiter(1, 1, new ByteRange(0, 8), false);
        Waiter writes = waiter(2, 2, new ByteRange(4, 12), true);
        assertTrue(reads.conflictsWith(writes));
        assertTrue(writes.conflictsWith(reads));
        assertFalse(reads.conflictsWith(waiter(3, 2, new ByteRange(0, 8), false)));
        assertFalse(writes.conflictsWith(waiter(3, 2, new ByteRange(0, 8), true)));
        assertFalse(writes.conflictsWith(waiter(3, 1, new ByteRange(0, 4), true)));
        assertFalse(writes.conflictsWith(reads.movedTo(new FileId(9), reads.range(), true)));
        Waiter forSpace = writes.waitingForSpace();
        assertTrue(forSpace.forSpace());
        assertEquals(writes.ticket(), forSpace.ticket());
        assertEquals(writes.range(), forSpace.range());
    }

    private static Waiter waiter(long ticket, long client, ByteRange range, boolean alone) {
        Origin origin = new Origin(new ClientId(client), 1, 0);
        return new Waiter(ticket, origin, new FileId(5), range, alone, 0);
    }

    @Test
    void everyReasonSaysWhoseTurnItIsAndWhatToDo() {
        for (Reason reason : Reason.values()) {
            assertFalse(reason.advice().isEmpty(), reason.name());
        }
        assertEquals(Reason.ErrorClass.STATE_LOST, Reason.EXPIRED.errorClass());
        assertEquals(Reason.ErrorClass.SERVER, Reason.INTERNAL.errorClass());
    }

    private static FileAttributes attributes(int flags) {
        return new FileAttributes(
                FileId.ROOT,
                FileKind.FILE,
                0,
                0,
                0,
                0,
                "",
                0,
                0,
                0,
                0,
                0,
                Optional.of(FileId.ROOT),
                "",
                flags);
    }

    @Test
    void layoutIdsAreOrderedAsTheyAreWritten() {
        List<LayoutId> sorted =
                List.of(
                        new LayoutId(0, 5),
                        new LayoutId(1, 2),
                        new LayoutId(1, 3),
                        new LayoutId(1, -1),
                        new LayoutId(-1, 0));
        assertEquals(sorted, List.copyOf(new TreeSet<>(sorted.reversed())));
        assertEquals("0000000000000001ffffffffffffffff", sorted.get(3).toString());
    }

    @Test
    void theLeastLimitsThatThereMayBe() {
        Limits d = Limits.DEFAULT;
        Limits least = limits(1, 0, d.blockSizeMax());
        assertEquals(1, least.clients());
        refused(() -> limits(0, 0, d.blockSizeMax()));
        refused(() -> limits(1, -1, d.blockSizeMax()));
        refused(() -> limits(1, 0, d.blockSizeMax() - 1L));
        refused(() -> limits(1, 0, d.blockSizeMax() + 1L));
    }

    @Test
    void theLargestFileIsAWholeNumberOfTheLargestBlocks() {
        int block = Limits.DEFAULT.blockSizeMax();
        assertEquals(block, fileLimit(block).fileBytes());
        refused(() -> fileLimit(0));
        refused(() -> fileLimit(-block));
        refused(() -> fileLimit(block + 1L));
    }

    @Test
    void anotherTimeToAnswerChangesNothingElse() {
        Limits d = Limits.DEFAULT;
        assertEquals(5, d.withRecall(5).recallMillis());
        assertEquals(d, d.withRecall(5).withRecall(d.recallMillis()));
    }

    private static Limits fileLimit(long fileBytes) {
        Limits d = Limits.DEFAULT;
        return new Limits(
                d.blockSizeMin(), d.blockSizeMax(), fileBytes, 255, 255, 1, 1, 1, 1, 1, 1, 1, 1, 0);
    }

    private static Limits limits(int count, int extensions, long rewriteBytes) {
        Limits d = Limits.DEFAULT;
        return new Limits(
                d.blockSizeMin(),
                d.blockSizeMax(),
                d.fileBytes(),
                d.nameBytes(),
                d.ownerBytes(),
                count,
                count,
                count,
                count,
                count,
                count,
                count,
                count,
                extensions,
                rewriteBytes,
                0,
                1);
    }
}
