package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Conflicts wait, holders are asked to give back, and nobody overtakes for ever. */
final class ConflictTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final Party c = kit.client("c");
    private final FileId file = a.creates("file");

    private static ByteRange range(long fromBlock, long toBlock) {
        return new ByteRange(blocks(fromBlock), blocks(toBlock));
    }

    private Recall onlyRecall() {
        List<Recall> recalls = kit.takeRecalls();
        assertEquals(1, recalls.size(), recalls::toString);
        return recalls.getFirst();
    }

    private List<ByteRange> ranges(Recall recall) {
        return assertInstanceOf(RecallScope.Ranges.class, recall.scope()).ranges();
    }

    private ClientEntry entry(Party party) {
        return Objects.requireNonNull(kit.tables().client(party.id()));
    }

    // ---- waiting

    @Test
    void scenario13OnlyTheOverlapIsRecalledAndTheReaderSeesTheCommit() {
        Mapped held = a.mapsRw(file, 0, blocks(8)).ok();
        a.commits(file, held).lastWrite(blocks(8) - 1).ok();
        Pending read = b.mapsRead(file, blocks(2), blocks(2)).min(blocks(2)).waiting().ask();
        assertTrue(read.waits());
        Recall recall = onlyRecall();
        assertEquals(a.id(), recall.client());
        assertEquals(List.of(range(2, 4)), ranges(recall));
        a.returns(file, range(2, 4)).ok();
        Mapped seen = read.reply(Mapped.class);
        assertEquals(List.of(reading(blocks(2), blocks(4))), seen.granted());
        assertEquals(ExtentState.WRITTEN, seen.extents().getFirst().state());
        assertEquals(List.of(writing(0, blocks(2)), writing(blocks(4), blocks(8))), a.holds(file));
    }

    @Test
    void scenario11AReaderOverAHoleIsRecalledBeforeAWriterIsServed() {
        a.truncates(file, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        Pending write = a.mapsRw(file, 0, blocks(2)).waiting().min(blocks(2)).ask();
        assertTrue(write.waits());
        assertEquals(64, kit.freeBlocks(), "nothing is allocated while it waits");
        assertEquals(List.of(range(0, 2)), ranges(onlyRecall()));
        b.returns(file, range(0, 2)).ok();
        assertEquals(List.of(writing(0, blocks(2))), write.reply(Mapped.class).granted());
    }

    @Test
    void firstComeIsFirstServed() {
        a.writes(file, 0, blocks(2));
        Pending writer = b.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        Pending reader = c.mapsRead(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        a.returns(file, range(0, 2)).ok();
        assertFalse(writer.waits());
        assertTrue(reader.waits(), "it came later");
        kit.takeNotices();
        b.returns(file, range(0, 2)).ok();
        assertTrue(kit.takeRecalls().isEmpty(), "what is held by nobody is recalled from nobody");
        assertEquals(List.of(reading(0, blocks(2))), reader.reply(Mapped.class).granted());
    }

    @Test
    void whatHasItsPlaceKeepsItThoughItsClientHasUsedANewerSeqidSince() {
        b.writes(file, 0, blocks(1));
        a.mapsRw(file, blocks(4), blocks(2)).ok();
        Stateid first = a.stateid(file);
        Pending waits = a.mapsRw(file, 0, blocks(1)).under(first).min(blocks(1)).waiting().ask();
        a.returns(file, range(4, 5)).ok();
        a.returns(new ReturnScope.Ranges(file, Optional.of(a.stateid(file)), List.of(range(8, 9))))
                .ok();
        a.mapsRw(file, blocks(9), blocks(1)).under(first).refused(Reason.OLD_STATEID);
        b.returns(file, range(0, 1)).ok();
        assertEquals(List.of(writing(0, blocks(1))), waits.reply(Mapped.class).granted());
    }

    @Test
    void theNextInTheQueueRecallsWhenItsTurnComes() {
        a.writes(file, 0, blocks(1));
        Pending first = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Pending second = c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertEquals(a.id(), onlyRecall().client());
        a.returns(file, range(0, 1)).ok();
        first.reply(Mapped.class);
        assertEquals(b.id(), onlyRecall().client(), "the second is at the front now");
        assertTrue(second.waits());
        b.returns(file, range(0, 1)).ok();
        second.reply(Mapped.class);
    }

    @Test
    void aLaterRequestForOtherBytesDoesNotWait() {
        a.writes(file, 0, blocks(4));
        Pending stuck = b.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        a.returns(file, range(2, 4)).ok();
        c.mapsRw(file, blocks(2), blocks(2)).min(blocks(2)).ok();
        assertTrue(stuck.waits());
    }

    @Test
    void aReaderOfAHoleSomebodyWaitsForIsServedWithoutAGrant() {
        a.truncates(file, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        Mapped zeros = c.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        assertEquals(List.of(), zeros.granted());
        assertEquals(ExtentState.HOLE, zeros.extents().getFirst().state());
    }

    @Test
    void whatNeverWaitsAsksNobody() {
        a.writes(file, 0, blocks(1));
        b.mapsRead(file, 0, blocks(1)).min(0).waiting().refused(Reason.TRY_LATER);
        assertEquals(List.of(), kit.takeNotices());
    }

    @Test
    void whoDoesNotWaitIsToldWhenItBecamePossible() {
        a.writes(file, 0, blocks(1));
        b.mapsRead(file, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        assertEquals(a.id(), onlyRecall().client());
        a.returns(file, range(0, 1)).ok();
        assertEquals(
                List.of(new Notice.LayoutAvailable(b.id(), file, range(0, 1))), kit.takeNotices());
    }

    @Test
    void aWaitHasAnEnd() {
        a.writes(file, 0, blocks(1));
        Pending first = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Pending second = c.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        long ticket = kit.tables().waiting().of(b.id()).getFirst().ticket();
        Reply told = kit.answer(new Command.EndWait(ticket));
        assertEquals(Reason.TRY_LATER, assertInstanceOf(Failure.class, told).reason());
        assertEquals(1, kit.tables().waiting().size());
        assertTrue(second.waits(), "the holder has not given back");
        assertInstanceOf(Reply.Done.class, kit.answer(new Command.EndWait(ticket)));
        a.returns(file, range(0, 1)).ok();
        second.reply(Mapped.class);
        assertEquals(Reason.TRY_LATER, first.reply(Failure.class).reason());
    }

    @Test
    void aRetryOfARequestThatWaitsTakesNoSecondPlace() {
        a.writes(file, 0, blocks(1));
        Request<Mapped> request = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting();
        Pending first = request.ask();
        Pending again = request.ask();
        assertEquals(1, kit.tables().waiting().size());
        assertEquals(1, kit.takeRecalls().size());
        a.returns(file, range(0, 1)).ok();
        assertEquals(first.reply(Mapped.class), again.reply(Mapped.class));
    }

    @Test
    void theWaitsOfAClientThatEndsEndWithIt() {
        a.writes(file, 0, blocks(1));
        Pending stuck = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Pending behind = c.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        b.end(EndCause.OWN_WORD);
        assertEquals(Reason.EXPIRED, stuck.reply(Failure.class).reason());
        a.returns(file, range(0, 1)).ok();
        behind.reply(Mapped.class);
    }

    @Test
    void aBrokenConnectionGivesUpTheClientsPlaces() {
        a.writes(file, 0, blocks(1));
        b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Pending behind = c.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        kit.answer(new Command.CancelWaits(b.id()));
        assertEquals(1, kit.tables().waiting().size());
        a.returns(file, range(0, 1)).ok();
        behind.reply(Mapped.class);
    }

    @Test
    void scenario30WhatTakesBlocksAwayWaitsForTheirHolders() {
        a.writes(file, 0, blocks(4));
        Pending cut = b.truncates(file, blocks(1)).ask();
        assertTrue(cut.waits());
        assertEquals(List.of(range(1, 4)), ranges(onlyRecall()));
        assertEquals(blocks(4), kit.size(file));
        Pending behind = c.mapsRead(file, 0, blocks(4)).min(blocks(4)).waiting().ask();
        assertTrue(behind.waits(), "the truncate keeps its place");
        a.returns(file, range(1, 4)).ok();
        cut.reply(Reply.FileChanged.class);
        assertEquals(blocks(1), kit.size(file));
        assertTrue(behind.waits(), "the first block is still held for RW");
        a.returnsAll(file).ok();
        assertEquals(blocks(1), behind.reply(Mapped.class).nextOffset());
    }

    @Test
    void scenario30ARemovedFileIsRecalledAndItsBlocksAreFreeAfterwards() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        b.removes(FileId.ROOT, "file").ok();
        assertEquals(List.of(range(0, 4)), ranges(onlyRecall()));
        a.commits(file, held).lastWrite(10).ok();
        assertEquals(60, kit.freeBlocks());
        a.returns(file, range(0, 4)).ok();
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void theAnswerToACommitOnARemovedFileOutlivesACrash() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        Mapped others = c.mapsRw(file, blocks(8), blocks(4)).min(blocks(4)).ok();
        assertEquals(1, others.granted().size());
        b.removes(FileId.ROOT, "file").ok();
        CommitRequest commit = a.commits(file, held).lastWrite(10);
        Reply first = commit.ok();
        c.returnsAll(file).ok();
        kit.crash();
        a.reattaches();
        assertEquals(
                first, commit.ok(), "what came back meanwhile shows in no answer given before");
    }

    @Test
    void aFileRemovedUnderAWaiterIsStale() {
        a.writes(file, 0, blocks(1));
        Pending stuck = c.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        b.removes(FileId.ROOT, "file").ok();
        assertEquals(Reason.STALE_FILE, stuck.reply(Failure.class).reason());
    }

    // ---- recalls

    @Test
    void scenario15NothingHeldIsAnAnswer() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.commits(file, held).lastWrite(10).ok();
        Pending read = b.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        // The client never had the answer to its MapBlocks: it names no stateid.
        a.returns(new ReturnScope.Ranges(file, Optional.empty(), List.of(range(0, 1)))).ok();
        read.reply(Mapped.class);
        assertEquals(List.of(), List.copyOf(kit.tables().recalled()));
    }

    @Test
    void scenario16PiecesDoNotEndARecallTheWholeScopeDoes() {
        a.writes(file, 0, blocks(4));
        Pending write = b.mapsRw(file, 0, blocks(4)).min(blocks(4)).waiting().ask();
        Recall recall = onlyRecall();
        for (int i = 0; i < 4; i++) {
            a.returns(file, range(i, i + 1)).ok();
        }
        assertEquals(List.of(), a.holds(file));
        assertTrue(write.waits(), "the recall is open");
        assertEquals(4, entry(a).recall(recall.id()).orElseThrow().pieces());
        a.returns(file, range(0, 4)).ok();
        write.reply(Mapped.class);
    }

    @Test
    void oneRecallIsOpenForALayoutAndIsWidened() {
        a.writes(file, 0, blocks(8));
        Stateid before = a.stateid(file);
        Pending first = b.mapsRead(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        Pending second = c.mapsRead(file, blocks(4), blocks(2)).min(blocks(2)).waiting().ask();
        List<Recall> sent = kit.takeRecalls();
        assertEquals(2, sent.size());
        assertEquals(sent.get(0).id(), sent.get(1).id());
        assertEquals(List.of(range(0, 2), range(4, 6)), ranges(sent.get(1)));
        assertEquals(before.seqid() + 2, a.stateid(file).seqid(), "each message raises it");
        a.returns(file, range(0, 2)).ok();
        assertTrue(first.waits(), "a part is not the scope");
        a.returns(file, range(0, 2), range(4, 6)).ok();
        first.reply(Mapped.class);
        second.reply(Mapped.class);
    }

    @Test
    void whatIsUnderRecallIsNotGrantedAnewToItsHolder() {
        a.writes(file, 0, blocks(2));
        b.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Recall recall = onlyRecall();
        a.mapsRw(file, 0, blocks(2)).refused(Reason.RECALL_CONFLICT);
        a.mapsRw(file, blocks(1), blocks(1)).ok();
        kit.answer(new Command.AcknowledgeRecall(a.id(), recall.id()));
        a.mapsRw(file, 0, blocks(2)).refused(Reason.RETURN_CONFLICT);
        a.returns(file, range(0, 1)).ok();
        a.mapsRead(file, 0, blocks(1)).ok();
    }

    @Test
    void commitsAreTakenWhileARecallIsOpen() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.commits(file, held).lastWrite(10).ok();
        b.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        a.commits(file, held).lastWrite(100).ok();
        assertEquals(101, kit.size(file));
    }

    @Test
    void anOverdueRecallEndsRenewalsAndLetsAnotherHaveItOnlyWhenTheLeaseIsOver() {
        a.writes(file, 0, blocks(2));
        Pending write = b.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        Recall recall = onlyRecall();
        kit.answer(new Command.RecallDue(a.id(), recall.id(), 0, 0));
        assertTrue(entry(a).isOverdue());
        assertTrue(write.waits(), "its lease may still run");
        a.revives();
        assertTrue(write.waits());
        a.lapses();
        // Committed blocks of a revoked writer stay at risk; the rest of the story is relocation's.
        assertTrue(entry(a).ended().isPresent());
        assertFalse(write.waits());
    }

    @Test
    void aClientThatReturnsPiecesIsGivenMoreTimeUpToACap() {
        a.writes(file, 0, blocks(4));
        b.mapsRw(file, 0, blocks(4)).min(blocks(4)).waiting().ask();
        Recall recall = onlyRecall();
        a.returns(file, range(0, 1)).ok();
        Reply.RecallExtended more =
                kit.query(
                        new Command.RecallDue(a.id(), recall.id(), 0, 1),
                        Reply.RecallExtended.class);
        assertEquals(1, more.pieces());
        assertFalse(entry(a).isOverdue());
        kit.query(new Command.RecallDue(a.id(), recall.id(), more.pieces(), 1), Reply.Done.class);
        assertTrue(entry(a).isOverdue(), "no progress since");
        a.returns(file, range(0, 4)).ok();
        assertFalse(entry(a).isOverdue());
    }

    @Test
    void aBulkRecallRefusesNewGrantsUntilTheBulkReturn() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        FileId other = a.creates("other");
        kit.query(
                new Command.RecallLayouts(new RecallScope.Volume(), Optional.empty(), false),
                Reply.RecallsBegun.class);
        assertEquals(new RecallScope.Volume(), onlyRecall().scope());
        a.mapsRw(other, 0, blocks(1)).refused(Reason.RECALL_CONFLICT);
        a.commits(file, held).lastWrite(1).ok();
        a.returnsAll(file).ok();
        a.mapsRw(other, 0, blocks(1)).refused(Reason.RECALL_CONFLICT);
        a.returns(new ReturnScope.Everything()).ok();
        a.mapsRw(other, 0, blocks(1)).ok();
    }

    @Test
    void aRecallOfADeviceAsksOnlyWhoHoldsSomethingThere() {
        a.mapsRw(file, 0, blocks(2)).ok();
        Reply.RecallsBegun begun =
                kit.query(
                        new Command.RecallLayouts(
                                new RecallScope.Device(0), Optional.empty(), false),
                        Reply.RecallsBegun.class);
        assertEquals(1, begun.clients());
        begun =
                kit.query(
                        new Command.RecallLayouts(
                                new RecallScope.Device(3), Optional.empty(), false),
                        Reply.RecallsBegun.class);
        assertEquals(0, begun.clients());
        a.returns(new ReturnScope.WholeDevice(0)).ok();
        assertEquals(List.of(), List.copyOf(kit.tables().recalled()));
    }

    @Test
    void openRecallsAreListedForWhoComesBack() {
        a.writes(file, 0, blocks(2));
        b.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Reply.Recalls open = kit.query(new Command.ListRecalls(a.id()), Reply.Recalls.class);
        assertEquals(1, open.recalls().size());
        assertEquals(Optional.of(a.stateid(file)), open.recalls().getFirst().stateid());
    }

    // ---- space

    @Test
    void spaceTakenAheadIsTakenBackForWhoHasNone() {
        Mapped ahead = a.mapsRw(file, 0, blocks(64)).min(blocks(1)).ok();
        assertEquals(0, kit.freeBlocks());
        a.commits(file, ahead.stateid().orElseThrow())
                .of(ahead, range(0, 2))
                .lastWrite(blocks(2) - 1)
                .ok();
        FileId other = b.creates("other");
        b.mapsRw(other, 0, blocks(4)).min(blocks(4)).refused(Reason.NO_SPACE);
        Pending wait = b.mapsRw(other, 0, blocks(4)).min(blocks(4)).waiting().ask();
        assertTrue(wait.waits());
        Recall recall = onlyRecall();
        assertEquals(List.of(range(2, 64)), ranges(recall));
        a.returns(file, range(2, 64)).ok();
        assertEquals(List.of(writing(0, blocks(4))), wait.reply(Mapped.class).granted());
        assertEquals(58, kit.freeBlocks());
    }

    @Test
    void whatComesBackWithoutSpaceIsNoSpaceAfterAll() {
        Mapped held = a.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
        FileId other = b.creates("other");
        Pending wait = b.allocates(other, 0, blocks(4)).ask();
        assertTrue(wait.waits());
        a.commits(file, held).lastWrite(blocks(64) - 1).ok();
        assertTrue(wait.waits(), "the recall is open");
        a.returns(file, range(0, 64)).ok();
        assertEquals(Reason.NO_SPACE, wait.reply(Failure.class).reason());
        assertEquals(0, kit.freeBlocks());
    }

    @Test
    void whoDoesNotAnswerInTimeIsNotWaitedForWithAWantOfSpace() {
        a.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
        FileId other = b.creates("other");
        Pending wait = b.allocates(other, 0, blocks(4)).ask();
        Recall recall = onlyRecall();
        assertTrue(wait.waits());
        kit.answer(new Command.RecallDue(a.id(), recall.id(), 0, 0));
        assertEquals(Reason.NO_SPACE, wait.reply(Failure.class).reason());
        // No time is left that would end another wait.
        b.allocates(other, 0, blocks(4)).refused(Reason.NO_SPACE);
        assertEquals(0, kit.tables().waiting().size());
    }

    @Test
    void whoWaitsForSpaceGoesOnWaitingWhileMoreMayComeBack() {
        a.mapsRw(file, 0, blocks(60)).min(blocks(60)).ok();
        FileId third = c.creates("third");
        c.mapsRw(third, 0, blocks(4)).min(blocks(4)).ok();
        Pending wait = b.allocates(b.creates("other"), 0, blocks(64)).ask();
        assertEquals(2, kit.takeRecalls().size());
        c.returnsAll(third).ok();
        assertTrue(wait.waits(), "the other may still answer");
        a.returnsAll(file).ok();
        wait.reply(Reply.FileChanged.class);
    }

    @Test
    void noMoreIsTakenBackThanIsNeededAndWhatLiesAheadOfTheEndFirst() {
        a.truncates(file, blocks(32)).ok();
        a.mapsRw(file, 0, blocks(32)).min(blocks(32)).ok();
        FileId ahead = c.creates("ahead");
        c.mapsRw(ahead, 0, blocks(16)).min(blocks(16)).ok();
        FileId more = c.creates("more");
        c.mapsRw(more, 0, blocks(16)).min(blocks(16)).ok();
        b.allocates(b.creates("other"), 0, blocks(16)).ask();
        Recall recall = onlyRecall();
        assertEquals(new RecallScope.Ranges(ahead, List.of(range(0, 16))), recall.scope());
    }

    /** Shown by a mutant: all of them were asked for as parts of the first file. */
    @Test
    void whatOneClientHoldsIdleInSeveralFilesIsTakenBackFromEach() {
        FileId first = c.creates("first");
        c.mapsRw(first, 0, blocks(32)).min(blocks(32)).ok();
        FileId second = c.creates("second");
        c.mapsRw(second, blocks(40), blocks(32)).min(blocks(32)).ok();
        Pending wait = b.allocates(b.creates("other"), 0, blocks(64)).ask();
        assertEquals(
                List.of(
                        new RecallScope.Ranges(first, List.of(range(0, 32))),
                        new RecallScope.Ranges(second, List.of(range(40, 72)))),
                kit.takeRecalls().stream().map(Recall::scope).toList());
        c.returns(first, range(0, 32)).ok();
        assertTrue(wait.waits(), "the other file's blocks are still to come");
        c.returns(second, range(40, 72)).ok();
        wait.reply(Reply.FileChanged.class);
    }

    // ---- many

    @Test
    void manyStuckRequestsAreServedInOrder() {
        a.writes(file, 0, blocks(1));
        List<Pending> stuck = new ArrayList<>();
        List<Party> parties = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Party party = kit.client("p" + i);
            parties.add(party);
            stuck.add(party.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask());
        }
        a.returns(file, range(0, 1)).ok();
        for (int i = 0; i < 200; i++) {
            stuck.get(i).reply(Mapped.class);
            int next = i + 1;
            assertTrue(next == 200 || stuck.get(next).waits(), () -> "overtaken by " + next);
            parties.get(i).returns(file, range(0, 1)).ok();
        }
    }

    // ---- reads through the server

    @Test
    void aReadThroughTheServerWaitsForTheWriterOfCommittedBytes() {
        a.writes(file, 0, blocks(2));
        Pending read = b.readsThrough(file, 0, 10).ask();
        assertTrue(read.waits());
        assertEquals(List.of(range(0, 1)), ranges(onlyRecall()));
        a.returns(file, range(0, 1)).ok();
        assertTrue(read.reply(Reply.ReadPlan.class).extents().getFirst().hasAddress());
    }

    @Test
    void aReadThroughTheServerOvertakesNobodyWhoWaitsForCommittedBytes() {
        a.writes(file, 0, blocks(1));
        a.truncates(file, blocks(2)).ok();
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        c.mapsRw(file, blocks(1), blocks(1)).min(blocks(1)).waiting().ask();
        assertTrue(b.readsThrough(file, 0, 10).ask().waits());
        b.readsThrough(file, blocks(1), 10).ok();
    }
}
