package dev.outlay.core.op;

import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.6: shrinking and extending, and the zeros both leave behind. */
class TruncateTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void anEmptyFileIsExtendedByAHole() {
        FileChanged extended = a.truncates(file, 10_000).ok();
        assertEquals(10_000, extended.attributes().sizeBytes());
        assertEquals("...", kit.picture(file, 3));
        assertEquals(List.of(), kit.works());
    }

    @Test
    void scenario9AGapExposedByExtensionIsZeroedIfAWriterHeldTheLastBlock() {
        a.writesBytes(file, 100);
        Execution extension = a.truncates(file, blocks(2)).start();
        Work work = kit.works().getFirst();
        assertEquals(work.id(), extension.awaitedWork().orElseThrow());
        assertEquals(BLOCK - 100, work.zero().getFirst().length());
        assertEquals(100, kit.size(file), "the size changes once the zeros are durable");
        kit.completeAll();
        assertEquals(blocks(2), kit.size(file));
        assertEquals(List.of(), a.holds(file));
    }

    @Test
    void scenario9BlocksCommittedPastTheEndBecomeHolesWhenItMovesOverThem() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        a.commits(file, held).lastWrite(blocks(1) - 1).ok();
        assertEquals("WWWW", kit.picture(file, 4));
        a.truncates(file, blocks(2)).ok();
        assertEquals("W.WW", kit.picture(file, 4));
        a.truncates(file, blocks(4)).ok();
        assertEquals("W...", kit.picture(file, 4));
    }

    @Test
    void scenario10ShrinkToMidBlockZeroesTheTailFirst() {
        a.writes(file, 0, blocks(3));
        Extent extent = kit.extents(file).getFirst();
        Execution shrink = a.truncates(file, BLOCK + 10).start();
        Work work = kit.works().getFirst();
        assertEquals(work.id(), shrink.awaitedWork().orElseThrow());
        assertEquals(extent.deviceOffset() + BLOCK + 10, work.zero().getFirst().start());
        assertEquals(BLOCK - 10, work.zero().getFirst().length());
        assertEquals("WWW", kit.picture(file, 3), "nothing is freed before");
        kit.completeAll();
        assertEquals("WW.", kit.picture(file, 3));
        assertEquals(BLOCK + 10, kit.size(file));
        a.truncates(file, blocks(3)).ok();
        assertEquals("WW.", kit.picture(file, 3));
    }

    @Test
    void scenario30OthersAreInTheWayOfACut() {
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        b.mapsRead(file, blocks(2), blocks(2)).ok();
        a.truncates(file, blocks(1)).refused(Reason.TRY_LATER);
        assertEquals(blocks(4), kit.size(file));
        b.returnsAll(file).ok();
        a.truncates(file, blocks(1)).ok();
        assertEquals(63, kit.freeBlocks());
    }

    @Test
    void othersBelowTheCutAreNotInTheWay() {
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        a.truncates(file, blocks(2)).ok();
        assertEquals("WW..", kit.picture(file, 4));
    }

    @Test
    void scenario50OwnGrantsThereEndWithTheReply() {
        a.writes(file, 0, blocks(4));
        FileChanged cut = a.truncates(file, blocks(1)).ok();
        assertEquals(1, cut.returned().size());
        assertEquals(List.of(writing(0, blocks(1))), a.holds(file));
        assertEquals(cut.returned().getFirst().remaining().orElseThrow(), a.stateid(file));
        assertEquals("W...", kit.picture(file, 4));
    }

    @Test
    void scenario52ACrashBetweenZeroingAndRecordLeavesOldBytesBelowTheCut() {
        a.writes(file, 0, blocks(2));
        Request<FileChanged> shrink = a.truncates(file, 100);
        shrink.start();
        kit.crash();
        assertEquals(blocks(2), kit.size(file));
        assertEquals("WW", kit.picture(file, 2));
        assertEquals(1, kit.works().size(), "the zeros are written again");
        a.reattaches();
        assertTrue(shrink.start().awaitedWork().isPresent(), "a retry joins the first try");
        kit.completeAll();
        assertEquals(100, kit.size(file));
        FileChanged answer = shrink.ok();
        assertEquals(100, answer.attributes().sizeBytes());
        b.reattaches();
        kit.endGrace();
    }

    @Test
    void aRetryWhileTheZeroingRunsWaitsForItAndGetsTheOneAnswer() {
        a.writes(file, 0, blocks(2));
        Request<FileChanged> shrink = a.truncates(file, 100);
        long work = shrink.start().awaitedWork().orElseThrow();
        assertEquals(work, shrink.start().awaitedWork().orElseThrow());
        assertEquals(1, kit.works().size());
        kit.complete(work);
        int records = kit.journalRecords();
        FileChanged first = shrink.ok();
        assertEquals(first, shrink.ok());
        assertEquals(records, kit.journalRecords());
        assertEquals(1, first.returned().size());
    }

    @Test
    void theRangeIsBlockedWhileItIsZeroed() {
        a.writes(file, 0, blocks(4));
        a.truncates(file, BLOCK + 10).start();
        assertTrue(b.mapsRead(file, 0, blocks(4)).min(blocks(4)).start().awaitedWork().isPresent());
        assertTrue(b.mapsRw(file, blocks(3), blocks(1)).start().awaitedWork().isPresent());
        assertTrue(b.truncates(file, blocks(8)).start().awaitedWork().isPresent());
        assertTrue(b.punches(file, 0, blocks(2)).start().awaitedWork().isPresent());
        assertTrue(b.allocates(file, blocks(2), blocks(2)).start().awaitedWork().isPresent());
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(1)).ok();
    }

    @Test
    void anExtensionHoldsBackGrowthByCommitUntilItIsDone() {
        a.writesBytes(file, 100);
        Mapped far = b.mapsRw(file, blocks(9), blocks(1)).ok();
        a.truncates(file, blocks(2)).start();
        CommitRequest growth = b.commits(file, far).lastWrite(blocks(10) - 1);
        assertTrue(growth.start().awaitedWork().isPresent());
        kit.completeAll();
        assertEquals(blocks(2), kit.size(file));
        growth.ok();
        assertEquals(blocks(10), kit.size(file));
        assertEquals("W........W", kit.picture(file, 10));
    }

    @Test
    void extensionIsInNobodysWayWhoWritesFreshBlocksPastTheEnd() {
        a.writes(file, 0, blocks(1));
        Mapped fresh = b.mapsRw(file, blocks(2), blocks(2)).ok();
        a.truncates(file, blocks(8)).ok();
        b.commits(file, fresh).ok();
        assertEquals("W.WW", kit.picture(file, 4));
    }

    @Test
    void extensionOverSomebodysCommittedBlocksHasToWait() {
        a.writes(file, 0, blocks(1));
        Mapped past = b.mapsRw(file, blocks(2), blocks(2)).ok();
        b.commits(file, past).ok();
        a.truncates(file, blocks(8)).refused(Reason.TRY_LATER);
        b.returnsAll(file).ok();
        a.truncates(file, blocks(8)).ok();
        assertEquals("W...", kit.picture(file, 4));
    }

    @Test
    void theSameSizeMovesOnlyTimesAndCounter() {
        a.writesBytes(file, 100);
        long counter = kit.attributes(file).changeCounter();
        FileChanged same = a.truncates(file, 100).ok();
        assertEquals(counter + 1, same.attributes().changeCounter());
        assertEquals(1, a.holds(file).size());
    }

    @Test
    void sizesOutOfRange() {
        a.truncates(file, -1).refused(Reason.INVALID_ARGUMENT);
        a.truncates(file, Limits.DEFAULT.fileBytes() + 1).refused(Reason.TOO_LARGE);
        a.truncates(file, Limits.DEFAULT.fileBytes()).ok();
        a.truncates(file, 0).ok();
        a.truncates(FileId.ROOT, 0).refused(Reason.IS_DIRECTORY);
    }

    @Test
    void aFileRemovedWhileItIsZeroedAnswersStale() {
        a.writes(file, 0, blocks(2));
        Request<FileChanged> shrink = a.truncates(file, 100);
        shrink.start();
        b.removes(FileId.ROOT, "file").ok();
        assertEquals(blocks(2), kit.space().pending());
        kit.completeAll();
        shrink.refused(Reason.STALE_FILE);
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void aClientThatEndsWhileItsTruncateRunsHasTruncated() {
        a.writes(file, 0, blocks(2));
        a.truncates(file, 100).start();
        a.ends();
        kit.completeAll();
        assertEquals(100, kit.size(file));
        assertEquals("W.", kit.picture(file, 2));
    }

    @Test
    void blocksAtRiskGoToQuarantineWhenTheyAreCut() {
        a.writes(file, 0, blocks(2));
        a.end(EndCause.REVOKED);
        assertEquals("RR", kit.picture(file, 2));
        b.truncates(file, blocks(1)).ok();
        assertEquals("R.", kit.picture(file, 2));
        assertEquals(BLOCK, kit.space().quarantined());
        b.truncates(file, 0).ok();
        assertEquals(62, kit.freeBlocks());
        assertEquals(blocks(2), kit.space().quarantined());
    }

    @Test
    void aLapsedHolderIsRevokedByTheCut() {
        a.writes(file, 0, blocks(2));
        a.lapses();
        b.truncates(file, 0).ok();
        assertEquals(blocks(2), kit.space().quarantined());
        a.mapsRw(file, 0, blocks(1)).refused(Reason.FENCED);
    }
}
