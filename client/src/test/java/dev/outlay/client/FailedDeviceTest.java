package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.device.DeviceException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Request;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What becomes of bytes that a device did not take, or that the server does not take: nobody finds
 * them again, not even who wrote them, and no later commit brings them to light. Most of all on a
 * volume that hands out zeros, where the blocks are told as written as long as they are held.
 */
final class FailedDeviceTest {

    private static final int BLOCK = FakeVolume.BLOCK;
    private static final int SIZE = 40 * BLOCK;

    private final FileFixture fixture = new FileFixture(12);
    private final FakeVolume volume = fixture.volume;
    private final BlockFile file;

    FailedDeviceTest() throws IOException {
        volume.handOutZeros();
        file = fixture.open();
        file.truncate(SIZE);
    }

    private void write(int offset, int length, int value) throws IOException {
        FileFixture.write(file, offset, FileFixture.bytes(length, value));
    }

    private void failFlushOf(int length, int value) throws IOException {
        write(100, length, value);
        fixture.device.failFlush = true;
        assertThrows(DeviceException.class, file::commit);
        fixture.device.failFlush = false;
    }

    private int returns() {
        return volume.seen(Request.BodyCase.RETURN_LAYOUT).size();
    }

    private static byte[] with(byte[] bytes, int offset, int length, int value) {
        Arrays.fill(bytes, offset, offset + length, (byte) value);
        return bytes;
    }

    private void checkAll(byte[] expected) throws IOException {
        assertArrayEquals(expected, FileFixture.read(file, 0, SIZE));
        file.commit();
        assertArrayEquals(expected, volume.committedBytes());
        assertArrayEquals(expected, FileFixture.read(file, 0, SIZE));
    }

    // ---- flushes

    @Test
    void whatWasNotFlushedIsReadByNobody() throws IOException {
        failFlushOf(100, 1);
        assertArrayEquals(new byte[BLOCK], FileFixture.read(file, 0, BLOCK));
        assertEquals(1, returns(), "its blocks went back first");
        checkAll(new byte[SIZE]);
        assertEquals(1, returns(), "nothing else");
    }

    @Test
    void whatWasNotFlushedIsNotExposedByTheNextCommitOfItsBlock() throws IOException {
        failFlushOf(100, 1);
        write(1000, 10, 2);
        file.commit();
        checkAll(with(new byte[SIZE], 1000, 10, 2));
    }

    @Test
    void itIsWrittenAgainAsTheMessageSays() throws IOException {
        write(100, 100, 1);
        write(3 * BLOCK, 10, 1);
        fixture.device.failFlush = true;
        DeviceException e = assertThrows(DeviceException.class, file::commit);
        assertTrue(
                e.getMessage()
                        .contains(
                                "what was written to file 2 at [[100, 200), [12288, 12298)] and"
                                        + " not committed is lost"),
                e.getMessage());
        assertTrue(e.getMessage().endsWith("write it again"), e.getMessage());
        fixture.device.failFlush = false;
        file.commit();
        write(100, 100, 2);
        write(3 * BLOCK, 10, 2);
        file.commit();
        byte[] expected = with(new byte[SIZE], 100, 100, 2);
        checkAll(with(expected, 3 * BLOCK, 10, 2));
    }

    /** The system may tell a failure to write back to the first who flushes, and to nobody else. */
    @Test
    void whatWasStoredBeforeSomebodyElsesFlushFailedIsLostToo() throws IOException {
        write(5 * BLOCK, 100, 3);
        file.flush();
        write(100, 100, 1);
        fixture.device.failedFlushes++;
        IOException e = assertThrows(IOException.class, file::commit);
        String told = String.valueOf(e.getMessage());
        assertTrue(told.startsWith("cannot flush device 0 of volume "), told);
        assertTrue(told.contains("file 2 at [[100, 200), [20480, 20580)]"), told);
        write(100, 100, 2);
        checkAll(with(new byte[SIZE], 100, 100, 2));
    }

    @Test
    void aFlushWithoutACommitFailsTheSameWay() throws IOException {
        write(5 * BLOCK, 100, 3);
        file.flush();
        write(100, 100, 1);
        fixture.device.failFlush = true;
        DeviceException e = assertThrows(DeviceException.class, file::flush);
        assertTrue(e.getMessage().contains("file 2 at [[100, 200)] and"), e.getMessage());
        fixture.device.failFlush = false;
        checkAll(with(new byte[SIZE], 5 * BLOCK, 100, 3));
    }

    @Test
    void whatWasCommittedBeforeIsKeptAndMayBeOverwrittenAgain() throws IOException {
        write(0, 2 * BLOCK, 7);
        file.commit();
        failFlushOf(50, 1);
        byte[] mayShow = with(with(new byte[SIZE], 0, 2 * BLOCK, 7), 100, 50, 1);
        assertArrayEquals(mayShow, FileFixture.read(file, 0, SIZE), "stored in place, it shows");
        write(100, 50, 2);
        file.commit();
        checkAll(with(mayShow, 100, 50, 2));
    }

    @Test
    void aFlushInPlaceFailsTheSameWay() throws IOException {
        write(0, 2 * BLOCK, 7);
        file.commit();
        write(100, 100, 1);
        fixture.device.failFlush = true;
        DeviceException e = assertThrows(DeviceException.class, file::flush);
        assertTrue(e.getMessage().contains("file 2 at [[100, 200)] and"), e.getMessage());
        fixture.device.failFlush = false;
        write(100, 100, 2);
        fixture.device.failedFlushes++;
        IOException told = assertThrows(IOException.class, file::flush);
        assertTrue(String.valueOf(told.getMessage()).contains("[[100, 200)]"), told.getMessage());
        write(100, 100, 3);
        file.flush();
        checkAll(with(with(new byte[SIZE], 0, 2 * BLOCK, 7), 100, 100, 3));
    }

    @Test
    void ofSeveralCommitsOnlyThatOneIsLostWhoseFlushFails() throws IOException {
        int commits = 10;
        for (int i = 0; i < commits; i++) {
            write(2 * i * BLOCK, 100, i + 1);
        }
        int flushed = fixture.device.flushes;
        fixture.device.failFlushes = count -> count == flushed + 1;
        DeviceException e = assertThrows(DeviceException.class, file::commit);
        assertTrue(e.getMessage().contains("at [[0, 100), "), e.getMessage());
        assertFalse(e.getMessage().contains("[" + 18 * BLOCK + ", "), e.getMessage());
        file.commit();
        byte[] after = volume.committedBytes();
        assertEquals(0, after[0]);
        assertEquals(commits, after[18 * BLOCK]);
        checkAll(after);
    }

    @Test
    void aCloseSavesTheOthers() throws IOException {
        for (int i = 0; i < 10; i++) {
            write(2 * i * BLOCK, 100, i + 1);
        }
        int flushed = fixture.device.flushes;
        fixture.device.failFlushes = count -> count == flushed + 1;
        DeviceException e = assertThrows(DeviceException.class, file::close);
        assertTrue(e.getMessage().contains("at [[0, 100), "), e.getMessage());
        assertFalse(volume.holdsAnything());
        byte[] after = volume.committedBytes();
        assertEquals(0, after[0]);
        assertEquals(10, after[18 * BLOCK]);
    }

    // ---- the return that follows

    @Test
    void nothingIsMappedThereUntilTheReturnIsAnswered() throws IOException {
        failFlushOf(100, 1);
        fixture.network.down(true);
        int maps = volume.seen(Request.BodyCase.MAP_BLOCKS).size();
        assertThrows(IOException.class, () -> FileFixture.read(file, 0, BLOCK));
        assertThrows(IOException.class, () -> write(0, 10, 2));
        assertEquals(maps, volume.seen(Request.BodyCase.MAP_BLOCKS).size());
        fixture.network.down(false);
        checkAll(new byte[SIZE]);
    }

    @Test
    void aReturnThatHasToComeLaterDoes() throws IOException {
        failFlushOf(100, 1);
        volume.returnsLater(3);
        write(1000, 10, 2);
        checkAll(with(new byte[SIZE], 1000, 10, 2));
    }

    @Test
    void aLayoutThatEndsMeanwhileOwesNothing() throws IOException {
        failFlushOf(100, 1);
        volume.forgetGrants();
        checkAll(new byte[SIZE]);
        write(1000, 10, 2);
        checkAll(with(new byte[SIZE], 1000, 10, 2));
    }

    @Test
    void aRestartOfTheServerDoesNotForgetIt() throws IOException {
        failFlushOf(100, 1);
        volume.restart();
        fixture.network.cut();
        checkAll(new byte[SIZE]);
    }

    @Test
    void aRecallThatTakesAPartLeavesTheRestToBeReturned() throws IOException {
        volume.handOutInOrder();
        write(0, 4 * BLOCK, 1);
        fixture.device.failFlush = true;
        volume.recallRange(new ByteRange(0, BLOCK), false);
        fixture.scheduler.run(100);
        fixture.device.failFlush = false;
        assertTrue(volume.recalls().isEmpty());
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.getMessage().contains("file 2 at [[0, 16384)]"), e.getMessage());
        checkAll(new byte[SIZE]);
    }

    @Test
    void aWriteThatWaitsForItsGrantMeanwhileGoesOn() throws IOException {
        volume.handOutInOrder();
        write(0, 4 * BLOCK, 1);
        volume.heldByOthers(new ByteRange(8 * BLOCK, 10 * BLOCK));
        fixture.device.failFlush = true;
        fixture.scheduler.schedule(10, () -> volume.recallRange(new ByteRange(0, BLOCK), false));
        fixture.scheduler.schedule(100, () -> fixture.device.failFlush = false);
        fixture.scheduler.schedule(200, volume::othersReturn);
        write(8 * BLOCK, BLOCK, 2);
        assertTrue(volume.recalls().isEmpty());
        assertFalse(fixture.device.failFlush);
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.getMessage().contains("file 2 at [[0, 16384)]"), e.getMessage());
        checkAll(with(new byte[SIZE], 8 * BLOCK, BLOCK, 2));
    }

    @Test
    void aCloseTellsOfItAndSavesTheRest() throws IOException {
        write(0, BLOCK, 1);
        fixture.device.failFlush = true;
        volume.recallRange(new ByteRange(0, BLOCK), false);
        fixture.scheduler.run(100);
        fixture.device.failFlush = false;
        write(2 * BLOCK, BLOCK, 2);
        OutlayException e = assertThrows(OutlayException.class, file::close);
        assertTrue(e.getMessage().contains("file 2 at [[0, 4096)]"), e.getMessage());
        assertArrayEquals(with(new byte[SIZE], 2 * BLOCK, BLOCK, 2), volume.committedBytes());
    }

    @Test
    void aCloseTakesWithItWhatIsStillOwed() throws IOException {
        failFlushOf(100, 1);
        fixture.network.down(true);
        assertThrows(IOException.class, () -> FileFixture.read(file, 0, BLOCK));
        assertThrows(IOException.class, file::close);
        fixture.network.down(false);
        try (BlockFile again = fixture.open()) {
            assertArrayEquals(new byte[SIZE], FileFixture.read(again, 0, SIZE));
        }
        assertFalse(volume.holdsAnything());
    }

    @Test
    void theFileMayBeClosedAndOpenedAgain() throws IOException {
        failFlushOf(100, 1);
        file.close();
        assertFalse(volume.holdsAnything());
        try (BlockFile again = fixture.open()) {
            assertArrayEquals(new byte[SIZE], FileFixture.read(again, 0, SIZE));
        }
    }

    // ---- stores

    @Test
    void whatAFailedWriteHasStoredIsReadByNobody() throws IOException {
        fixture.device.failWrite = true;
        assertThrows(DeviceException.class, () -> write(0, 3 * BLOCK, 1));
        checkAll(new byte[SIZE]);
        write(BLOCK, 10, 2);
        checkAll(with(new byte[SIZE], BLOCK, 10, 2));
    }

    @Test
    void whatWasWrittenBeforeOutlivesAFailedWriteToItsBlock() throws IOException {
        write(0, 10, 1);
        fixture.device.failWrite = true;
        assertThrows(DeviceException.class, () -> write(100, 20, 2));
        file.commit();
        byte[] after = volume.committedBytes();
        assertEquals(1, after[0]);
        assertEquals(0, after[115]);
        checkAll(after);
    }

    // ---- refusals

    @Test
    void whatTheServerNeverTakesIsReadByNobody() throws IOException {
        for (Reason reason : List.of(Reason.REASON_DEVICE_MISMATCH, Reason.REASON_STALE_MAP)) {
            write(100, 100, 1);
            volume.refuseNextCommit(reason);
            OutlayException e = assertThrows(OutlayException.class, file::commit);
            assertTrue(e.getMessage().contains("file 2 at [[100, 200)]"), e.getMessage());
            checkAll(new byte[SIZE]);
            FileRange returned =
                    volume.seen(Request.BodyCase.RETURN_LAYOUT)
                            .getLast()
                            .getReturnLayout()
                            .getFile()
                            .getRanges(0);
            assertEquals(0, returned.getOffset());
            assertEquals(BLOCK, returned.getLength());
        }
    }
}
