package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply.Committed;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.2: what is filled and durable becomes part of the file. */
class CommitBlocksTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(256);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void scenario3WhatWasCommittedSurvivesACrash() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.commits(file, held).lastWrite(5000).ok();
        kit.crash();
        a.reattaches();
        b.reattaches();
        kit.endGrace();
        a.returnsAll(file).ok();
        Mapped seen = b.mapsRead(file, 0, blocks(2)).ok();
        Extent extent = seen.extents().getFirst();
        assertEquals(ExtentState.WRITTEN, extent.state());
        assertEquals(held.extents().getFirst().deviceOffset(), extent.deviceOffset());
        assertEquals(5001, seen.sizeBytes());
    }

    @Test
    void scenario4AfterACrashTheHolderReattachesAndCommits() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        kit.crash();
        a.reattaches(
                Party.restated(file, held.stateid().orElseThrow(), Party.writing(0, blocks(2))));
        a.commits(file, a.stateid(file)).of(held).lastWrite(blocks(2) - 1).ok();
        assertEquals("WW", kit.picture(file, 2));
        assertEquals(blocks(2), kit.size(file));
    }

    @Test
    void scenario6AnExtentSplitsWhereTheCommitEnds() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        a.commits(file, held.stateid().orElseThrow())
                .of(held, new ByteRange(0, blocks(2)))
                .lastWrite(blocks(2) - 1)
                .ok();
        assertEquals("WWuu", kit.picture(file, 4));
        a.returnsAll(file).ok();
        a.truncates(file, blocks(4)).ok();
        Mapped seen = b.mapsRead(file, 0, blocks(4)).ok();
        assertEquals(ExtentState.WRITTEN, seen.extents().getFirst().state());
        assertEquals(blocks(2), seen.extents().getFirst().length());
        assertTrue(seen.extents().getLast().isHole(), "what was not committed went back");
    }

    @Test
    void scenario7ARangeNeverGrantedIsABadLayout() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        Mapped others = b.mapsRw(file, blocks(1), blocks(1)).ok();
        Stateid mine = held.stateid().orElseThrow();
        a.commits(file, mine).of(others).refused(Reason.BAD_LAYOUT);
        a.commits(file, mine).of(held).of(others).refused(Reason.BAD_LAYOUT);
        a.commits(file, others.stateid().orElseThrow()).of(others).refused(Reason.BAD_STATEID);
        assertEquals("uu", kit.picture(file, 2));
    }

    @Test
    void scenario7AWrongDeviceAddressIsABadLayout() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        long at = held.extents().getFirst().deviceOffset();
        Stateid mine = held.stateid().orElseThrow();
        a.commits(file, mine).range(0, blocks(1), at + BLOCK).refused(Reason.BAD_LAYOUT);
        a.commits(file, mine).range(BLOCK, blocks(1), at).refused(Reason.BAD_LAYOUT);
        a.commits(file, mine).device(3, held.extents().getFirst()).refused(Reason.BAD_LAYOUT);
        a.commits(file, mine).of(held).incarnation(8).refused(Reason.DEVICE_MISMATCH);
        assertEquals("uu", kit.picture(file, 2));
    }

    @Test
    void scenario7ARangeGrantedReadIsABadIomode() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        Mapped read = b.mapsRead(file, 0, blocks(1)).ok();
        b.commits(file, read).refused(Reason.BAD_IOMODE);
    }

    @Test
    void scenario8AnUnalignedCommitChangesNothing() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        long at = held.extents().getFirst().deviceOffset();
        Stateid mine = held.stateid().orElseThrow();
        a.commits(file, mine).range(0, 100, at).refused(Reason.INVALID_ARGUMENT);
        a.commits(file, mine).range(1, BLOCK, at + 1).refused(Reason.INVALID_ARGUMENT);
        a.commits(file, mine).range(0, -BLOCK, at).refused(Reason.INVALID_ARGUMENT);
        a.commits(file, mine).range(BLOCK, Long.MAX_VALUE, at).refused(Reason.INVALID_ARGUMENT);
        a.commits(file, mine).range(0, BLOCK, -BLOCK).refused(Reason.BAD_LAYOUT);
        a.commits(file, mine).refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void scenario17TheMiddleWasReturned() {
        Mapped held = a.mapsRw(file, 0, blocks(3)).ok();
        a.returns(file, new ByteRange(blocks(1), blocks(2))).ok();
        Stateid mine = held.stateid().orElseThrow();
        a.commits(file, mine)
                .of(held, new ByteRange(blocks(1), blocks(2)))
                .refused(Reason.BAD_LAYOUT);
        a.commits(file, mine)
                .of(held, new ByteRange(0, blocks(1)))
                .of(held, new ByteRange(blocks(2), blocks(3)))
                .ok();
        assertEquals("W.W", kit.picture(file, 3));
    }

    @Test
    void scenario22TheSameRangesUnderANewOperationMoveOnlyCounterAndTimes() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        Committed first = a.commits(file, held).lastWrite(9).ok();
        Committed second = a.commits(file, held).lastWrite(9).ok();
        assertEquals(OptionalLong.of(10), first.newSize());
        assertEquals(OptionalLong.empty(), second.newSize());
        assertEquals(first.attributes().mapEpoch(), second.attributes().mapEpoch());
        assertTrue(second.attributes().changeCounter() > first.attributes().changeCounter());
        assertTrue(second.attributes().modifiedMillis() > first.attributes().modifiedMillis());
    }

    @Test
    void scenario22TheSameCommitTwiceIsOneJournalRecord() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        CommitRequest commit = a.commits(file, held).lastWrite(9);
        Committed first = commit.ok();
        int records = kit.journalRecords();
        assertEquals(first, commit.ok());
        assertEquals(records, kit.journalRecords());
    }

    @Test
    void scenario23RangesAreSortedAndDisjoint() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        Stateid mine = held.stateid().orElseThrow();
        a.commits(file, mine)
                .of(held, new ByteRange(blocks(2), blocks(3)))
                .of(held, new ByteRange(0, blocks(1)))
                .refused(Reason.INVALID_ARGUMENT);
        a.commits(file, mine)
                .of(held, new ByteRange(0, blocks(2)))
                .of(held, new ByteRange(blocks(1), blocks(3)))
                .refused(Reason.INVALID_ARGUMENT);
        assertEquals("uuuu", kit.picture(file, 4));
    }

    @Test
    void scenario24ACommitOfAHundredExtentsIsOneRecord() {
        for (int i = 0; i < 100; i++) {
            a.mapsRw(file, blocks(2L * i), blocks(1)).ok();
        }
        Mapped held = a.mapsRw(file, 0, blocks(199)).noAllocate().ok();
        int records = kit.journalRecords();
        a.commits(file, held).lastWrite(blocks(199) - 1).ok();
        assertEquals(records + 1, kit.journalRecords());
        assertEquals("W.".repeat(99) + "W", kit.picture(file, 199));
        assertEquals(blocks(199), kit.size(file));
        FileNode without =
                Objects.requireNonNull(kit.replayedWithoutLastRecord().tables().file(file));
        assertEquals(0, without.sizeBytes());
        assertTrue(
                without.extents().all().stream().allMatch(e -> e.state() == ExtentState.UNWRITTEN));
    }

    @Test
    void givingBackAHundredUncommittedPiecesIsAShortRecord() {
        Mapped held = a.mapsRw(file, 0, blocks(200)).min(blocks(200)).ok();
        CommitRequest commit =
                a.commits(file, held.stateid().orElseThrow()).lastWrite(blocks(200) - 1);
        for (int i = 1; i < 200; i += 2) {
            commit.of(held, new ByteRange(blocks(i), blocks(i + 1)));
        }
        commit.ok();
        assertEquals("uW".repeat(100), kit.picture(file, 200));
        a.returnsAll(file).ok();
        assertEquals(".W".repeat(100), kit.picture(file, 200));
        assertEquals(256 - 100, kit.freeBlocks());
        assertTrue(kit.lastRecordBytes() < 200, () -> kit.lastRecordBytes() + " bytes");
    }

    @Test
    void scenario24OneBadRangeAmongAHundredConvertsNone() {
        Mapped held = a.mapsRw(file, 0, blocks(100)).ok();
        CommitRequest commit = a.commits(file, held.stateid().orElseThrow());
        for (int i = 0; i < 99; i++) {
            commit.of(held, new ByteRange(blocks(i), blocks(i + 1L)));
        }
        commit.range(blocks(100), BLOCK, BLOCK).lastWrite(5).refused(Reason.BAD_LAYOUT);
        assertEquals("u".repeat(100), kit.picture(file, 100));
        assertEquals(0, kit.size(file));
    }

    @Test
    void scenario25LastWriteOffset() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        Stateid mine = held.stateid().orElseThrow();
        ByteRange second = new ByteRange(blocks(1), blocks(2));
        assertEquals(OptionalLong.empty(), a.commits(file, mine).of(held, second).ok().newSize());
        assertEquals(0, kit.size(file));
        a.commits(file, mine).of(held, second).lastWrite(0).refused(Reason.INVALID_ARGUMENT);
        a.commits(file, mine)
                .of(held, second)
                .lastWrite(blocks(2))
                .refused(Reason.INVALID_ARGUMENT);
        assertEquals(
                OptionalLong.of(blocks(2)),
                a.commits(file, mine).of(held, second).lastWrite(blocks(2) - 1).ok().newSize());
        assertEquals(
                OptionalLong.empty(),
                a.commits(file, mine).of(held, second).lastWrite(blocks(1)).ok().newSize());
        assertEquals(blocks(2), kit.size(file), "a commit never shrinks");
    }

    @Test
    void scenario26DisjointCommitsInEitherOrderGiveTheLargerSize() {
        Mapped low = a.mapsRw(file, 0, blocks(10)).ok();
        Mapped high = b.mapsRw(file, blocks(10), blocks(10)).ok();
        b.commits(file, high).lastWrite(blocks(20) - 1).ok();
        a.commits(file, low).lastWrite(blocks(10) - 1).ok();
        assertEquals(blocks(20), kit.size(file));
        FileId other = a.creates("other");
        Mapped low2 = a.mapsRw(other, 0, blocks(10)).ok();
        Mapped high2 = b.mapsRw(other, blocks(10), blocks(10)).ok();
        a.commits(other, low2).lastWrite(blocks(10) - 1).ok();
        b.commits(other, high2).lastWrite(blocks(20) - 1).ok();
        assertEquals(blocks(20), kit.size(other));
    }

    @Test
    void scenario27AfterTheWholeLayoutWasReturned() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        a.returnsAll(file).ok();
        a.commits(file, held).refused(Reason.BAD_STATEID);
        assertEquals(".", kit.picture(file, 1));
    }

    @Test
    void scenario28ARevokedIncarnationIsFenced() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        CommitRequest late = a.commits(file, held).lastWrite(0);
        a.end(EndCause.REVOKED);
        late.refused(Reason.FENCED);
        assertEquals(".", kit.picture(file, 1));
        assertEquals(0, kit.size(file));
        assertEquals(BLOCK, kit.space().quarantined());
    }

    @Test
    void scenario29MtimeDoesNotGoBack() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        FileAttributes before = kit.attributes(file);
        Committed old = a.commits(file, held).mtime(5).ok();
        assertEquals(before.modifiedMillis(), old.attributes().modifiedMillis());
        Committed young = a.commits(file, held).mtime(9_000_000).ok();
        assertEquals(9_000_000, young.attributes().modifiedMillis());
    }

    @Test
    void scenario51DisjointCommitsWithTheEpochsTheyWereGiven() {
        Mapped low = a.mapsRw(file, 0, blocks(1)).ok();
        Mapped high = b.mapsRw(file, blocks(1), blocks(1)).ok();
        b.commits(file, high).ok();
        a.commits(file, low).ok();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void anEpochFromBeforeSomebodyElsesChangeIsStale() {
        Mapped first = a.mapsRw(file, 0, blocks(1)).ok();
        a.returnsAll(file).ok();
        b.writes(file, 0, blocks(1));
        b.returnsAll(file).ok();
        Mapped now = a.mapsRw(file, 0, blocks(1)).ok();
        a.commits(file, now).epoch(first.mapEpoch()).refused(Reason.STALE_MAP);
        a.commits(file, now).ok();
    }

    /** A commit that was long on its way names fresh blocks where its client once had others. */
    @Test
    void anEpochFromBeforeTheClientsOwnFormerGrantIsStale() {
        a.mapsRw(file, blocks(1), blocks(1)).ok();
        Mapped first = a.mapsRw(file, 0, blocks(1)).ok();
        staleOncePunched(0, first);
    }

    /** Granted again beside what has been held all along, it is not as if it had been too. */
    @Test
    void anEpochFromBeforeTheFormerGrantIsStaleBehindWhatIsStillHeld() {
        a.mapsRw(file, 0, blocks(1)).ok();
        Mapped first = a.mapsRw(file, blocks(1), blocks(1)).ok();
        staleOncePunched(blocks(1), first);
    }

    /** The block is punched and comes back to where it was. */
    private void staleOncePunched(long offset, Mapped first) {
        a.punches(file, offset, blocks(1)).ok();
        Mapped now = a.mapsRw(file, offset, blocks(1)).ok();
        assertEquals(
                first.extents().getFirst().deviceRange(), now.extents().getFirst().deviceRange());
        a.commits(file, now).epoch(first.mapEpoch()).refused(Reason.STALE_MAP);
        assertEquals("uu", kit.picture(file, 2));
        a.commits(file, now).ok();
    }

    @Test
    void whatIsHeldOfAFileThatGrowsTakesNoMoreRoomThanAtFirst() {
        int before = imageAfterGrowth(0, 40);
        int more = imageAfterGrowth(40, 80) - before;
        assertTrue(more < 80, "40 grants that go on from each other take " + more + " bytes");
    }

    private int imageAfterGrowth(int from, int to) {
        for (int i = from; i < to; i++) {
            Mapped held =
                    a.mapsRw(file, blocks(i), blocks(1)).acknowledging(a.lastOperation() - 1).ok();
            a.commits(file, held).acknowledging(a.lastOperation() - 1).ok();
        }
        return kit.state().image().length;
    }

    @Test
    void anEpochOlderThanTheChangeLogIsRefused() {
        Mapped first = a.mapsRw(file, 0, blocks(1)).ok();
        a.returnsAll(file).ok();
        for (int i = 2; i < 40; i++) {
            b.mapsRw(file, blocks(i), blocks(1)).ok();
        }
        Mapped now = a.mapsRw(file, 0, blocks(1)).ok();
        a.commits(file, now).epoch(first.mapEpoch()).refused(Reason.STALE_MAP);
    }

    @Test
    void tooWeakADurabilityIsRefused() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        a.commits(file, held).durability(Durability.VISIBLE).refused(Reason.INVALID_ARGUMENT);
        a.commits(file, held).durability(Durability.FORCED).ok();
    }

    @Test
    void theLayoutStaysAndItsSeqidToo() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        a.commits(file, held).ok();
        assertEquals(held.stateid().orElseThrow(), a.stateid(file));
        assertTrue(a.holds(file).getFirst().kind() == GrantKind.RW);
    }

    @Test
    void anOldSeqidDoesNotBarACommit() {
        Mapped first = a.mapsRw(file, 0, blocks(1)).ok();
        Mapped second = a.mapsRw(file, blocks(1), blocks(1)).ok();
        a.mapsRw(file, 0, blocks(1)).under(second.stateid().orElseThrow()).ok();
        a.commits(file, first).ok();
    }

    @Test
    void aCommitOnARemovedFileIsAcceptedAndDropped() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        b.removes(FileId.ROOT, "file").ok();
        Committed dropped = a.commits(file, held).lastWrite(9).ok();
        assertEquals(OptionalLong.empty(), dropped.newSize());
        assertEquals(Optional.empty(), dropped.attributes().parent(), "its client can tell");
        assertEquals("u", kit.picture(file, 1));
        a.returnsAll(file).ok();
        assertEquals(256, kit.freeBlocks());
    }

    @Test
    void aKeptBlockIsAnOrdinaryOneOnceCommitted() {
        a.allocates(file, 0, blocks(2)).ok();
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        a.commits(file, held).ok();
        a.returnsAll(file).ok();
        assertEquals("Wk", kit.picture(file, 2));
    }

    @Test
    void aCommitWaitsForDeviceWorkOnItsRange() {
        a.writes(file, 0, blocks(1));
        a.truncates(file, 100).ok();
        Mapped tail = a.mapsRw(file, 0, blocks(1)).ok();
        Mapped past = b.mapsRw(file, blocks(2), blocks(1)).ok();
        a.commits(file, tail).ok();
        var extension = a.truncates(file, blocks(2)).start();
        assertTrue(extension.awaitedWork().isPresent(), "the tail is zeroed first");
        CommitRequest late = b.commits(file, past).lastWrite(blocks(3) - 1);
        assertEquals(extension.awaitedWork(), late.start().awaitedWork());
        kit.completeAll();
        assertEquals(blocks(2), kit.size(file));
        late.ok();
        assertEquals(blocks(3), kit.size(file));
        assertEquals("W.W", kit.picture(file, 3));
    }

    @Test
    void factsOfACommitNameItsAuthor() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        List<Fact> facts = a.commits(file, held).start().facts();
        assertTrue(
                facts.stream()
                        .anyMatch(
                                f ->
                                        f instanceof Fact.ExtentsConverted c
                                                && c.by() == a.id().value()));
    }

    @Test
    void oneRangeMayNameCommittedBlocksAndThoseBehindThem() {
        a.writes(file, 0, blocks(1));
        Mapped mapped = a.mapsRw(file, 0, blocks(3)).min(blocks(3)).ok();
        assertEquals("Wuu", kit.picture(file, 3));
        Extent first = mapped.extents().getFirst();
        a.commits(file, mapped.stateid().orElseThrow())
                .epoch(mapped.mapEpoch())
                .range(0, blocks(3), first.deviceOffset())
                .ok();
        assertEquals("WWW", kit.picture(file, 3));
    }

    @Test
    void whoReadsASharedFileIsToldTheEpochThatTheCommitMade() {
        FileId shared = a.createsConcurrent("shared");
        Party reader = kit.client("reader");
        a.writes(shared, 0, blocks(1));
        reader.mapsRead(shared, 0, blocks(1)).ok();
        Mapped mapped = a.mapsRw(shared, 0, blocks(2)).min(blocks(2)).ok();
        a.commits(shared, mapped).lastWrite(blocks(2) - 1).ok();
        assertEquals(kit.node(shared).mapEpoch(), toldEpoch());
        a.commits(shared, mapped).ok();
        assertEquals(kit.node(shared).mapEpoch(), toldEpoch(), "no map has changed");
        Mapped fresh = a.mapsRw(shared, blocks(1), blocks(1)).atomic().ok();
        a.commits(shared, fresh.stateid().orElseThrow())
                .of(mapped, new ByteRange(0, blocks(1)))
                .of(fresh)
                .ok();
        assertEquals(kit.node(shared).mapEpoch(), toldEpoch());
    }

    private long toldEpoch() {
        return kit.takeNotices().stream()
                .filter(Notice.Invalidate.class::isInstance)
                .map(Notice.Invalidate.class::cast)
                .findFirst()
                .orElseThrow()
                .mapEpoch();
    }
}
