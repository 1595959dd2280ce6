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
import dev.outlay.v1.Request;
import java.io.IOException;
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

    /**
     * What was stored goes through the server, and the rest to the blocks that are granted next.
     */
    @Test
    void aRecallOfWhatHasChangedLeavesThemToBeStoredElsewhere() throws IOException {
        byte[] row = appendRow();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        volume.recallRange(new ByteRange(0, 20 * BLOCK), true);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        assertEquals(BLOCK, device.storedBytes, "nothing more was stored");
        file.commit();
        checkCommitted(row);
    }

    /** It is answered inside the gate, where no grant is waited for. */
    @Test
    void aRecallAsksForNoGrant() throws IOException {
        byte[] row = appendRow();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        volume.recallRange(new ByteRange(0, 20 * BLOCK), true);
        fixture.scheduler.run(100);
        int maps = volume.seen(Request.BodyCase.MAP_BLOCKS).size();
        volume.recallRange(new ByteRange(30 * BLOCK, 40 * BLOCK), false);
        fixture.scheduler.run(100);
        assertTrue(volume.recalls().isEmpty());
        assertEquals(maps, volume.seen(Request.BodyCase.MAP_BLOCKS).size());
        file.commit();
        checkCommitted(row);
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
}
