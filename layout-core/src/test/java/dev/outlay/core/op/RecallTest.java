package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.4: who is asked to give back what, under which number, and what ends it. */
class RecallTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final Party c = kit.client("c");
    private final FileId file = a.creates("file");

    private static ByteRange range(long fromBlock, long toBlock) {
        return new ByteRange(blocks(fromBlock), blocks(toBlock));
    }

    private int recalls(RecallScope scope, boolean changed) {
        return kit.query(
                        new Command.RecallLayouts(scope, Optional.empty(), changed),
                        Reply.RecallsBegun.class)
                .clients();
    }

    private RecallScope of(ByteRange range) {
        return new RecallScope.Ranges(file, List.of(range));
    }

    private List<ClientId> recalled() {
        return kit.tables().recalled().stream().map(ClientEntry::record).map(r -> r.id()).toList();
    }

    private void committed(int blocks) {
        a.writes(file, 0, blocks(blocks));
        a.returnsAll(file).ok();
    }

    // ---- numbers

    @Test
    void holdersOfOneRangeAreAskedUnderNumbersOfTheirOwn() {
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        Pending write = c.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        List<Recall> asked = kit.takeRecalls();
        assertEquals(List.of(a.id(), b.id()), asked.stream().map(Recall::client).toList());
        assertNotEquals(asked.get(0).id(), asked.get(1).id());
        b.returnsAll(file).ok();
        assertEquals(List.of(a.id()), recalled());
        a.returnsAll(file).ok();
        write.reply(Mapped.class);
    }

    @Test
    void aWiderRecallKeepsItsNumberAndTheNextOneHasAnother() {
        committed(4);
        a.mapsRead(file, 0, blocks(4)).ok();
        b.mapsRead(file, blocks(2), blocks(2)).ok();
        c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        long first = kit.takeRecalls().getFirst().id();
        c.mapsRw(file, blocks(2), blocks(1)).min(blocks(1)).waiting().ask();
        List<Recall> more = kit.takeRecalls();
        assertEquals(List.of(a.id(), b.id()), more.stream().map(Recall::client).toList());
        assertEquals(first, more.get(0).id());
        assertNotEquals(first, more.get(1).id());
    }

    @Test
    void ofAllThatIsHeldEveryClientIsAskedOnce() {
        a.mapsRw(file, 0, blocks(1)).ok();
        b.mapsRw(file, blocks(1), blocks(1)).ok();
        assertEquals(2, recalls(new RecallScope.Volume(), false));
        List<Recall> asked = kit.takeRecalls();
        assertEquals(2, asked.stream().map(Recall::id).distinct().count());
        assertEquals(2, recalls(new RecallScope.Volume(), false));
        assertEquals(List.of(), kit.takeRecalls(), "they have been asked");
        assertEquals(2, recalls(new RecallScope.Device(0), false));
        assertEquals(2, kit.takeRecalls().size());
        assertEquals(2, recalls(new RecallScope.Volume(), true));
        assertEquals(2, kit.takeRecalls().size(), "now they may not even store");
    }

    // ---- ranges that an operator asks for

    @Test
    void ofARangeWhatIsHeldThereIsAskedFor() {
        a.mapsRw(file, 0, blocks(4)).min(blocks(4)).ok();
        b.mapsRw(file, blocks(4), blocks(4)).min(blocks(4)).ok();
        c.mapsRw(file, blocks(8), blocks(1)).ok();
        assertEquals(2, recalls(of(range(2, 6)), false));
        List<Recall> asked = kit.takeRecalls();
        assertEquals(
                List.of(of(range(2, 4)), of(range(4, 6))),
                asked.stream().map(Recall::scope).toList());
        assertNotEquals(asked.get(0).id(), asked.get(1).id());
        assertEquals(0, recalls(of(range(20, 30)), false));
        a.returns(file, range(2, 4)).ok();
        assertEquals(List.of(b.id()), recalled());
    }

    @Test
    void thatTheBytesHaveChangedIsSaidOnceMore() {
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        recalls(of(range(0, 2)), false);
        Recall first = kit.takeRecalls().getFirst();
        assertFalse(first.changed());
        recalls(of(range(0, 2)), true);
        Recall second = kit.takeRecalls().getFirst();
        assertTrue(second.changed());
        assertEquals(first.id(), second.id());
        recalls(of(range(0, 2)), true);
        recalls(of(range(0, 2)), false);
        assertEquals(List.of(), kit.takeRecalls(), "nothing new is said");
    }

    @Test
    void aReaderWhoIsAskedBarsNoOtherReader() {
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        recalls(of(range(0, 2)), false);
        Mapped beside = b.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        assertEquals(List.of(reading(0, blocks(2))), beside.granted());
    }

    @Test
    void whatHasComeBackInPiecesIsFreeForNobodyNewBeforeTheRest() {
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        recalls(of(range(0, 2)), false);
        a.returns(file, range(0, 1)).ok();
        c.mapsRead(file, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        a.returns(file, range(0, 2)).ok();
        c.mapsRead(file, 0, blocks(1)).min(blocks(1)).ok();
    }

    // ---- while it is open, and its end

    @Test
    void acknowledgedTwiceIsAcknowledgedOnce() {
        a.mapsRw(file, 0, blocks(1)).ok();
        recalls(new RecallScope.Volume(), false);
        long recall = kit.takeRecalls().getFirst().id();
        Command acknowledge = new Command.AcknowledgeRecall(a.id(), recall);
        assertEquals(1, kit.execute(acknowledge).facts().size());
        assertEquals(0, kit.execute(acknowledge).facts().size());
    }

    @Test
    void piecesGiveNoMoreTimeOnceTheCapIsReached() {
        committed(4);
        a.mapsRead(file, 0, blocks(4)).ok();
        recalls(of(range(0, 4)), false);
        long recall = kit.takeRecalls().getFirst().id();
        a.returns(file, range(0, 1)).ok();
        kit.query(new Command.RecallDue(a.id(), recall, 0, 0), Reply.Done.class);
        assertTrue(Objects.requireNonNull(kit.tables().client(a.id())).isOverdue());
    }

    @Test
    void aReturnOfSomethingElseEndsNoRecall() {
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        recalls(of(range(0, 2)), false);
        a.returns(new ReturnScope.WholeDevice(9)).ok();
        assertEquals(List.of(a.id()), recalled());
        a.returns(new ReturnScope.Everything()).ok();
        assertEquals(List.of(), recalled());
    }

    @Test
    void beyondWhatThoseInFrontHaveAskedForAHolderIsAskedAtOnce() {
        committed(2);
        a.mapsRead(file, 0, blocks(1)).ok();
        b.mapsRead(file, blocks(1), blocks(1)).ok();
        Party d = kit.client("d");
        c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertEquals(a.id(), kit.takeRecalls().getFirst().client());
        Pending both = d.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        assertEquals(List.of(b.id()), kit.takeRecalls().stream().map(Recall::client).toList());
        assertTrue(both.waits());
    }

    @Test
    void whatWasAcknowledgedIsStillAskedForWhenMoreIs() {
        committed(4);
        a.mapsRead(file, 0, blocks(4)).ok();
        Pending first = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        long recall = kit.takeRecalls().getFirst().id();
        kit.answer(new Command.AcknowledgeRecall(a.id(), recall));
        Pending second = c.mapsRw(file, blocks(2), blocks(1)).min(blocks(1)).waiting().ask();
        assertEquals(
                new RecallScope.Ranges(file, List.of(range(0, 1), range(2, 3))),
                kit.takeRecalls().getFirst().scope());
        a.returns(file, range(2, 3)).ok();
        assertEquals(List.of(a.id()), recalled(), "the first part has not come back");
        assertTrue(first.waits());
        a.returns(file, range(0, 3)).ok();
        first.reply(Mapped.class);
        second.reply(Mapped.class);
    }

    @Test
    void aNumberIsGivenOnceWhateverIsOpenAlready() {
        FileId other = b.creates("other");
        b.mapsRw(other, 0, blocks(1)).ok();
        RecallScope earlier = new RecallScope.Ranges(other, List.of(range(0, 1)));
        recalls(earlier, false);
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertEquals(2, recalls(of(range(1, 2)), false));
        assertEquals(2, recalls(new RecallScope.Volume(), false));
        List<RecallScope> ofB = openOf(b);
        assertEquals(3, ofB.size(), ofB::toString);
        assertTrue(ofB.contains(earlier));
        assertEquals(2, openOf(a).size());
    }

    @Test
    void numbersOfRangesAskedForAtOnce() {
        FileId other = b.creates("other");
        b.mapsRw(other, 0, blocks(1)).ok();
        recalls(new RecallScope.Ranges(other, List.of(range(0, 1))), false);
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        assertEquals(2, recalls(of(range(0, 2)), false));
        assertEquals(2, openOf(b).size());
    }

    private List<RecallScope> openOf(Party party) {
        return Objects.requireNonNull(kit.tables().client(party.id())).recalls().stream()
                .map(Recall::scope)
                .toList();
    }

    @Test
    void theMessageNamesTheLayoutUnderItsNewSeqid() {
        committed(1);
        a.mapsRead(file, 0, blocks(1)).ok();
        int before = a.stateid(file).seqid();
        c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Notice.RecallSent sent = (Notice.RecallSent) kit.takeNotices().getFirst();
        assertEquals(Optional.of(a.stateid(file)), sent.stateid());
        assertEquals(before + 1, a.stateid(file).seqid());
    }

    @Test
    void ofADeviceAllOfItOrEverythingIsReturned() {
        a.mapsRw(file, 0, blocks(1)).ok();
        recalls(new RecallScope.Device(0), false);
        a.returns(new ReturnScope.WholeDevice(9)).ok();
        assertEquals(List.of(a.id()), recalled());
        a.returns(new ReturnScope.Everything()).ok();
        assertEquals(List.of(), recalled());
    }

    // ---- commits that replace what others read

    /** Each of two commits before it can answer its recall, and waits for what the other reads. */
    @Test
    void aCommitThatReplacesBlocksWaitsForNoMoreOfARecallThanThose() {
        committed(2);
        a.mapsRead(file, 0, blocks(2)).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        Mapped ofA = a.mapsRw(file, 0, blocks(1)).atomic().ok();
        Mapped ofB = b.mapsRw(file, blocks(1), blocks(1)).atomic().ok();
        assertEquals(2, recalls(of(range(0, 2)), false));
        Pending first = a.commits(file, ofA).ask();
        Pending second = b.commits(file, ofB).ask();
        assertTrue(first.waits() && second.waits());
        a.returns(file, range(1, 2)).ok();
        assertFalse(second.waits());
        b.returns(file, range(0, 1)).ok();
        first.reply(Reply.Committed.class);
        second.reply(Reply.Committed.class);
        assertEquals(List.of(a.id(), b.id()), recalled(), "nothing else came back yet");
        c.mapsRead(file, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        a.returns(file, range(0, 2)).ok();
        b.returns(file, range(0, 2)).ok();
        assertEquals(List.of(), recalled());
    }
}
