package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sections 3.1 and 3.6: clones share blocks, and whoever writes next gets fresh ones. */
class CloneTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId source = a.creates("source");
    private final FileId copy = a.creates("copy");

    private void written(FileId file, int blocks) {
        a.writes(file, 0, blocks(blocks));
        a.returnsAll(file).ok();
    }

    // ---- what a clone shares

    @Test
    void theSourcesTailIsLeftToItsWriter() {
        a.writesBytes(copy, BLOCK - 100);
        FileId three = a.creates("three");
        a.writesBytes(three, 3 * BLOCK - 100);
        a.returnsAll(three).ok();
        b.mapsRw(three, blocks(2), BLOCK).min(BLOCK).ok();
        // What a gives back is the last block of the destination, and of it alone.
        a.clones(three, 0, BLOCK, copy, 0).ok();
        assertEquals(List.of(Party.writing(blocks(2), blocks(3))), b.holds(three));
    }

    @Test
    void aCloneTakesNoSpaceAndMapsTheSameBlocks() {
        written(source, 4);
        long free = kit.freeBlocks();
        FileAttributes after = a.clones(source, copy).ok().attributes();
        assertEquals(free, kit.freeBlocks());
        assertEquals(blocks(4), after.sizeBytes());
        assertEquals(kit.extents(source), kit.extents(copy));
        assertEquals("SSSS", kit.picture(source, 4));
        assertEquals("SSSS", kit.picture(copy, 4));
        assertEquals(blocks(4), kit.space().mapped());
    }

    @Test
    void uncommittedBlocksCloneAsHoles() {
        a.writes(source, 0, blocks(1));
        a.allocates(source, blocks(1), blocks(1)).ok();
        a.writes(source, blocks(2), blocks(1));
        a.mapsRw(source, blocks(3), blocks(1)).ok();
        a.truncates(source, blocks(5)).ok();
        a.clones(source, copy).ok();
        assertEquals("S.S..", kit.picture(copy, 5));
        assertEquals(blocks(5), kit.size(copy));
    }

    @Test
    void whatTheDestinationHadLeavesIt() {
        written(source, 2);
        written(copy, 4);
        long free = kit.freeBlocks();
        a.clones(source, 0, blocks(2), copy, blocks(1)).ok();
        assertEquals("WSSW", kit.picture(copy, 4));
        assertEquals(free + 2, kit.freeBlocks());
        assertEquals(blocks(4), kit.size(copy));
    }

    @Test
    void aCloneIntoTheSameFileAndOverAnEarlierOne() {
        written(source, 2);
        a.clones(source, 0, blocks(1), source, blocks(4)).ok();
        assertEquals("SW..S", kit.picture(source, 5));
        a.clones(source, 0, blocks(1), source, blocks(4)).ok();
        a.clones(source, 0, blocks(2), copy, 0).ok();
        a.clones(source, 0, blocks(2), copy, 0).ok();
        assertEquals("SS..S", kit.picture(source, 5));
        a.removes(FileId.ROOT, "source").ok();
        assertEquals("WW", kit.picture(copy, 2));
        a.removes(FileId.ROOT, "copy").ok();
        assertEquals(64, kit.freeBlocks());
        assertTrue(kit.tables().shared().isEmpty());
    }

    @Test
    void aCloneFarOutLeavesAHoleThatReadsZero() {
        written(source, 1);
        a.writesBytes(copy, 100);
        a.returnsAll(copy).ok();
        // Committed past the end of the file, where nobody sees it yet.
        Mapped past = a.mapsRw(copy, blocks(2), blocks(1)).ok();
        a.commits(copy, past).ok();
        a.clones(source, 0, 0, copy, blocks(4)).ok();
        assertEquals("W...S", kit.picture(copy, 5));
        assertEquals(blocks(5), kit.size(copy));
    }

    @Test
    void theLastBlockOfTheSourceMayEndInsideABlock() {
        a.writesBytes(source, blocks(1) + 100);
        a.returnsAll(source).ok();
        a.clones(source, copy).ok();
        assertEquals(blocks(1) + 100, kit.size(copy));
        written(a.creates("third"), 1);
        assertEquals("SS", kit.picture(copy, 2));
    }

    @Test
    void theEndsOfAClone() {
        a.writesBytes(source, blocks(2) + 100);
        a.returnsAll(source).ok();
        FileId longer = a.creates("longer");
        written(longer, 5);
        a.clones(source, 100, blocks(1), copy, 0).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, 0, blocks(1), copy, 100).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, 0, -1, copy, 0).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, 0, 100, copy, 0).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, 0, blocks(4), copy, 0).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, longer).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, 0, blocks(2), source, blocks(1)).refused(Reason.INVALID_ARGUMENT);
        a.clones(source, 0, blocks(1), copy, kit.tables().limits().fileBytes())
                .refused(Reason.TOO_LARGE);
        a.clones(source, FileId.ROOT).refused(Reason.IS_DIRECTORY);
        a.clones(copy, source).ok();
        assertEquals(blocks(2) + 100, kit.size(source));
    }

    @Test
    void aRetryGetsTheSameAnswer() {
        written(source, 2);
        var clone = a.clones(source, copy);
        FileChanged first = clone.ok();
        int records = kit.journalRecords();
        assertEquals(first, clone.ok());
        assertEquals(records, kit.journalRecords());
    }

    // ---- who has to give back

    @Test
    void writersOfTheSourceAndEverybodyInTheDestinationComeFirst() {
        written(source, 2);
        b.mapsRw(source, 0, blocks(1)).ok();
        a.clones(source, copy).refused(Reason.TRY_LATER);
        b.returnsAll(source).ok();
        b.mapsRead(source, 0, blocks(2)).ok();
        written(copy, 1);
        b.mapsRead(copy, 0, blocks(1)).ok();
        a.clones(source, copy).refused(Reason.TRY_LATER);
        b.returnsAll(copy).ok();
        a.clones(source, copy).ok();
        assertEquals(List.of(Party.reading(0, blocks(2))), b.holds(source), "readers stay");
    }

    @Test
    void scenario50TheCallersOwnGrantsEndWithTheRequest() {
        a.writesBytes(source, 100);
        a.mapsRead(copy, 0, blocks(1)).ok();
        FileChanged changed = a.clones(source, copy).ok();
        assertEquals(
                List.of(source),
                changed.returned().stream().map(Reply.ReturnedLayout::file).toList());
        assertEquals(List.of(), a.holds(source));
        assertEquals(List.of(), kit.works(), "the tail was zeroed before it was shared");
        assertEquals("S", kit.picture(copy, 1));
    }

    @Test
    void theTailOfTheSourceIsZeroedBeforeItIsShared() {
        a.writesBytes(source, 100);
        var clone = a.clones(source, copy);
        assertTrue(clone.start().reply().isEmpty());
        assertEquals(1, kit.works().size());
        assertEquals("W", kit.picture(source, 1));
        // Neither file is touched meanwhile, whatever happens.
        assertTrue(b.mapsRw(source, 0, blocks(1)).start().awaitedWork().isPresent());
        assertTrue(b.mapsRw(copy, 0, blocks(1)).start().awaitedWork().isPresent());
        kit.crash();
        a.reattaches();
        b.reattaches();
        assertEquals(1, kit.works().size());
        kit.completeAll();
        kit.endGrace();
        assertEquals("S", kit.picture(copy, 1));
        clone.ok();
        assertEquals(100, kit.size(copy));
    }

    @Test
    void aSourceThatGoesWhileItsTailIsZeroedIsNotCloned() {
        a.writesBytes(source, 100);
        var clone = a.clones(source, copy);
        assertTrue(clone.start().reply().isEmpty());
        a.removes(FileId.ROOT, "source").ok();
        kit.completeAll();
        clone.refused(Reason.STALE_FILE);
        assertEquals(".", kit.picture(copy, 1));
        assertEquals(64, kit.freeBlocks());
    }

    // ---- pairs

    @Test
    void scenario46AWriterOfAClonedBlockGetsThePair() {
        written(source, 2);
        a.clones(source, copy).ok();
        Extent shared = kit.extents(source).getFirst();
        Mapped mapped = b.mapsRw(copy, 0, blocks(1)).ok();
        assertEquals(2, mapped.extents().size());
        Extent from = mapped.extents().getFirst();
        Extent to = mapped.extents().getLast();
        assertEquals(ExtentState.WRITTEN, from.state());
        assertTrue(from.has(Extent.SHARED));
        assertEquals(shared.deviceOffset(), from.deviceOffset());
        assertEquals(ExtentState.UNWRITTEN, to.state());
        assertTrue(to.has(Extent.NEW));
        assertEquals(from.range(), to.range());
        assertEquals(blocks(1), mapped.nextOffset());
        assertEquals("PS", kit.picture(copy, 2));
        assertEquals(BLOCK, kit.space().granted());

        b.commits(copy, mapped).ok();
        assertEquals("WS", kit.picture(copy, 2));
        assertEquals("WS", kit.picture(source, 2), "the other one is alone again");
        assertEquals(shared.deviceOffset(), kit.extents(source).getFirst().deviceOffset());
        assertEquals(to.deviceOffset(), kit.extents(copy).getFirst().deviceOffset());
        assertEquals(0, kit.space().granted());
    }

    @Test
    void theSourceOfAPairIsNeverCommitted() {
        written(source, 1);
        a.clones(source, copy).ok();
        Mapped mapped = b.mapsRw(copy, 0, blocks(1)).ok();
        b.commits(copy, mapped.stateid().orElseThrow())
                .of(mapped.extents().getFirst())
                .refused(Reason.BAD_LAYOUT);
        assertEquals("P", kit.picture(copy, 1));
        b.commits(copy, mapped).ok();
        b.commits(copy, mapped).ok();
        assertEquals("W", kit.picture(copy, 1));
    }

    @Test
    void returnedUnusedTheFreshBlocksAreFreeAgain() {
        written(source, 3);
        a.clones(source, copy).ok();
        long free = kit.freeBlocks();
        b.mapsRw(copy, 0, blocks(3)).ok();
        assertEquals(free - 3, kit.freeBlocks());
        b.returns(copy, new ByteRange(blocks(1), blocks(2))).ok();
        assertEquals("PSP", kit.picture(copy, 3));
        b.ends();
        assertEquals("SSS", kit.picture(copy, 3));
        assertEquals(free, kit.freeBlocks());
    }

    @Test
    void aRevokedWritersFreshBlocksAreQuarantinedAndTheSharedOnesNotAtRisk() {
        written(source, 1);
        a.clones(source, copy).ok();
        b.mapsRw(copy, 0, blocks(1)).ok();
        b.end(EndCause.REVOKED);
        assertEquals("S", kit.picture(copy, 1));
        assertEquals(BLOCK, kit.space().quarantined());
        Mapped again = a.mapsRw(copy, 0, blocks(1)).ok();
        a.commits(copy, again).ok();
        assertEquals("S", kit.picture(source, 1), "the ended client may still read it");
        a.removes(FileId.ROOT, "source").ok();
        assertEquals(2 * BLOCK, kit.space().quarantined(), "freed only after proof");
    }

    @Test
    void whatAnEndedClientMapsIsNeverOverwrittenInPlace() {
        written(source, 1);
        a.clones(source, copy).ok();
        b.mapsRead(source, 0, blocks(1)).mapped().ok();
        b.end(EndCause.REVOKED);
        b.end(EndCause.EXPIRED);
        a.removes(FileId.ROOT, "source").ok();
        assertEquals(BLOCK, kit.space().mapped());
        assertEquals(0, kit.space().quarantined(), "the clone still has it");
        Mapped mapped = a.mapsRw(copy, 0, blocks(1)).ok();
        assertEquals(2, mapped.extents().size());
        a.commits(copy, mapped).ok();
        assertEquals(BLOCK, kit.space().quarantined());
        assertEquals("W", kit.picture(copy, 1));
    }

    @Test
    void withoutAllocationASharedBlockIsShownButNotGranted() {
        written(source, 2);
        a.clones(source, 0, blocks(1), copy, 0).ok();
        Mapped mapped = b.mapsRw(source, 0, blocks(2)).noAllocate().ok();
        assertEquals(List.of(Party.writing(blocks(1), blocks(2))), mapped.granted());
        assertTrue(mapped.extents().getFirst().has(Extent.SHARED));
        b.mapsRw(source, 0, blocks(2)).noAllocate().min(blocks(2)).refused(Reason.BAD_LAYOUT);
    }

    @Test
    void aPairIsNotTornByTheLimitOfAnAnswer() {
        written(source, 1);
        a.writes(source, blocks(2), blocks(1));
        a.returnsAll(source).ok();
        a.clones(source, copy).ok();
        Mapped mapped = b.mapsRw(copy, 0, blocks(3)).maxExtents(4).ok();
        assertEquals(3, mapped.extents().size(), "a pair and the hole behind it");
        assertEquals(blocks(2), mapped.nextOffset());
        b.mapsRw(copy, 0, blocks(1)).maxExtents(1).refused(Reason.TOO_SMALL);
    }

    @Test
    void aRememberedPairIsNotReplayedOnceItIsCommitted() {
        written(source, 1);
        a.clones(source, copy).ok();
        MapRequest map = b.mapsRw(copy, 0, blocks(1));
        Mapped mapped = map.ok();
        assertEquals(mapped, map.ok());
        b.commits(copy, mapped).ok();
        map.refused(Reason.EXPIRED);
    }

    @Test
    void pairsSurviveACrash() {
        written(source, 2);
        a.clones(source, copy).ok();
        Mapped mapped = b.mapsRw(copy, 0, blocks(2)).ok();
        kit.crash();
        a.reattaches();
        b.reattaches(Party.restated(copy, mapped.stateid().orElseThrow(), Party.writing(0, 8192)));
        kit.endGrace();
        assertEquals("PP", kit.picture(copy, 2));
        b.commits(copy, b.stateid(copy)).of(mapped).ok();
        assertEquals("WW", kit.picture(copy, 2));
        assertEquals("WW", kit.picture(source, 2));
    }

    @Test
    void withoutSpaceForTheCopyNothingIsGranted() {
        written(source, 40);
        a.clones(source, copy).ok();
        written(a.creates("fill"), 24);
        assertEquals(0, kit.freeBlocks());
        b.mapsRw(copy, 0, blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(List.of(), b.holds(copy));
    }

    // ---- snapshots

    @Test
    void aSnapshotIsAReadOnlyClone() {
        written(source, 2);
        FileId snap = a.snapshots(source, "snap").ok().attributes().file();
        assertTrue(kit.attributes(snap).has(FileAttributes.READ_ONLY));
        assertEquals("SS", kit.picture(snap, 2));
        assertEquals(blocks(2), kit.size(snap));
        a.mapsRw(snap, 0, blocks(1)).refused(Reason.PERMISSION_DENIED);
        a.truncates(snap, 0).refused(Reason.PERMISSION_DENIED);
        a.punches(snap, 0, blocks(1)).refused(Reason.PERMISSION_DENIED);
        a.allocates(snap, 0, blocks(1)).refused(Reason.PERMISSION_DENIED);
        a.clones(source, snap).refused(Reason.PERMISSION_DENIED);
        a.mapsRead(snap, 0, blocks(2)).ok();
        a.snapshots(source, "snap").refused(Reason.ALREADY_EXISTS);
        a.writes(source, 0, blocks(1));
        assertEquals("SS", kit.picture(snap, 2).replace('W', 'S'));
        assertNotEquals(
                kit.extents(snap).getFirst().deviceOffset(),
                kit.extents(source).getFirst().deviceOffset());
        a.returnsAll(snap).ok();
        a.removes(FileId.ROOT, "snap").ok();
    }

    @Test
    void aSnapshotOfAFileInUseEndsTheCallersGrantsAndHasTheTailZeroed() {
        a.writesBytes(source, blocks(1) + 100);
        FileChanged changed = a.snapshots(source, "snap").ok();
        assertEquals(source, changed.returned().getFirst().file());
        assertEquals(blocks(1) + 100, changed.attributes().sizeBytes());
        assertTrue(changed.attributes().has(FileAttributes.READ_ONLY));
        FileId empty = a.snapshots(a.creates("empty"), "none").ok().attributes().file();
        assertTrue(kit.attributes(empty).has(FileAttributes.READ_ONLY));
        b.mapsRw(source, 0, blocks(1)).ok();
        byte[] before = kit.state().image();
        a.snapshots(source, "later").refused(Reason.TRY_LATER);
        assertFalse(kit.node(FileId.ROOT).children().containsKey("later"));
        assertEquals(before.length, kit.state().image().length);
    }

    // ---- ATOMIC

    @Test
    void scenario49AnAtomicOverwriteLeavesReadersAloneUntilItsCommit() {
        written(source, 2);
        b.mapsRead(source, 0, blocks(2)).ok();
        Extent old = kit.extents(source).getFirst();
        Mapped mapped = a.mapsRw(source, 0, blocks(2)).atomic().ok();
        assertEquals(
                List.of(new LayoutRange(new ByteRange(0, blocks(2)), GrantKind.RW_ATOMIC)),
                mapped.granted());
        assertEquals(2, mapped.extents().size());
        assertFalse(mapped.extents().getFirst().has(Extent.SHARED));
        assertEquals("PP", kit.picture(source, 2));
        Party c = kit.client("c");
        c.mapsRead(source, 0, blocks(1)).ok();
        c.mapsRw(source, 0, blocks(1)).refused(Reason.TRY_LATER);
        c.mapsRw(source, 0, blocks(1)).atomic().refused(Reason.TRY_LATER);

        a.commits(source, mapped).refused(Reason.TRY_LATER);
        assertEquals(old, kit.extents(source).getFirst(), "old bytes, all of them");
        b.returnsAll(source).ok();
        c.returnsAll(source).ok();
        a.commits(source, mapped).ok();
        assertEquals("WW", kit.picture(source, 2));
        assertEquals(
                mapped.extents().getLast().deviceOffset(),
                kit.extents(source).getFirst().deviceOffset());
        assertEquals(62, kit.freeBlocks(), "the source is free");
        b.mapsRead(source, 0, blocks(2)).ok();
        a.mapsRw(source, 0, blocks(1)).atomic().ok();
        assertEquals("PW", kit.picture(source, 2));
    }

    @Test
    void atomicOverHolesIsExclusiveAsAlways() {
        a.writes(source, 0, blocks(1));
        a.truncates(source, blocks(2)).ok();
        a.returnsAll(source).ok();
        b.mapsRead(source, blocks(1), blocks(1)).ok();
        Mapped mapped = a.mapsRw(source, 0, blocks(2)).atomic().ok();
        assertEquals(blocks(1), mapped.nextOffset());
        a.mapsRw(source, blocks(1), blocks(1)).atomic().refused(Reason.TRY_LATER);
        b.returnsAll(source).ok();
        Mapped all = a.mapsRw(source, 0, blocks(2)).atomic().ok();
        assertEquals(
                List.of(GrantKind.RW_ATOMIC, GrantKind.RW),
                all.granted().stream().map(LayoutRange::kind).toList());
        a.commits(source, all).ok();
        assertEquals("WW", kit.picture(source, 2));
    }

    @Test
    void atomicUnderTheOwnPlainGrantKeepsTheStrongerOne() {
        written(source, 1);
        a.mapsRw(source, 0, blocks(1)).ok();
        Mapped mapped = a.mapsRw(source, 0, blocks(1)).atomic().ok();
        assertEquals(List.of(Party.writing(0, blocks(1))), mapped.granted());
        assertEquals(2, mapped.extents().size());
        b.mapsRead(source, 0, blocks(1)).refused(Reason.TRY_LATER);
        a.commits(source, mapped).ok();
        assertEquals("W", kit.picture(source, 1));
        a.mapsRead(source, 0, blocks(1)).atomic().refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void aRevokedAtomicWriterLeavesTheOldBytesReadableAndUnharmed() {
        written(source, 1);
        b.mapsRw(source, 0, blocks(1)).atomic().ok();
        b.end(EndCause.EXPIRED);
        assertEquals(BLOCK, kit.space().quarantined());
        Mapped seen = a.mapsRead(source, 0, blocks(1)).ok();
        assertEquals(ExtentState.WRITTEN, seen.extents().getFirst().state());
        Mapped mapped = a.mapsRw(source, 0, blocks(1)).ok();
        assertEquals(2, mapped.extents().size(), "not in place, before its end is proven");
        a.commits(source, mapped).ok();
        assertEquals("W", kit.picture(source, 1));
        assertEquals(2 * BLOCK, kit.space().quarantined());
    }

    // ---- removal

    @Test
    void sharedBlocksAreMappedUntilTheLastFileIsRemoved() {
        written(source, 2);
        a.clones(source, copy).ok();
        b.mapsRead(source, 0, blocks(1)).ok();
        b.mapsRead(copy, 0, blocks(1)).ok();
        a.removes(FileId.ROOT, "source").ok();
        assertEquals(blocks(2), kit.space().mapped());
        a.removes(FileId.ROOT, "copy").ok();
        assertEquals(blocks(2), kit.space().pending());
        b.returnsAll(source).ok();
        assertEquals(blocks(2), kit.space().pending());
        b.returnsAll(copy).ok();
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void truncateAndPunchOfACloneOnlyLetGo() {
        written(source, 4);
        a.clones(source, copy).ok();
        a.truncates(copy, blocks(3)).ok();
        a.punches(copy, 0, blocks(1)).ok();
        assertEquals(".SS", kit.picture(copy, 3));
        assertEquals("WSSW", kit.picture(source, 4));
        assertEquals(60, kit.freeBlocks());
    }

    @Test
    void whatIsCutInsideASharedBlockIsZeroedInABlockOfItsOwn() {
        written(source, 4);
        a.clones(source, copy).ok();
        a.truncates(copy, blocks(2) + 100).ok();
        assertEquals("SSW.", kit.picture(copy, 4));
        a.punches(copy, 100, 200).ok();
        assertEquals("WSW.", kit.picture(copy, 4));
        assertEquals("WSWW", kit.picture(source, 4));
        assertEquals(blocks(4), kit.size(source));
        assertEquals(60 - 2, kit.freeBlocks());
    }

    @Test
    void aWriteThroughTheServerToACloneLeavesTheSourceAlone() {
        written(source, 2);
        a.clones(source, copy).ok();
        Extent before = kit.extents(source).getFirst();
        a.writesThrough(copy, 100, 50).ok();
        assertEquals("WS", kit.picture(copy, 2));
        assertEquals(before.deviceOffset(), kit.extents(source).getFirst().deviceOffset());
        FileId snap = a.snapshots(source, "snap").ok().attributes().file();
        a.writesThrough(snap, 0, 10).refused(Reason.PERMISSION_DENIED);
    }

    @Test
    void committedBlocksAtRiskAreMovedBeforeTheyAreCloned() {
        written(source, 2);
        b.mapsRw(source, 0, blocks(1)).ok();
        b.end(EndCause.REVOKED);
        b.end(EndCause.EXPIRED);
        assertEquals("RW", kit.picture(source, 2));
        a.clones(source, copy).ok();
        assertEquals("SS", kit.picture(copy, 2));
        assertEquals(BLOCK, kit.space().quarantined());
    }

    @Test
    void withTheProofRetainedBlocksAreWrittenInPlaceAgain() {
        written(source, 1);
        b.mapsRw(source, 0, blocks(1)).atomic().ok();
        b.end(EndCause.REVOKED);
        assertEquals("S", kit.picture(source, 1));
        kit.answer(new Command.ProveClient(b.id(), Proof.OPERATOR));
        assertEquals("W", kit.picture(source, 1));
        assertEquals(0, kit.space().quarantined());
        assertEquals(1, a.mapsRw(source, 0, blocks(1)).ok().extents().size());
    }

    @Test
    void aCommitThatWaitsForReadersGoesBeforeThoseWhoWaitForItsClient() {
        written(source, 1);
        Mapped mapped = a.mapsRw(source, 0, blocks(1)).atomic().ok();
        b.mapsRead(source, 0, blocks(1)).ok();
        Party c = kit.client("c");
        VolumeKit.Pending writer = c.mapsRw(source, 0, blocks(1)).min(blocks(1)).waiting().ask();
        VolumeKit.Pending commit = a.commits(source, mapped).ask();
        assertTrue(commit.waits());
        b.returnsAll(source).ok();
        assertFalse(commit.waits(), "it does not wait for the writer in front of it");
        assertTrue(writer.waits());
        a.returnsAll(source).ok();
        assertFalse(writer.waits());
    }

    // ---- CONCURRENT

    @Test
    void inAConcurrentFileWritersAndReadersShareCommittedBlocks() {
        FileId file = a.createsConcurrent("shared");
        assertTrue(kit.attributes(file).has(FileAttributes.CONCURRENT));
        Mapped first = a.mapsRw(file, 0, blocks(2)).ok();
        b.mapsRw(file, 0, blocks(1)).refused(Reason.TRY_LATER);
        a.commits(file, first).lastWrite(blocks(2) - 1).ok();
        Mapped second = b.mapsRw(file, 0, blocks(2)).ok();
        assertEquals(
                first.extents().getFirst().deviceOffset(),
                second.extents().getFirst().deviceOffset());
        Party c = kit.client("c");
        c.mapsRead(file, 0, blocks(1)).ok();
        assertEquals(List.of(Party.writing(0, blocks(2))), a.holds(file));

        var notices = b.commits(file, second).start().notices();
        assertEquals(2, notices.size(), notices::toString);

        a.clones(file, copy).refused(Reason.TRY_LATER);
        b.returnsAll(file).ok();
        a.clones(file, copy).ok();
        Mapped pair = b.mapsRw(file, blocks(1), blocks(1)).ok();
        assertEquals(2, pair.extents().size());
        a.mapsRw(file, blocks(1), blocks(1)).refused(Reason.TRY_LATER);
    }
}
