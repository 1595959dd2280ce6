package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.session.FakeServer;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Reattach;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.Request;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a file owes its device, its server and its readers, one rule a test. */
final class BlockFileTest {

    private static final int BLOCK = FakeVolume.BLOCK;

    private final FileFixture fixture = new FileFixture(11);
    private final FakeVolume volume = fixture.volume;

    BlockFileTest() throws OutlayException {}

    private List<CommitBlocksRequest> commits() {
        return volume.seen(Request.BodyCase.COMMIT_BLOCKS).stream()
                .map(Request::getCommitBlocks)
                .toList();
    }

    private int maps() {
        return volume.seen(Request.BodyCase.MAP_BLOCKS).size();
    }

    // ---- filling

    @Test
    void aPartOfAFreshBlockIsFilledOnceWithZeros() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 100, FileFixture.bytes(100, 1));
        assertEquals(BLOCK - 100, fixture.device.zeroedBytes);
        FileFixture.write(file, 1000, FileFixture.bytes(100, 2));
        assertEquals(BLOCK - 100, fixture.device.zeroedBytes);
        file.commit();
        FileFixture.write(file, 2000, FileFixture.bytes(100, 3));
        assertEquals(BLOCK - 100, fixture.device.zeroedBytes);
        file.commit();
        byte[] expected = new byte[2100];
        Arrays.fill(expected, 100, 200, (byte) 1);
        Arrays.fill(expected, 1000, 1100, (byte) 2);
        Arrays.fill(expected, 2000, 2100, (byte) 3);
        assertArrayEquals(expected, volume.committedBytes());
        volume.checkTail();
    }

    @Test
    void blocksAskedForAheadAreNeitherCommittedNorKept() throws IOException {
        int free = volume.freeBlocks();
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK + 1, 1));
        file.commit();
        CommitBlocksRequest commit = commits().getFirst();
        assertEquals(
                2L * BLOCK, commit.getRangesList().stream().mapToLong(r -> r.getLength()).sum());
        assertEquals(BLOCK, commit.getLastWriteOffset());
        assertTrue(volume.freeBlocks() < free - 2);
        file.close();
        assertEquals(free - 2, volume.freeBlocks());
    }

    // ---- committing

    @Test
    void aCommitOfNothingAsksNobody() throws IOException {
        BlockFile file = fixture.open();
        file.commit();
        FileFixture.write(file, 0, FileFixture.bytes(10, 1));
        file.commit();
        int flushes = fixture.device.flushes;
        file.commit();
        assertEquals(1, commits().size());
        assertEquals(flushes, fixture.device.flushes);
    }

    @Test
    void onlyWhatWasWrittenIsNamedInPlace() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(20 * BLOCK, 1));
        file.commit();
        int before = commits().size();
        FileFixture.write(file, 5 * BLOCK + 7, FileFixture.bytes(10, 2));
        file.commit();
        CommitBlocksRequest commit = commits().getLast();
        assertEquals(before + 1, commits().size());
        assertEquals(1, commit.getRangesCount());
        assertEquals(5 * BLOCK, commit.getRanges(0).getFileOffset());
        assertEquals(BLOCK, commit.getRanges(0).getLength());
        assertEquals(5 * BLOCK + 16, commit.getLastWriteOffset());
        assertEquals(20L * BLOCK, volume.size());
    }

    @Test
    void aLargeCommitIsSplitAsTheServerAsks() throws IOException {
        BlockFile file = fixture.open();
        for (int i = 0; i < 10; i++) {
            FileFixture.write(file, 2L * i * BLOCK, FileFixture.bytes(100, i + 1));
        }
        file.commit();
        assertTrue(commits().size() >= 3);
        assertEquals(18L * BLOCK + 100, volume.size());
        assertEquals(18 * BLOCK + 99, commits().getLast().getLastWriteOffset());
    }

    @Test
    void aDeviceThatFlushesAllAtOnceIsFlushedOnceACommit() throws IOException {
        BlockFile file = fixture.open();
        fixture.device.flushesAll = true;
        for (int i = 0; i < 3; i++) {
            FileFixture.write(file, 2L * i * BLOCK, FileFixture.bytes(100, i + 1));
        }
        int flushes = fixture.device.flushes;
        file.flush();
        assertEquals(flushes + 1, fixture.device.flushes);
        assertTrue(volume.unflushed().isEmpty());
        file.commit();
        assertEquals(4L * BLOCK + 100, volume.size());
    }

    @Test
    void aFlushMakesDurableAsksNobodyAndLeavesTheCommit() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        assertFalse(volume.unflushed().isEmpty());
        file.flush();
        assertTrue(volume.unflushed().isEmpty());
        int flushes = fixture.device.flushes;
        file.flush();
        assertEquals(flushes, fixture.device.flushes, "it is durable already");
        assertEquals(0, commits().size());
        file.commit();
        assertEquals(1, commits().size());
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
        volume.checkTail();
    }

    @Test
    void aFlushMakesDurableWhatWasWrittenInPlaceOnceAndAllOfIt() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(20 * BLOCK, 1));
        file.commit();
        FileFixture.write(file, 5 * BLOCK + 7, FileFixture.bytes(10, 2));
        FileFixture.write(file, 6 * BLOCK - 3, FileFixture.bytes(6, 3));
        file.flush();
        assertTrue(volume.unflushed().isEmpty(), "neighbours");
        FileFixture.write(file, 9 * BLOCK, FileFixture.bytes(BLOCK, 4));
        int flushes = fixture.device.flushes;
        file.flush();
        file.flush();
        assertTrue(volume.unflushed().isEmpty(), "one write");
        assertEquals(flushes + 1, fixture.device.flushes);
        FileFixture.write(file, BLOCK, FileFixture.bytes(10, 5));
        FileFixture.write(file, 19 * BLOCK, FileFixture.bytes(10, 6));
        FileFixture.write(file, 22 * BLOCK, FileFixture.bytes(10, 7));
        file.flush();
        assertTrue(volume.unflushed().isEmpty(), "several, and fresh blocks");
    }

    @Test
    void bytesWhoseFlushFailedHaveToBeWrittenAgain() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(100, 1));
        fixture.device.failFlush = true;
        assertThrows(IOException.class, file::commit);
        fixture.device.failFlush = false;
        file.commit();
        assertTrue(commits().isEmpty());
        FileFixture.write(file, 0, FileFixture.bytes(50, 2));
        file.commit();
        assertArrayEquals(FileFixture.bytes(50, 2), volume.committedBytes());
    }

    @Test
    void aCommitWhoseReplyIsLostIsRepeatedUnderItsOperationId() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(100, 1));
        fixture.scheduler.schedule(1, fixture.network::cut);
        file.commit();
        assertArrayEquals(FileFixture.bytes(100, 1), volume.committedBytes());
        assertEquals(
                1,
                commits().stream().map(c -> c.getOperation().getOperationId()).distinct().count());
    }

    @Test
    void whatWasWrittenUnderALostGrantIsReportedLost() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(100, 1));
        volume.forgetGrants();
        OutlayException e = assertThrows(OutlayException.class, file::commit);
        assertTrue(e.is(dev.outlay.core.value.Reason.BAD_STATEID), e.getMessage());
        FileFixture.write(file, 0, FileFixture.bytes(100, 2));
        file.commit();
        assertArrayEquals(FileFixture.bytes(100, 2), volume.committedBytes());
    }

    // ---- reading

    @Test
    void whatAnotherClientWritesReadsAsZerosAndIsAskedForEachTime() throws IOException {
        BlockFile file = fixture.open();
        file.truncate(4L * BLOCK);
        volume.heldByOthers(new ByteRange(0, 4L * BLOCK));
        int before = maps();
        assertArrayEquals(new byte[100], FileFixture.read(file, 50, 100));
        int once = maps() - before;
        assertArrayEquals(new byte[100], FileFixture.read(file, 50, 100));
        assertEquals(before + 2 * once, maps());
        assertFalse(volume.holdsAnything());
        volume.othersReturn();
        FileFixture.read(file, 50, 100);
        int cached = maps();
        FileFixture.read(file, 50, 100);
        assertEquals(cached, maps());
    }

    @Test
    void aWriteWaitsForAnotherClientToReturn() throws IOException {
        BlockFile file = fixture.open();
        volume.heldByOthers(new ByteRange(0, 1 << 20));
        fixture.scheduler.schedule(700, volume::othersReturn);
        FileFixture.write(file, 0, FileFixture.bytes(10, 1));
        file.commit();
        assertArrayEquals(FileFixture.bytes(10, 1), volume.committedBytes());
    }

    @Test
    void truncateTakesWhatWasKnownOfTheRest() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(8 * BLOCK, 1));
        file.truncate(3 * BLOCK + 10);
        file.truncate(8L * BLOCK);
        byte[] expected = Arrays.copyOf(FileFixture.bytes(3 * BLOCK + 10, 1), 8 * BLOCK);
        int before = maps();
        assertArrayEquals(expected, FileFixture.read(file, 0, 8 * BLOCK));
        assertTrue(maps() > before);
        fixture.client.truncate(FakeVolume.NAME, FakeVolume.PATH, 5);
        assertArrayEquals(FileFixture.bytes(5, 1), FileFixture.read(file, 0, 8 * BLOCK));
    }

    @Test
    void aRefusedPunchMayHaveEndedGrantsAndNothingIsStoredUnderThem() throws IOException {
        fixture.device.checkStore = volume::isGrantedForStores;
        for (Reason reason : List.of(Reason.REASON_READ_ONLY, Reason.REASON_STALE_FILE)) {
            BlockFile file = fixture.open();
            FileFixture.write(file, 0, FileFixture.bytes(3 * BLOCK, 1));
            file.commit();
            volume.refusePunchesLate(reason);
            assertThrows(OutlayException.class, () -> file.deallocate(0, 2L * BLOCK));
            int before = maps();
            FileFixture.write(file, BLOCK, FileFixture.bytes(BLOCK, 2));
            assertTrue(maps() > before, reason + ": the grant may be gone");
            file.close();
        }
        byte[] expected = FileFixture.bytes(3 * BLOCK, 1);
        Arrays.fill(expected, BLOCK, 2 * BLOCK, (byte) 2);
        assertArrayEquals(expected, volume.committedBytes());
    }

    @Test
    void whatWasWrittenOutlivesTheRemovalOfAnotherFileOfThatName() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        volume.moveBeforeRemoval();
        fixture.client.remove(FakeVolume.NAME, FakeVolume.PATH);
        file.commit();
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
    }

    @Test
    void whatWasWrittenToAFileThatIsRemovedIsNoLossToTellOf() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        fixture.client.remove(FakeVolume.NAME, FakeVolume.PATH);
        file.commit();
        assertEquals(0, volume.size());
    }

    @Test
    void bytesCopiedWhileTheClientWasEndedAreDiscarded() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        file.commit();
        fixture.device.afterRead =
                () -> {
                    volume.refuse(Reason.REASON_FENCED);
                    fixture.scheduler.run(FakeServer.LEASE_MILLIS);
                };
        byte[] target = FileFixture.bytes(BLOCK, 9);
        OutlayException e =
                assertThrows(
                        OutlayException.class, () -> file.read(MemorySegment.ofArray(target), 0));
        assertTrue(e.is(dev.outlay.core.value.Reason.FENCED), e.getMessage());
        assertArrayEquals(new byte[BLOCK], target);
    }

    @Test
    void aCopyThatOutlastsTheLeaseIsMadeAgainUnderANewOne() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        file.commit();
        int[] copies = {0};
        fixture.device.afterRead =
                () -> {
                    if (copies[0]++ == 0) {
                        fixture.network.down(true);
                        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
                        fixture.network.down(false);
                    }
                };
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), FileFixture.read(file, 0, BLOCK));
        assertEquals(2, copies[0]);
    }

    @Test
    void whatIsCopiedWithoutALeaseIsReadUnderANewOneOrByNobody() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        file.commit();
        volume.renewing(false);
        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
        byte[] target = FileFixture.bytes(BLOCK, 9);
        OutlayException e =
                assertThrows(
                        OutlayException.class, () -> file.read(MemorySegment.ofArray(target), 0));
        assertTrue(e.is(dev.outlay.core.value.Reason.EXPIRED), e.getMessage());
        assertArrayEquals(new byte[BLOCK], target);
        volume.renewing(true);
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), FileFixture.read(file, 0, BLOCK));
    }

    @Test
    void aDeviceThatRefusesWithoutALeaseIsReadUnderANewOne() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        file.commit();
        fixture.network.down(true);
        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
        fixture.network.down(false);
        fixture.device.failReads = 1;
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), FileFixture.read(file, 0, BLOCK));
        fixture.device.failReads = 1;
        byte[] target = FileFixture.bytes(BLOCK, 9);
        assertThrows(
                dev.outlay.client.device.DeviceException.class,
                () -> file.read(MemorySegment.ofArray(target), 0));
        assertArrayEquals(new byte[BLOCK], target);
    }

    // ---- the lease

    @Test
    void nothingIsStoredAfterTheLease() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        long stored = fixture.device.storedBytes;
        volume.renewing(false);
        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
        OutlayException e =
                assertThrows(
                        OutlayException.class,
                        () -> FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 2)));
        assertTrue(e.is(dev.outlay.core.value.Reason.EXPIRED), e.getMessage());
        assertEquals(stored, fixture.device.storedBytes);
        volume.renewing(true);
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 3));
        file.commit();
        assertArrayEquals(FileFixture.bytes(BLOCK, 3), volume.committedBytes());
    }

    @Test
    void theLeaseIsLookedAtBeforeEachBatch() throws IOException {
        BlockFile file = fixture.open();
        int[] batches = {0};
        fixture.device.beforeWrite =
                () -> {
                    if (++batches[0] == 2) {
                        volume.renewing(false);
                        fixture.scheduler.run(FakeServer.LEASE_MILLIS);
                    }
                };
        assertThrows(
                OutlayException.class,
                () -> FileFixture.write(file, 0, FileFixture.bytes(100 * BLOCK, 1)));
        assertEquals(2, batches[0]);
    }

    // ---- devices

    @Test
    void anotherLifeOfTheDeviceIsNotTouched() throws IOException {
        volume.incarnation(4);
        BlockFile file = fixture.open();
        OutlayException e =
                assertThrows(
                        OutlayException.class,
                        () -> FileFixture.write(file, 0, FileFixture.bytes(10, 1)));
        assertTrue(e.is(dev.outlay.core.value.Reason.DEVICE_MISMATCH), e.getMessage());
        assertEquals(0, fixture.device.storedBytes + fixture.device.zeroedBytes);
        assertEquals(2, volume.seen(Request.BodyCase.GET_DEVICES).size());
        // The server hears of the new life: one more look, and all is well.
        volume.incarnation(3);
        FileFixture.write(file, 0, FileFixture.bytes(10, 1));
        file.commit();
        assertEquals(3, fixture.devicesOpened);
    }

    // ---- handles

    @Test
    void allHandlesOfAFileShareWhatIsHeld() throws IOException {
        BlockFile one = fixture.open();
        BlockFile two = fixture.open();
        FileFixture.write(one, 0, FileFixture.bytes(100, 1));
        assertArrayEquals(FileFixture.bytes(100, 1), FileFixture.read(two, 0, 100));
        one.close();
        assertArrayEquals(FileFixture.bytes(100, 1), volume.committedBytes());
        assertTrue(volume.holdsAnything());
        two.close();
        assertFalse(volume.holdsAnything());
        assertTrue(fixture.client.held(FakeVolume.NAME, new FileId(FakeVolume.FILE)).isEmpty());
    }

    @Test
    void buffersMoveByWhatWasReadAndWritten() throws IOException {
        BlockFile file = fixture.open();
        ByteBuffer source = ByteBuffer.wrap(FileFixture.bytes(100, 1), 20, 50);
        file.write(source, 0);
        assertFalse(source.hasRemaining());
        ByteBuffer target = ByteBuffer.allocateDirect(80);
        assertEquals(50, file.read(target, 0));
        assertEquals(50, target.position());
        assertEquals(-1, file.read(target, 50));
        assertEquals(50, file.size());
    }

    @Test
    void closedAndReadOnlyHandlesRefuse() throws IOException {
        BlockFile reader =
                fixture.client.open(FakeVolume.NAME, FakeVolume.PATH, StandardOpenOption.READ);
        assertThrows(
                NonWritableChannelException.class, () -> FileFixture.write(reader, 0, new byte[1]));
        reader.close();
        reader.close();
        assertThrows(ClosedChannelException.class, () -> FileFixture.read(reader, 0, 1));
    }

    @Test
    void closingTheClientCommitsAndEndsIt() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(100, 1));
        fixture.client.close();
        assertArrayEquals(FileFixture.bytes(100, 1), volume.committedBytes());
        assertEquals(1, volume.seen(Request.BodyCase.END_CLIENT).size());
        assertThrows(
                OutlayException.class,
                () -> fixture.client.lookup(FakeVolume.NAME, FakeVolume.PATH));
        file.close();
        fixture.client.close();
    }

    @Test
    void aDetachedSessionGoesOnWithFreshOperationIds() throws IOException {
        fixture.client.truncate(FakeVolume.NAME, FakeVolume.PATH, 10);
        SavedSession saved = fixture.client.detach();
        assertEquals(2, saved.nextOperationIds().get(FakeVolume.NAME));
        assertEquals(
                12, saved.skipping(FakeVolume.NAME, 10).nextOperationIds().get(FakeVolume.NAME));
        assertTrue(volume.seen(Request.BodyCase.END_CLIENT).isEmpty());
        assertFalse(saved.toString().contains(saved.secret()));
    }

    // ---- re-attach

    private static final Notice REATTACH =
            Notice.newBuilder()
                    .setReattach(Reattach.newBuilder().setVolume(FakeVolume.NAME))
                    .build();

    private BlockFile committedAndGivenBack() throws IOException {
        try (BlockFile file = fixture.open()) {
            FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 1));
        }
        assertFalse(volume.holdsAnything());
        return fixture.open();
    }

    @Test
    void whatIsGrantedInOneMessageWithTheCallToReattachIsRestated() throws IOException {
        BlockFile file = committedAndGivenBack();
        volume.tellWithMap(REATTACH);
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), FileFixture.read(file, 0, BLOCK));
        fixture.scheduler.run(100);
        ReattachRequest restated = volume.seen(Request.BodyCase.REATTACH).getLast().getReattach();
        assertEquals(1, restated.getVolumes(0).getLayoutsCount());
        assertEquals(FakeVolume.FILE, restated.getVolumes(0).getLayouts(0).getFileId());
        assertEquals(BLOCK, restated.getVolumes(0).getLayouts(0).getRanges(0).getLength());
        file.close();
    }

    @Test
    void whatIsToldBehindAReattachThatDidNotNameItIsMappedAnew() throws IOException {
        BlockFile file = committedAndGivenBack();
        int before = maps();
        List<Runnable> heldBack = new ArrayList<>();
        volume.delayReplies(heldBack::add);
        fixture.scheduler.schedule(
                10,
                () -> {
                    assertEquals(before + 1, maps());
                    volume.forgetGrants();
                    volume.tell(REATTACH);
                });
        fixture.scheduler.schedule(
                20,
                () -> {
                    assertEquals(1, volume.seen(Request.BodyCase.REATTACH).size());
                    volume.delayReplies(Runnable::run);
                    heldBack.forEach(Runnable::run);
                });
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), FileFixture.read(file, 0, BLOCK));
        assertEquals(before + 2, maps(), "the server does not know of the first grant any more");
        file.close();
    }
}
