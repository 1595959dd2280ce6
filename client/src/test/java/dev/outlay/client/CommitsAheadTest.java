package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.device.DeviceException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Commits that go on by themselves while the file is written further. */
final class CommitsAheadTest {

    private static final int BLOCK = FakeVolume.BLOCK;
    private static final int SETTLE_MILLIS = 100;

    private final FileFixture fixture = new FileFixture(13);
    private final FakeVolume volume = fixture.volume;
    private final BlockFile file;

    CommitsAheadTest() throws IOException {
        volume.handOutInOrder();
        file = fixture.open();
    }

    private void write(int offset, int length, int value) throws IOException {
        FileFixture.write(file, offset, FileFixture.bytes(length, value));
    }

    /** What was asked for, however often it had to be repeated. */
    private List<CommitBlocksRequest> commits() {
        return volume.seen(Request.BodyCase.COMMIT_BLOCKS).stream()
                .map(Request::getCommitBlocks)
                .distinct()
                .toList();
    }

    private int returns() {
        return volume.seen(Request.BodyCase.RETURN_LAYOUT).size();
    }

    /** Answers are held back from now on, until the list is worked off. */
    private List<Runnable> holdBackAnswers() {
        List<Runnable> heldBack = new ArrayList<>();
        volume.delayReplies(heldBack::add);
        return heldBack;
    }

    private void answer(List<Runnable> heldBack) {
        volume.delayReplies(Runnable::run);
        heldBack.forEach(Runnable::run);
    }

    private static Throwable failure(CompletableFuture<Void> failed) {
        Throwable cause = assertThrows(CompletionException.class, failed::join).getCause();
        return cause == null ? new AssertionError("no cause") : cause;
    }

    // ---- going on

    @Test
    void theCallerWritesOnMeanwhile() throws IOException {
        write(0, BLOCK, 1);
        CompletableFuture<Void> first = file.commitAsync();
        assertFalse(first.isDone());
        write(BLOCK, BLOCK, 2);
        fixture.scheduler.run(SETTLE_MILLIS);
        first.join();
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
        CompletableFuture<Void> second = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        second.join();
        assertEquals(2, commits().size());
        assertEquals(2 * BLOCK, volume.size());
    }

    @Test
    void withoutAnythingWrittenNobodyIsAsked() throws IOException {
        CompletableFuture<Void> done = file.commitAsync();
        fixture.scheduler.run(1);
        done.join();
        assertEquals(List.of(), commits());
    }

    @Test
    void whatIsAskedForBeforeOneBeginsGoesTogether() throws IOException {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            write(i * BLOCK, BLOCK, 1);
            all.add(file.commitAsync());
        }
        fixture.scheduler.run(SETTLE_MILLIS);
        all.forEach(CompletableFuture::join);
        assertEquals(1, commits().size());
        assertEquals(1, fixture.device.flushes);
    }

    @Test
    void aFewAreUnderWayAtOnceAndTheRestGoesTogether() throws IOException {
        write(0, 10 * BLOCK, 9);
        file.commit();
        List<Runnable> heldBack = holdBackAnswers();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            write(i * BLOCK, BLOCK, 1);
            all.add(file.commitAsync());
            fixture.scheduler.run(10);
        }
        assertEquals(1 + 4, commits().size());
        assertTrue(all.stream().noneMatch(CompletableFuture::isDone));
        answer(heldBack);
        fixture.scheduler.run(SETTLE_MILLIS);
        all.forEach(CompletableFuture::join);
        assertEquals(1 + 4 + 1, commits().size());
        assertArrayEquals(FileFixture.bytes(10 * BLOCK, 1), volume.committedBytes());
    }

    @Test
    void aFutureIsDoneOnlyWhenAllBeforeItIs() throws IOException {
        write(0, 2 * BLOCK, 9);
        file.commit();
        List<Runnable> heldBack = holdBackAnswers();
        write(0, BLOCK, 1);
        var _ = file.commitAsync();
        fixture.scheduler.run(10);
        write(BLOCK, BLOCK, 2);
        CompletableFuture<Void> second = file.commitAsync();
        fixture.scheduler.run(10);
        assertEquals(2, heldBack.size());
        heldBack.removeLast().run();
        fixture.scheduler.run(10);
        assertFalse(second.isDone());
        answer(heldBack);
        fixture.scheduler.run(10);
        second.join();
    }

    @Test
    void whatIsStoredAgainRemainsForTheNextCommit() throws IOException {
        volume.expectStoresUnderWay();
        write(0, 100, 1);
        List<Runnable> heldBack = holdBackAnswers();
        CompletableFuture<Void> first = file.commitAsync();
        fixture.scheduler.run(10);
        assertEquals(99, commits().getFirst().getLastWriteOffset());
        write(50, 100, 2);
        assertEquals(BLOCK - 100, fixture.device.zeroedBytes, "it is filled already");
        answer(heldBack);
        fixture.scheduler.run(10);
        first.join();
        assertEquals(100, volume.size());
        assertEquals(150, file.size(), "with what is not committed");
        int flushes = fixture.device.flushes;
        file.commit();
        assertEquals(flushes + 1, fixture.device.flushes);
        assertEquals(2, commits().size());
        byte[] expected = FileFixture.bytes(150, 2);
        Arrays.fill(expected, 0, 50, (byte) 1);
        assertArrayEquals(expected, volume.committedBytes());
    }

    @Test
    void whatIsUnderWayIsRead() throws IOException {
        write(0, BLOCK, 1);
        List<Runnable> heldBack = holdBackAnswers();
        var _ = file.commitAsync();
        fixture.scheduler.run(10);
        write(BLOCK, 10, 2);
        byte[] expected = FileFixture.bytes(BLOCK + 10, 1);
        Arrays.fill(expected, BLOCK, BLOCK + 10, (byte) 2);
        int maps = volume.seen(Request.BodyCase.MAP_BLOCKS).size();
        fixture.scheduler.schedule(10, () -> answer(heldBack));
        assertArrayEquals(expected, FileFixture.read(file, 0, BLOCK + 10));
        assertEquals(maps, volume.seen(Request.BodyCase.MAP_BLOCKS).size());
    }

    // ---- who waits for it

    @Test
    void aCommitWaitsForWhatIsUnderWay() throws IOException {
        write(0, BLOCK, 1);
        var _ = file.commitAsync();
        file.commit();
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
        assertEquals(1, commits().size(), "there was nothing left");
    }

    @Test
    void aRecallWaitsForWhatIsUnderWay() throws IOException {
        write(0, 2 * BLOCK, 1);
        List<Runnable> heldBack = holdBackAnswers();
        CompletableFuture<Void> first = file.commitAsync();
        fixture.scheduler.run(10);
        volume.recallRange(new ByteRange(0, BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(0, returns());
        answer(heldBack);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(1, returns());
        assertEquals(1, commits().size());
        first.join();
    }

    @Test
    void aRecallCommitsWhatNobodyHasBegunToCommit() throws IOException {
        write(0, BLOCK, 1);
        CompletableFuture<Void> first = file.commitAsync();
        volume.recallRange(new ByteRange(0, BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        first.join();
        assertEquals(List.of(), volume.recalls());
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
    }

    @Test
    void aChangedRecallWaitsForWhatIsUnderWayToo() throws IOException {
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        write(0, BLOCK, 1);
        List<Runnable> heldBack = holdBackAnswers();
        CompletableFuture<Void> first = file.commitAsync();
        fixture.scheduler.run(10);
        write(BLOCK, BLOCK, 2);
        volume.recallRange(new ByteRange(0, 2 * BLOCK), true);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(0, returns());
        answer(heldBack);
        fixture.scheduler.run(SETTLE_MILLIS);
        first.join();
        assertEquals(1, commits().size(), "the rest is sent through the server");
        assertEquals(2 * BLOCK, volume.size());
    }

    @Test
    void aCloseWaitsForWhatIsUnderWay() throws IOException {
        write(0, BLOCK, 1);
        CompletableFuture<Void> first = file.commitAsync();
        file.close();
        assertFalse(volume.holdsAnything());
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
        fixture.scheduler.run(1);
        first.join();
    }

    @Test
    void aSessionIsHandedOnWithNothingUnderWay() throws IOException {
        write(0, BLOCK, 1);
        var _ = file.commitAsync();
        SavedSession saved = fixture.client.detach();
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
        assertEquals(3, saved.nextOperationIds().get(FakeVolume.NAME));
    }

    // ---- failures

    @Test
    void aFailedFlushIsToldByTheFutureAndByTheNextCommit() throws IOException {
        write(0, BLOCK, 1);
        file.commit();
        write(BLOCK, 100, 2);
        fixture.device.failFlush = true;
        CompletableFuture<Void> failed = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        fixture.device.failFlush = false;
        Throwable e = failure(failed);
        assertTrue(e instanceof DeviceException, e.toString());
        String told = String.valueOf(e.getMessage());
        assertTrue(told.contains("file 2 at [[4096, 4196)] and not committed is lost"), told);
        OutlayException again = assertThrows(OutlayException.class, file::commit);
        assertTrue(again.getMessage().contains("[[4096, 4196)]"), again.getMessage());
        file.commit();
        assertEquals(BLOCK, volume.size());
        write(BLOCK, 100, 3);
        CompletableFuture<Void> second = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        second.join();
        assertEquals(BLOCK + 100, volume.size());
    }

    @Test
    void aFutureTellsOfItsOwnLossesOnly() throws IOException {
        write(0, 4 * BLOCK, 9);
        file.commit();
        write(0, BLOCK, 1);
        int flushed = fixture.device.flushes;
        fixture.device.failFlushes = count -> count == flushed + 1;
        CompletableFuture<Void> failed = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        write(BLOCK, BLOCK, 2);
        CompletableFuture<Void> next = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        assertTrue(failed.isCompletedExceptionally());
        next.join();
        OutlayException again = assertThrows(OutlayException.class, file::flush);
        assertTrue(again.getMessage().contains("[[0, 4096)]"), again.getMessage());
    }

    @Test
    void whatIsLostBetweenTwoOfThemIsToldByTheSecond() throws IOException {
        write(0, BLOCK, 1);
        volume.forgetGrants();
        volume.refuseNextCommit(Reason.REASON_BAD_STATEID);
        CompletableFuture<Void> failed = file.commitAsync();
        write(BLOCK, BLOCK, 2);
        fixture.scheduler.run(SETTLE_MILLIS);
        String told = String.valueOf(failure(failed).getMessage());
        assertTrue(told.contains("[[0, 4096)]"), told);
        CompletableFuture<Void> second = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        String toldSecond = String.valueOf(failure(second).getMessage());
        assertTrue(toldSecond.contains("[[4096, 8192)]"), toldSecond);
        CompletableFuture<Void> third = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        third.join();
    }

    @Test
    void whatMayBeRepeatedGoesWithTheNextCommit() throws IOException {
        write(0, BLOCK, 1);
        volume.refuseNextCommit(Reason.REASON_READ_ONLY);
        CompletableFuture<Void> failed = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        Throwable e = failure(failed);
        assertTrue(
                e instanceof OutlayException refused
                        && refused.is(dev.outlay.core.value.Reason.READ_ONLY),
                e.toString());
        CompletableFuture<Void> second = file.commitAsync();
        fixture.scheduler.run(SETTLE_MILLIS);
        second.join();
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
    }

    @Test
    void aStateidThatWasOvertakenIsNoFailure() throws IOException {
        write(0, BLOCK, 1);
        CompletableFuture<Void> first = file.commitAsync();
        volume.restart();
        fixture.network.cut();
        fixture.scheduler.run(10_000);
        first.join();
        assertArrayEquals(FileFixture.bytes(BLOCK, 1), volume.committedBytes());
    }

    @Test
    void nothingGoesBackWhileACommitThatNamesItIsUnderWay() throws IOException {
        volume.expectStoresUnderWay();
        write(0, BLOCK, 1);
        List<Runnable> heldBack = holdBackAnswers();
        var _ = file.commitAsync();
        fixture.scheduler.run(10);
        write(0, BLOCK, 2);
        fixture.device.failFlush = true;
        var _ = file.commitAsync();
        fixture.scheduler.run(10);
        fixture.device.failFlush = false;
        fixture.scheduler.schedule(
                50,
                () -> {
                    assertEquals(0, returns(), "the commit comes first");
                    answer(heldBack);
                });
        write(0, BLOCK, 3);
        assertEquals(1, returns());
    }
}
