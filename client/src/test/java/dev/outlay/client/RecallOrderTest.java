package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Recall;
import dev.outlay.v1.Request.BodyCase;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ShedLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** In which order a client answers recalls, and with what: scenarios 14, 15, 18 and 20. */
final class RecallOrderTest {

    private static final int BLOCK = FakeVolume.BLOCK;
    private static final long SETTLE_MILLIS = 100;

    private final FileFixture fixture;
    private final FakeVolume volume;

    RecallOrderTest() throws OutlayException {
        fixture = new FileFixture(1);
        volume = fixture.volume;
    }

    private List<ReturnLayoutRequest> returns() {
        return volume.seen(BodyCase.RETURN_LAYOUT).stream()
                .map(request -> request.getReturnLayout())
                .toList();
    }

    @Test
    void scenario14ARecallThatOvertakesAGrantWaitsForIt() throws IOException {
        BlockFile file = fixture.open();
        List<Runnable> heldBack = new ArrayList<>();
        volume.delayReplies(heldBack::add);
        fixture.scheduler.schedule(
                10,
                () -> {
                    // The grant is made and its answer held back; the recall comes first.
                    assertEquals(1, volume.seen(BodyCase.MAP_BLOCKS).size());
                    volume.recallRange(new ByteRange(0, BLOCK), false);
                });
        fixture.scheduler.schedule(
                20,
                () -> {
                    assertEquals(1, volume.seen(BodyCase.ACKNOWLEDGE_RECALL).size(), "at once");
                    assertEquals(List.of(), returns(), "not before the answer to its own request");
                    volume.delayReplies(Runnable::run);
                    heldBack.forEach(Runnable::run);
                });
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 7));
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(1, returns().size());
        assertTrue(returns().getFirst().getFile().hasStateid(), "that layout, too");
        assertEquals(List.of(), volume.recalls());
        file.commit();
        assertArrayEquals(FileFixture.bytes(BLOCK, 7), volume.committedBytes());
    }

    @Test
    void scenario15NothingHeldIsSaidWithoutAStateid() throws IOException {
        BlockFile file = fixture.open();
        volume.recallRange(new ByteRange(0, BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(1, returns().size());
        assertFalse(returns().getFirst().getFile().hasStateid());
        assertEquals(BLOCK, returns().getFirst().getFile().getRanges(0).getLength());
        assertEquals(List.of(), volume.recalls());
        file.close();
    }

    @Test
    void aRecallCommitsFirstAndOnlyWhatIsAskedForGoes() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(4 * BLOCK, 7));
        volume.recallRange(new ByteRange(BLOCK, 2 * BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        List<BodyCase> order =
                volume.seen().stream()
                        .map(request -> request.getBodyCase())
                        .filter(
                                body ->
                                        body == BodyCase.ACKNOWLEDGE_RECALL
                                                || body == BodyCase.COMMIT_BLOCKS
                                                || body == BodyCase.RETURN_LAYOUT)
                        .toList();
        assertEquals(
                List.of(
                        BodyCase.ACKNOWLEDGE_RECALL,
                        BodyCase.COMMIT_BLOCKS,
                        BodyCase.RETURN_LAYOUT),
                order);
        assertEquals(
                BLOCK,
                volume.seen(BodyCase.COMMIT_BLOCKS)
                        .getFirst()
                        .getCommitBlocks()
                        .getRanges(0)
                        .getFileOffset());
        assertTrue(volume.holdsAnything(), "the rest stands");
        file.commit();
        assertArrayEquals(FileFixture.bytes(4 * BLOCK, 7), volume.committedBytes());
    }

    @Test
    void aCloseThatARecallOvertakesGivesBackUnderTheNewerSeqid() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(4 * BLOCK, 7));
        file.commit();
        volume.returnsLater(1);
        fixture.scheduler.schedule(
                10,
                () -> {
                    assertEquals(1, returns().size(), "sent, and to come again");
                    volume.recallRange(new ByteRange(BLOCK, 2 * BLOCK), false);
                });
        file.close();
        assertEquals(List.of(), volume.recalls());
        assertFalse(volume.holdsAnything());
        assertEquals(4, returns().size(), "twice as it was, once for the recall, and once anew");
    }

    @Test
    void aGrantThatARecallOvertakesIsAskedForUnderTheNewerSeqid() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(2 * BLOCK, 7));
        file.commit();
        volume.heldByOthers(new ByteRange(8 * BLOCK, 9 * BLOCK));
        fixture.scheduler.schedule(10, () -> volume.recallRange(new ByteRange(0, BLOCK), false));
        fixture.scheduler.schedule(40, volume::othersReturn);
        FileFixture.write(file, 8L * BLOCK, FileFixture.bytes(BLOCK, 8));
        file.close();
        assertEquals(List.of(), volume.recalls());
        assertEquals(9L * BLOCK, volume.size());
    }

    @Test
    void whoKnowsNoNewerSeqidNamesNone() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(2 * BLOCK, 7));
        file.commit();
        volume.useNewerSeqid();
        FileFixture.write(file, 1L << 20, FileFixture.bytes(BLOCK, 8));
        file.commit();
        volume.useNewerSeqid();
        file.close();
        assertFalse(volume.holdsAnything());
    }

    @Test
    void whatARecallCouldNotMakeDurableIsToldByTheNextCommit() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(2 * BLOCK, 7));
        fixture.device.failFlush = true;
        volume.recallRange(new ByteRange(BLOCK, 2 * BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        fixture.device.failFlush = false;
        assertEquals(List.of(), volume.recalls());
        OutlayException told = assertThrows(OutlayException.class, file::commit);
        assertTrue(told.getMessage().contains("is lost"), told::getMessage);
        file.commit();
        assertArrayEquals(FileFixture.bytes(BLOCK, 7), volume.committedBytes());
    }

    @Test
    void scenario18ChangedMeansThroughTheServer() throws IOException {
        BlockFile file = fixture.open();
        fixture.client.serverWrites((_, _, offset, bytes) -> volume.write(offset, bytes));
        FileFixture.write(file, 0, FileFixture.bytes(2 * BLOCK + 100, 7));
        volume.recallRange(new ByteRange(0, 8 * BLOCK), true);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(List.of(), volume.seen(BodyCase.COMMIT_BLOCKS), "nothing by layout");
        assertEquals(List.of(), volume.recalls());
        assertArrayEquals(FileFixture.bytes(2 * BLOCK + 100, 7), volume.committedBytes());
        assertArrayEquals(
                FileFixture.bytes(2 * BLOCK + 100, 7),
                FileFixture.read(file, 0, 3 * BLOCK),
                "and this client reads it");
        file.commit();
    }

    /** Refuses what is sent through the server so many times, then takes it. */
    private void refuseWrites(int times, Reason reason) {
        int[] left = {times};
        fixture.client.serverWrites(
                (_, _, offset, bytes) -> {
                    if (left[0]-- > 0) {
                        throw OutlayException.of(reason, "not now");
                    }
                    return volume.write(offset, bytes);
                });
    }

    private BlockFile writtenAndRecalled(byte[] bytes) throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, bytes);
        volume.recallRange(new ByteRange(0, 8 * BLOCK), true);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(List.of(), volume.recalls());
        assertArrayEquals(new byte[0], volume.committedBytes(), "not sent yet");
        return file;
    }

    @Test
    void scenario18WhatCannotBeSentYetGoesWithTheCommit() throws IOException {
        refuseWrites(1, Reason.NO_SPACE);
        byte[] bytes = FileFixture.bytes(2 * BLOCK + 100, 7);
        BlockFile file = writtenAndRecalled(bytes);
        file.commit();
        assertArrayEquals(bytes, volume.committedBytes());
        file.close();
    }

    @Test
    void scenario18WhatCannotBeSentYetGoesBeforeWhatIsWrittenNext() throws IOException {
        refuseWrites(1, Reason.NO_SPACE);
        byte[] bytes = FileFixture.bytes(2 * BLOCK, 7);
        BlockFile file = writtenAndRecalled(bytes);
        FileFixture.write(file, 100, FileFixture.bytes(BLOCK, 8));
        file.commit();
        System.arraycopy(FileFixture.bytes(BLOCK, 8), 0, bytes, 100, BLOCK);
        assertArrayEquals(bytes, volume.committedBytes());
        file.close();
    }

    @Test
    void scenario18WhatCannotBeSentYetGoesWithTheClose() throws IOException {
        refuseWrites(1, Reason.NO_SPACE);
        byte[] bytes = FileFixture.bytes(2 * BLOCK + 100, 7);
        BlockFile file = writtenAndRecalled(bytes);
        file.close();
        assertArrayEquals(bytes, volume.committedBytes());
        assertFalse(volume.holdsAnything());
    }

    @Test
    void scenario18WhatCanNeverBeSentIsToldAtTheClose() throws IOException {
        refuseWrites(Integer.MAX_VALUE, Reason.STALE_FILE);
        BlockFile file = writtenAndRecalled(FileFixture.bytes(BLOCK, 7));
        OutlayException told = assertThrows(OutlayException.class, file::close);
        assertTrue(told.getMessage().contains("is lost"), told::getMessage);
    }

    @Test
    void whatIsAskedForByHandIsTheHoldersToReturnThoughAnotherFileIsRecalledMeanwhile()
            throws OutlayException {
        List<ToldRecall> told = new ArrayList<>();
        fixture.client.onRecall(told::add);
        List<Runnable> heldBack = new ArrayList<>();
        volume.delayReplies(heldBack::add);
        fixture.scheduler.schedule(
                10,
                () ->
                        volume.tell(
                                Notice.newBuilder()
                                        .setRecall(
                                                Recall.newBuilder()
                                                        .setRecallId(100)
                                                        .setVolume(FakeVolume.NAME)
                                                        .setFile(
                                                                Recall.File.newBuilder()
                                                                        .setFileId(999)
                                                                        .addRanges(
                                                                                FileRange
                                                                                        .newBuilder()
                                                                                        .setOffset(
                                                                                                1L
                                                                                                        << 40)
                                                                                        .setLength(
                                                                                                BLOCK))))
                                        .build()));
        fixture.scheduler.schedule(
                20,
                () -> {
                    assertEquals(1, returns().size(), "that nothing of the other file is held");
                    volume.delayReplies(Runnable::run);
                    heldBack.forEach(Runnable::run);
                });
        fixture.client.mapBlocks(
                FakeVolume.NAME,
                MapRequest.of(new FileId(FakeVolume.FILE), 0, BLOCK, IoMode.RW, Optional.empty()));
        volume.recallRange(new ByteRange(0, BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(1, told.size(), "the holder is told");
        assertEquals(1, returns().size(), "and nothing is returned behind its back");
    }

    @Test
    void twoRecallsLeftToTheHolderAreHandedToItOnceEach() throws OutlayException {
        List<ToldRecall> told = new ArrayList<>();
        FileId file = new FileId(FakeVolume.FILE);
        fixture.client.onRecall(
                recall -> {
                    told.add(recall);
                    assertTrue(told.size() < 10, "each return makes the other recall come again");
                    try {
                        fixture.client.returnLayout(
                                FakeVolume.NAME,
                                new ReturnScope.OfFile(
                                        file,
                                        fixture.client
                                                .held(FakeVolume.NAME, file)
                                                .map(HeldLayout::stateid),
                                        ((RecallScope.Ranges) recall.scope()).ranges()));
                    } catch (OutlayException e) {
                        throw new AssertionError(e);
                    }
                });
        fixture.client.mapBlocks(
                FakeVolume.NAME, MapRequest.of(file, 0, 3 * BLOCK, IoMode.RW, Optional.empty()));
        volume.recallRange(new ByteRange(0, BLOCK), false);
        volume.recallRange(new ByteRange(BLOCK, 2 * BLOCK), false);
        fixture.scheduler.run(SETTLE_MILLIS);
        assertEquals(2, told.size(), "the third block is held still");
    }

    @Test
    void loadIsShedWhenAskedFor() throws IOException {
        BlockFile file = fixture.open();
        FileFixture.write(file, 0, FileFixture.bytes(BLOCK, 7));
        volume.tell(
                Notice.newBuilder()
                        .setShedLoad(
                                ShedLoad.newBuilder().setVolume(FakeVolume.NAME).setKeepLayouts(1))
                        .build());
        fixture.scheduler.run(SETTLE_MILLIS);
        assertTrue(volume.holdsAnything(), "one may be kept");
        volume.tell(
                Notice.newBuilder()
                        .setShedLoad(ShedLoad.newBuilder().setVolume(FakeVolume.NAME))
                        .build());
        fixture.scheduler.run(SETTLE_MILLIS);
        assertFalse(volume.holdsAnything());
        assertArrayEquals(FileFixture.bytes(BLOCK, 7), volume.committedBytes());
    }

    @Test
    void scenario20SeqidsWrapAndGapsAreSeen() {
        LayoutId id = new LayoutId(1, 2);
        Seqids seqids = new Seqids();
        seqids.settled(new Stateid(id, -2));
        assertTrue(seqids.isNext(new Stateid(id, -1)));
        assertFalse(seqids.isNext(new Stateid(id, 1)), "0xFFFFFFFF has not arrived");
        seqids.arrived(new Stateid(id, -1));
        assertTrue(seqids.isNext(new Stateid(id, 1)), "0xFFFFFFFF is followed by 1");
        seqids.arrived(new Stateid(id, 3));
        assertEquals(Optional.of(new Stateid(id, 3)), seqids.newest());
        assertFalse(seqids.isNext(new Stateid(id, 4)), "1 and 2 have not");
        seqids.arrived(new Stateid(id, 2));
        seqids.arrived(new Stateid(id, 1));
        assertTrue(seqids.isNext(new Stateid(id, 4)));
        assertFalse(seqids.isNext(new Stateid(new LayoutId(1, 3), 1)), "another layout");
    }
}
