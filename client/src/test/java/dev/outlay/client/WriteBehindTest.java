package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.device.DeviceException;
import dev.outlay.client.session.FakeServer;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Small writes in a row are stored together, and nobody can tell. */
final class WriteBehindTest {

    private static final int BLOCK = FakeVolume.BLOCK;
    private static final int ROW = 10;

    private final FileFixture fixture = new FileFixture(13);
    private final FakeVolume volume = fixture.volume;
    private final FileFixture.HookedDevice device = fixture.device;
    private final BlockFile file;

    WriteBehindTest() throws IOException {
        volume.handOutInOrder();
        volume.grantWhole();
        device.prefersLargeStores = true;
        device.checkStore = volume::isGrantedForStores;
        file = fixture.open();
    }

    /** Appends a block of ones, of twos and so on; the first is stored, the others are gathered. */
    private byte[] appendRow() throws IOException {
        byte[] all = new byte[ROW * BLOCK];
        for (int i = 0; i < ROW; i++) {
            byte[] block = FileFixture.bytes(BLOCK, i + 1);
            FileFixture.write(file, (long) i * BLOCK, block);
            System.arraycopy(block, 0, all, i * BLOCK, BLOCK);
        }
        assertEquals(BLOCK, device.storedBytes, "one stored, the others gathered");
        return all;
    }

    private void checkCommitted(byte[] expected) throws IOException {
        assertArrayEquals(expected, volume.committedBytes());
        volume.checkTail();
    }

    // ---- what is gathered

    @Test
    void aRowOfSmallWritesIsOneStore() throws IOException {
        byte[] row = appendRow();
        file.commit();
        assertEquals(2, device.stores);
        checkCommitted(row);
    }

    @Test
    void whatFillsTheBufferIsStored() throws IOException {
        int appended = BLOCK + 3 * WriteBuffers.BUFFER_BYTES;
        for (int at = 0; at < appended; at += BLOCK) {
            FileFixture.write(file, at, FileFixture.bytes(BLOCK, 1));
        }
        assertEquals(3, device.stores, "the first block, and two buffers");
        assertEquals(BLOCK + 2L * WriteBuffers.BUFFER_BYTES, device.storedBytes);
        file.commit();
        checkCommitted(FileFixture.bytes(appended, 1));
    }

    @Test
    void whereAStoreCostsLittleEachIsMadeAtOnce() throws IOException {
        device.prefersLargeStores = false;
        for (int i = 0; i < ROW; i++) {
            FileFixture.write(file, (long) i * BLOCK, FileFixture.bytes(BLOCK, 1));
        }
        assertEquals(ROW, device.stores);
    }

    /** Other clients may see them at any time. */
    @Test
    void storesToWrittenBlocksAreMadeAtOnce() throws IOException {
        FileFixture.write(file, 0, FileFixture.bytes(ROW * BLOCK, 1));
        file.commit();
        int stores = device.stores;
        for (int i = 0; i < ROW; i++) {
            FileFixture.write(file, (long) i * BLOCK, FileFixture.bytes(BLOCK, 2));
        }
        assertEquals(stores + ROW, device.stores);
    }

    /** Others may see, and write, the block as soon as the commit is made. */
    @Test
    void storesToBlocksThatAreBeingCommittedAreMadeAtOnce() throws IOException {
        FileFixture.write(file, 0, FileFixture.bytes(100, 1));
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        var committed = file.commitAsync();
        fixture.scheduler.run(100);
        FileFixture.write(file, 100, FileFixture.bytes(100, 2));
        assertEquals(200, device.storedBytes);
        volume.letGo();
        fixture.scheduler.run(100);
        assertTrue(committed.isDone());
        file.commit();
        byte[] expected = FileFixture.bytes(200, 1);
        Arrays.fill(expected, 100, 200, (byte) 2);
        checkCommitted(expected);
    }

    @Test
    void aRowEndsBeforeABlockThatIsBeingCommitted() throws IOException {
        FileFixture.write(file, BLOCK + 2000, FileFixture.bytes(100, 1));
        volume.holdBack(Reply.BodyCase.COMMIT_BLOCKS);
        var committed = file.commitAsync();
        fixture.scheduler.run(100);
        FileFixture.write(file, 0, FileFixture.bytes(1000, 2));
        FileFixture.write(file, 1000, FileFixture.bytes(BLOCK - 1000, 2));
        assertEquals(1100, device.storedBytes, "the second is gathered");
        FileFixture.write(file, BLOCK, FileFixture.bytes(500, 2));
        assertEquals(100 + BLOCK + 500, device.storedBytes);
        volume.letGo();
        fixture.scheduler.run(100);
        assertTrue(committed.isDone());
        file.commit();
        byte[] expected = new byte[BLOCK + 2100];
        Arrays.fill(expected, 0, BLOCK + 500, (byte) 2);
        Arrays.fill(expected, BLOCK + 2000, BLOCK + 2100, (byte) 1);
        checkCommitted(expected);
    }

    @Test
    void largeWritesAreStoredAtOnce() throws IOException {
        for (int i = 0; i < 3; i++) {
            FileFixture.write(file, i * 128L * 1024, FileFixture.bytes(128 << 10, 1));
        }
        assertEquals(3 * 128 * 1024, device.storedBytes);
    }

    /** The rest of a block is filled with zeros once, by the store. */
    @Test
    void ofPartsOfBlocksOnlyTheLastIsFilled() throws IOException {
        for (int at = 0; at < 3000; at += 100) {
            FileFixture.write(file, BLOCK + at, FileFixture.bytes(100, 1));
        }
        FileFixture.write(file, 2 * BLOCK, FileFixture.bytes(100, 1));
        file.commit();
        byte[] expected = new byte[2 * BLOCK + 100];
        Arrays.fill(expected, BLOCK, BLOCK + 3000, (byte) 1);
        Arrays.fill(expected, 2 * BLOCK, 2 * BLOCK + 100, (byte) 1);
        checkCommitted(expected);
    }

    @Test
    void anEmptyWriteIsNothing() throws IOException {
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        FileFixture.write(file, 5 * BLOCK, new byte[0]);
        FileFixture.write(file, 5 * BLOCK, new byte[0]);
        assertEquals(BLOCK, file.size());
        file.commit();
        checkCommitted(FileFixture.bytes(BLOCK, 1));
    }

    @Test
    void aWriteThatFailsInItselfTakesNoBufferAway() throws IOException {
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        MemorySegment freed;
        try (Arena arena = Arena.ofConfined()) {
            freed = arena.allocate(BLOCK);
        }
        for (int i = 0; i < 100; i++) {
            assertThrows(IllegalStateException.class, () -> file.write(freed, BLOCK));
        }
        for (int i = 1; i < ROW; i++) {
            FileFixture.write(file, (long) i * BLOCK, FileFixture.bytes(BLOCK, 1));
        }
        assertEquals(BLOCK, device.storedBytes, "one stored, the others gathered");
        file.commit();
        checkCommitted(FileFixture.bytes(ROW * BLOCK, 1));
    }

    @Test
    void buffersAreBounded() {
        WriteBuffers buffers = new WriteBuffers();
        List<MemorySegment> lent = new ArrayList<>();
        for (MemorySegment each = buffers.borrow(); each != null; each = buffers.borrow()) {
            lent.add(each);
        }
        assertEquals(64, lent.size());
        buffers.giveBack(lent.getFirst());
        assertNotNull(buffers.borrow());
        assertNull(buffers.borrow());
    }

    // ---- who needs them

    @Test
    void theyAreReadAndCountedByWhoWroteThem() throws IOException {
        byte[] row = appendRow();
        assertEquals(row.length, file.size());
        assertArrayEquals(FileFixture.bytes(100, 5), FileFixture.read(file, 4 * BLOCK + 1000, 100));
        FileFixture.write(file, row.length, FileFixture.bytes(BLOCK, 11));
        assertArrayEquals(
                FileFixture.bytes(1, 11), FileFixture.read(file, row.length + BLOCK - 1, 100));
        assertArrayEquals(row, FileFixture.read(file, 0, row.length));
    }

    @Test
    void whatIsWrittenOverThemIsNewer() throws IOException {
        byte[] row = appendRow();
        FileFixture.write(file, 5 * BLOCK + 7, FileFixture.bytes(100, 77));
        Arrays.fill(row, 5 * BLOCK + 7, 5 * BLOCK + 107, (byte) 77);
        assertArrayEquals(row, FileFixture.read(file, 0, row.length));
        file.commit();
        checkCommitted(row);
    }

    @Test
    void aFlushMakesThemDurable() throws IOException {
        byte[] row = appendRow();
        file.flush();
        assertEquals(row.length, device.storedBytes);
        assertTrue(volume.unflushed().isEmpty());
    }

    @Test
    void aCommitThatGoesOnByItselfCoversThem() throws IOException {
        byte[] row = appendRow();
        var committed = file.commitAsync();
        FileFixture.write(file, row.length, FileFixture.bytes(BLOCK, 99));
        fixture.scheduler.run(100);
        assertTrue(committed.isDone());
        checkCommitted(row);
    }

    @Test
    void aCloseCommitsThem() throws IOException {
        byte[] row = appendRow();
        file.close();
        checkCommitted(row);
        assertFalse(volume.holdsAnything());
    }

    @Test
    void aTruncateCutsThemOff() throws IOException {
        byte[] row = appendRow();
        file.truncate(3 * BLOCK + 10);
        checkCommitted(Arrays.copyOf(row, 3 * BLOCK + 10));
    }

    @Test
    void aProcessThatHandsItsSessionOverHasStoredThem() throws IOException {
        byte[] row = appendRow();
        fixture.client.detach();
        assertEquals(row.length, device.storedBytes);
    }

    // ---- what becomes of the grant

    @Test
    void aRecallCommitsThem() throws IOException {
        byte[] row = appendRow();
        volume.recallRange(new ByteRange(0, 20 * BLOCK), false);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        checkCommitted(row);
    }

    /** All goes through the server: others may write there next, and must not be overwritten. */
    @Test
    void aRecallOfWhatHasChangedSendsThemThroughTheServer() throws IOException {
        byte[] row = appendRow();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        volume.recallRange(new ByteRange(0, 20 * BLOCK), true);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        assertEquals(BLOCK, device.storedBytes, "nothing more was stored");
        checkCommitted(row);
        byte[] others = FileFixture.bytes(BLOCK, 77);
        volume.write(5L * BLOCK, MemorySegment.ofArray(others));
        System.arraycopy(others, 0, row, 5 * BLOCK, BLOCK);
        file.commit();
        checkCommitted(row);
    }

    @Test
    void ofARecallOfWhatHasChangedThoseBesideItAreStored() throws IOException {
        byte[] row = appendRow();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        volume.recallRange(new ByteRange(3 * BLOCK, 5 * BLOCK), true);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        assertArrayEquals(
                Arrays.copyOfRange(row, 3 * BLOCK, 5 * BLOCK),
                Arrays.copyOfRange(volume.committedBytes(), 3 * BLOCK, 5 * BLOCK));
        assertEquals((ROW - 2) * BLOCK, device.storedBytes);
        file.commit();
        checkCommitted(row);
    }

    @Test
    void aRecallOfWhatHasChangedElsewhereLeavesThem() throws IOException {
        byte[] row = appendRow();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        volume.recallRange(new ByteRange(20 * BLOCK, 30 * BLOCK), true);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        assertEquals(BLOCK, device.storedBytes);
        file.commit();
        checkCommitted(row);
    }

    /** It is answered inside the gate, where no grant is waited for. */
    @Test
    void aRecallAsksForNoGrant() throws IOException {
        byte[] row = appendRow();
        loseGrants();
        int maps = volume.seen(Request.BodyCase.MAP_BLOCKS).size();
        volume.recallRange(new ByteRange(300L * BLOCK, 400L * BLOCK), false);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        assertEquals(maps, volume.seen(Request.BodyCase.MAP_BLOCKS).size());
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.getMessage().contains("file 2 at [[0, 4096)] and"), e.getMessage());
        file.commit();
        Arrays.fill(row, 0, BLOCK, (byte) 0);
        assertArrayEquals(row, Arrays.copyOf(volume.committedBytes(), row.length));
    }

    /** The server has forgotten the layout, and the client finds that out. */
    private void loseGrants() throws IOException {
        volume.write(350L * BLOCK, MemorySegment.ofArray(FileFixture.bytes(BLOCK, 50)));
        volume.forgetGrants();
        assertEquals(351L * BLOCK, file.size());
        assertArrayEquals(
                FileFixture.bytes(BLOCK, 50), FileFixture.read(file, 350L * BLOCK, BLOCK));
        assertEquals(BLOCK, device.storedBytes);
    }

    /** Who has the range next must not be overwritten by what was written before. */
    @Test
    void whatARecallCannotStoreWithoutALeaseIsLost() throws IOException {
        byte[] row = appendRow();
        file.flush();
        FileFixture.write(file, row.length, FileFixture.bytes(BLOCK, 11));
        FileFixture.write(file, row.length + BLOCK, FileFixture.bytes(BLOCK, 12));
        volume.renewing(false);
        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
        volume.recallRange(new ByteRange(0, 20 * BLOCK), false);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        volume.renewing(true);
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.getMessage().contains("49152)] and not committed is lost"), e.getMessage());
        long before = volume.size();
        file.commit();
        assertEquals(before, volume.size());
        assertEquals(before, file.size());
    }

    @Test
    void nothingIsStoredWithoutALease() throws IOException {
        byte[] row = appendRow();
        volume.renewing(false);
        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
        assertThrows(OutlayException.class, file::commit);
        assertEquals(BLOCK, device.storedBytes);
        volume.renewing(true);
        file.commit();
        checkCommitted(row);
    }

    /** A request that ends grants is under way: a recall that comes now finds nothing to store. */
    @Test
    void theyAreStoredBeforeTheFileIsRemoved() throws IOException {
        appendRow();
        device.beforeWrite =
                () -> assertTrue(volume.seen(Request.BodyCase.REMOVE).isEmpty(), "too late");
        fixture.client.remove(FakeVolume.NAME, FakeVolume.PATH);
        assertEquals(ROW * BLOCK, device.storedBytes);
        file.close();
    }

    /** A recall that is at the file's bytes is not disturbed in that. */
    @Test
    void whatWasWrittenToARemovedFileIsDroppedWhenNobodyElseIsAtIt() throws IOException {
        appendRow();
        volume.holdBack(Reply.BodyCase.ERROR);
        fixture.scheduler.schedule(
                50,
                () -> {
                    volume.recallRange(new ByteRange(0, 20 * BLOCK), false);
                    volume.letGo();
                });
        fixture.client.remove(FakeVolume.NAME, FakeVolume.PATH);
        assertTrue(volume.recalls().isEmpty(), "the recall was inside, and is over");
        file.close();
    }

    // ---- failures

    @Test
    void whatADeviceDoesNotTakeIsToldByTheCommit() throws IOException {
        byte[] row = appendRow();
        device.failWrite = true;
        DeviceException e = assertThrows(DeviceException.class, file::commit);
        assertTrue(e.getMessage().contains("file 2 at [[4096, 40960)] and"), e.getMessage());
        file.commit();
        checkCommitted(Arrays.copyOf(row, BLOCK));
        FileFixture.write(file, BLOCK, Arrays.copyOfRange(row, BLOCK, row.length));
        file.commit();
        checkCommitted(row);
    }

    @Test
    void whatAWriteElsewhereCouldNotStoreIsToldAgainByTheCommit() throws IOException {
        byte[] row = appendRow();
        device.failWrite = true;
        assertThrows(
                DeviceException.class,
                () -> FileFixture.write(file, 20L * BLOCK, FileFixture.bytes(BLOCK, 21)));
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.getMessage().contains("file 2 at [[4096, 40960)] and"), e.getMessage());
        file.commit();
        checkCommitted(Arrays.copyOf(row, BLOCK));
    }

    @Test
    void whatARecallCouldNotStoreIsToldByTheNextCommit() throws IOException {
        byte[] row = appendRow();
        device.failWrite = true;
        volume.recallRange(new ByteRange(0, 20 * BLOCK), false);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        checkCommitted(Arrays.copyOf(row, BLOCK));
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.getMessage().contains("file 2 at [[4096, 40960)] and"), e.getMessage());
    }

    @Test
    void aCloseTellsWhatADeviceDidNotTakeAndSavesTheRest() throws IOException {
        byte[] row = appendRow();
        device.failWrite = true;
        DeviceException e = assertThrows(DeviceException.class, file::close);
        assertTrue(e.getMessage().contains("file 2 at [[4096, 40960)] and"), e.getMessage());
        checkCommitted(Arrays.copyOf(row, BLOCK));
        assertFalse(volume.holdsAnything());
    }

    /** Then truncate works, which would make room and commits before. */
    @Test
    void whatThereIsNoSpaceForIsLost() throws IOException {
        appendRow();
        loseGrants();
        volume.full();
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.is(Reason.NO_SPACE), e.getMessage());
        assertTrue(
                e.getMessage()
                        .endsWith(
                                "file 2 at [[0, 40960)] and not committed is lost"
                                        + " - free space or add a device, then write it again"),
                e.getMessage());
        file.commit();
        file.flush();
        file.truncate(0);
        file.close();
    }

    @Test
    void aCloseNamesWhatItCouldNotStoreForNow() throws IOException {
        appendRow();
        loseGrants();
        volume.heldByOthers(new ByteRange(0, 20 * BLOCK));
        OutlayException e = assertThrows(OutlayException.class, file::close);
        assertTrue(
                e.getMessage()
                        .endsWith(
                                "file 2 at [[0, 40960)] and not committed is lost - write it again"),
                e.getMessage());
        assertFalse(volume.holdsAnything());
    }

    @Test
    void aCloseTellsAllThatFails() throws IOException {
        appendRow();
        device.failWrite = true;
        device.failFlush = true;
        DeviceException e = assertThrows(DeviceException.class, file::close);
        assertTrue(e.getMessage().contains("file 2 at [[4096, 40960)] and"), e.getMessage());
        assertEquals(1, e.getSuppressed().length);
        String second = String.valueOf(e.getSuppressed()[0].getMessage());
        assertTrue(second.contains("file 2 at [[0, 4096)] and"), second);
        assertFalse(volume.holdsAnything());
    }
}
