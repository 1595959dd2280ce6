package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.RecallScope;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 1, ZEROED: blocks hold zeros when they are handed out. */
class ZeroedVolumeTest {

    private static final int BLOCKS = (int) (3 * Limits.DEFAULT.rewriteBytes() / BLOCK);

    @RegisterExtension final VolumeKit kit = VolumeKit.zeroed(BLOCKS, Limits.DEFAULT);

    private Party a;
    private Party b;
    private FileId file;

    @BeforeEach
    void someClients() {
        a = kit.client("a");
        b = kit.client("b");
        file = a.creates("file");
    }

    // ---- before the grant

    @Test
    void blocksAreZeroedBeforeTheyAreGranted() {
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        map.start();
        Work work = kit.works().getFirst();
        assertEquals(List.of(new Task.Zero(work.fresh().getFirst().deviceRange())), work.tasks());
        assertEquals(blocks(2), kit.space().reserved());
        assertEquals(List.of(), a.holds(file));
        assertEquals(List.of(), kit.extents(file));
        kit.completeAll();
        assertEquals(List.of(Party.writing(0, blocks(2))), a.holds(file));
        Mapped granted = map.ok();
        assertEquals(ExtentState.WRITTEN, granted.extents().getFirst().state());
        assertTrue(granted.extents().getFirst().has(Extent.NEW));
        assertEquals("uu", kit.picture(file, 2));
        assertEquals(1, granted.stateid().orElseThrow().seqid());
        assertEquals(0, kit.space().reserved());
    }

    @Test
    void aRetryJoinsAndOthersWait() {
        MapRequest map = a.mapsRw(file, 0, blocks(1)).min(blocks(1));
        long work = map.start().awaitedWork().orElseThrow();
        assertEquals(work, map.start().awaitedWork().orElseThrow());
        MapRequest other = b.mapsRw(file, 0, blocks(1)).min(blocks(1));
        assertEquals(work, other.start().awaitedWork().orElseThrow());
        assertEquals(work, b.truncates(file, 5).start().awaitedWork().orElseThrow());
        assertEquals(1, kit.works().size());
        kit.completeAll();
        assertEquals(map.ok(), map.ok());
        other.refused(Reason.TRY_LATER);
    }

    /** The server may have begun to zero the tail of the last block, which the caller gave back. */
    @Test
    void nothingIsGrantedThatTheServerIsAtWorkOnByNow() {
        a.writesBytes(file, 4000);
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        long zeros = map.start().awaitedWork().orElseThrow();
        a.returns(file, new ByteRange(0, blocks(1))).start();
        long tail = kit.works().stream().mapToLong(Work::id).filter(w -> w != zeros).sum();
        kit.complete(zeros);
        assertEquals(List.of(), a.holds(file));
        assertEquals(tail, map.start().awaitedWork().orElseThrow());
        kit.complete(tail);
        assertEquals(List.of(Party.writing(0, blocks(2))), map.ok().granted());
    }

    @Test
    void whatIsHeldAlreadyIsNotZeroedAgain() {
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        Work work = kit.works().getFirst();
        assertEquals(List.of(work.fresh().getFirst().deviceRange()), work.zero());
        assertEquals(blocks(1), work.fresh().getFirst().fileOffset());
        kit.completeAll();
        Mapped again = a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        assertTrue(again.extents().stream().allMatch(e -> e.state() == ExtentState.WRITTEN));
    }

    @Test
    void keptBlocksAreZeroedBeforeEachGrant() {
        a.allocates(file, 0, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        Extent kept = kit.extents(file).getFirst();
        assertEquals(
                List.of(kept.deviceRange().slice(BLOCK, BLOCK)),
                kit.works().getFirst().zero(),
                "what it holds already is its own to fill");
        kit.completeAll();
        a.returnsAll(file).ok();
        b.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        assertEquals(List.of(kept.deviceRange()), kit.works().getFirst().zero());
        kit.completeAll();
        assertEquals("kk", kit.picture(file, 2));
        assertEquals(List.of(Party.writing(0, blocks(2))), b.holds(file));
    }

    @Test
    void keptBlocksBesideHolesAreZeroedWithoutAllocation() {
        a.allocates(file, 0, blocks(1)).ok();
        a.allocates(file, blocks(2), blocks(1)).ok();
        Mapped granted = a.mapsRw(file, 0, blocks(3)).noAllocate().ok();
        assertEquals(ExtentState.WRITTEN, granted.extents().getFirst().state());
        assertEquals("k.k", kit.picture(file, 3));
    }

    @Test
    void copiesAreZeroedAndStillSaidToBeUnwritten() {
        a.writes(file, 0, blocks(1));
        FileId copy = a.creates("copy");
        a.clones(file, copy).ok();
        MapRequest map = a.mapsRw(file, 0, blocks(1)).min(blocks(1));
        map.start();
        assertEquals(
                List.of(kit.works().getFirst().fresh().getFirst().deviceRange()),
                kit.works().getFirst().zero());
        kit.completeAll();
        Mapped pair = map.ok();
        assertEquals(
                List.of(ExtentState.WRITTEN, ExtentState.UNWRITTEN),
                pair.extents().stream().map(Extent::state).toList());
        a.commits(file, pair).ok();
    }

    @Test
    void aLongRequestIsZeroedInParts() {
        long most = Limits.DEFAULT.rewriteBytes();
        Mapped part = a.mapsRw(file, 0, 2 * most).ok();
        assertEquals(most, part.nextOffset());
        Mapped whole = b.mapsRw(file, most, most + BLOCK).min(most + BLOCK).ok();
        assertEquals(2 * most + BLOCK, whole.nextOffset());
    }

    // ---- who sees what

    @Test
    void onlyWhatACommitNamesIsClaimed() {
        Mapped granted = a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        Extent all = granted.extents().getFirst();
        a.commits(file, granted.stateid().orElseThrow())
                .range(blocks(1), BLOCK, all.deviceOffset() + BLOCK)
                .lastWrite(blocks(2) - 1)
                .ok();
        assertEquals("uW", kit.picture(file, 2));
        a.returnsAll(file).ok();
        assertEquals(".W", kit.picture(file, 2));
    }

    @Test
    void othersSeeNothingOfThemAndTheyAreFreedAtTheReturn() {
        a.truncates(file, blocks(1)).ok();
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        Mapped seen = b.mapsRead(file, 0, BLOCK).ok();
        assertEquals(ExtentState.UNWRITTEN, seen.extents().getFirst().state());
        assertFalse(seen.extents().getFirst().hasAddress());
        assertEquals(List.of(), seen.granted());
        a.returnsAll(file).ok();
        assertEquals(BLOCKS, kit.freeBlocks());
    }

    @Test
    void whoAsksForStoresSeenAtOnceIsToldThatNothingIsWritten() {
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        Mapped granted = a.mapsRw(file, 0, blocks(1)).min(blocks(1)).atomic().ok();
        assertEquals(ExtentState.UNWRITTEN, granted.extents().getFirst().state());
        assertEquals(List.of(Party.writing(0, BLOCK)), granted.granted());
    }

    @Test
    void aRevokedHoldersBlocksAreQuarantined() {
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        a.end(EndCause.REVOKED);
        assertEquals(blocks(2), kit.space().quarantined());
        assertEquals("..", kit.picture(file, 2));
        b.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
    }

    // ---- what happens meanwhile

    @Test
    void aCrashWhileZeroingLeavesNothing() {
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        kit.crash();
        assertEquals(List.of(), kit.works());
        assertEquals(BLOCKS, kit.freeBlocks());
        assertEquals("..", kit.picture(file, 2));
    }

    @Test
    void aCrashBeforeTheGrantIsDurableLeavesNothing() {
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        kit.completeAll();
        assertEquals(
                List.of(),
                Objects.requireNonNull(kit.replayedWithoutLastRecord().tables().file(file))
                        .extents()
                        .all(),
                "allocation, grant and answer are one record");
        assertEquals(blocks(BLOCKS), kit.replayedWithoutLastRecord().tables().spaceUse().free());
    }

    @Test
    void aCrashAfterTheGrantKeepsItAndItsAnswer() {
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        map.start();
        kit.completeAll();
        kit.crash();
        a.reattaches(Party.restated(file, a.stateid(file), Party.writing(0, blocks(2))));
        assertEquals("uu", kit.picture(file, 2));
        assertEquals(ExtentState.WRITTEN, map.ok().extents().getFirst().state());
    }

    @Test
    void whoIsEndedMeanwhileIsGrantedNothing() {
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        a.end(EndCause.REVOKED);
        kit.completeAll();
        assertEquals(BLOCKS, kit.freeBlocks());
        assertEquals(0, kit.space().quarantined());
        b.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
    }

    @Test
    void aFileRemovedMeanwhileGoesWithoutAGrant() {
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        map.start();
        b.removes(FileId.ROOT, "file").ok();
        kit.completeAll();
        map.refused(Reason.STALE_FILE);
        assertEquals(BLOCKS, kit.freeBlocks());
    }

    @Test
    void whatIsGivenBackMeanwhileIsZeroedToo() {
        a.allocates(file, 0, blocks(1)).ok();
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        map.start();
        a.returnsAll(file).ok();
        kit.completeAll();
        assertEquals(List.of(), a.holds(file), "the kept block holds what a has left there");
        map.start();
        assertEquals(2, kit.works().getFirst().zero().size());
        kit.completeAll();
        assertEquals(List.of(Party.writing(0, blocks(2))), a.holds(file));
    }

    @Test
    void blocksFreedMeanwhileAreFoundAnew() {
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        map.start();
        a.returnsAll(file).ok();
        kit.completeAll();
        assertEquals(BLOCKS, kit.freeBlocks());
        map.ok();
        assertEquals("uu", kit.picture(file, 2));
    }

    @Test
    void whatIsAskedBackMeanwhileIsNotGranted() {
        a.mapsRw(file, blocks(8), blocks(1)).min(blocks(1)).ok();
        MapRequest map = a.mapsRw(file, 0, blocks(2)).min(blocks(2));
        assertTrue(map.start().awaitedWork().isPresent());
        kit.query(
                new Command.RecallLayouts(new RecallScope.Volume(), Optional.empty(), false),
                Reply.RecallsBegun.class);
        kit.completeAll();
        assertEquals(List.of(Party.writing(blocks(8), blocks(9))), a.holds(file));
        assertEquals(BLOCKS - 1, kit.freeBlocks());
        map.refused(Reason.RECALL_CONFLICT);
    }
}
