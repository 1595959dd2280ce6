package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A wait ends as soon as what it waits for does, and a place is kept by nobody who has gone. */
final class WaitingTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final Party c = kit.client("c");
    private final Party d = kit.client("d");
    private final FileId file = a.creates("file");

    private static ByteRange range(long fromBlock, long toBlock) {
        return new ByteRange(blocks(fromBlock), blocks(toBlock));
    }

    private List<ByteRange> asked() {
        return kit.takeRecalls().stream()
                .map(Recall::scope)
                .map(RecallScope.Ranges.class::cast)
                .flatMap(scope -> scope.ranges().stream())
                .toList();
    }

    /** What extends a file when it comes shrinks it by the time it is its turn. */
    @Test
    void aPlaceMovesToWhatTheRequestNeedsByNow() {
        a.writesBytes(file, 4000);
        Mapped more = a.mapsRw(file, blocks(1), blocks(7)).ok();
        Pending truncate = b.truncates(file, blocks(1) + 800).ask();
        assertEquals(List.of(range(0, 2)), asked());
        a.commits(file, more).lastWrite(blocks(4) - 1).ok();
        a.returns(file, range(0, 2)).ok();
        assertEquals(List.of(new ByteRange(blocks(2), blocks(8))), asked());
        assertTrue(truncate.waits(), "there is more to be given back by now");
        a.returns(file, range(2, 8)).ok();
        assertEquals(blocks(1) + 800, truncate.reply(FileChanged.class).attributes().sizeBytes());
        assertEquals(0, kit.tables().waiting().size());
    }

    @Test
    void anAcknowledgedOperationKeepsNobodyWaiting() {
        a.writes(file, 0, blocks(1));
        Request<Mapped> given = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting();
        Pending up = given.ask();
        Pending behind = c.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        b.creates(FileId.ROOT, "other", FileKind.FILE).acknowledging(given.operation()).ok();
        assertEquals(Reason.EXPIRED, up.reply(Failure.class).reason());
        assertEquals(1, kit.tables().waiting().size());
        a.returns(file, range(0, 1)).ok();
        behind.reply(Mapped.class);
    }

    /** Whoever waits for bytes that a request may do without is not in front of it. */
    @Test
    void aRequestIsBehindNobodyForWhatItNeedNotHave() {
        a.writes(file, 0, blocks(3));
        d.writes(file, blocks(3), blocks(5));
        Pending truncate = b.truncates(file, blocks(3) + 1).ask();
        Pending read = c.mapsRead(file, blocks(2), blocks(4)).min(blocks(1)).waiting().ask();
        assertTrue(truncate.waits());
        assertTrue(read.waits());
        a.returns(file, range(2, 3)).ok();
        assertEquals(List.of(reading(blocks(2), blocks(3))), read.reply(Mapped.class).granted());
    }

    @Test
    void whatNobodyInFrontWantsIsAskedForAtOnce() {
        a.truncates(file, blocks(2)).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        Pending first = b.mapsRw(file, blocks(1), blocks(1)).min(blocks(1)).waiting().ask();
        Pending second = c.mapsRw(file, 0, blocks(2)).min(blocks(1)).waiting().ask();
        assertEquals(List.of(range(1, 2), range(0, 2)), asked());
        a.returns(file, range(0, 2)).ok();
        assertEquals(List.of(writing(blocks(1), blocks(2))), first.reply(Mapped.class).granted());
        assertEquals(List.of(writing(0, blocks(1))), second.reply(Mapped.class).granted());
    }

    @Test
    void whoWaitsForAnotherFileByNowIsInNobodysWayHere() {
        FileId copy = a.creates("copy");
        a.writes(file, 0, blocks(1));
        b.mapsRw(copy, 0, blocks(1)).ok();
        Pending clone = c.clones(file, copy).ask();
        Pending behind = d.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertTrue(behind.waits());
        a.returnsAll(file).ok();
        assertTrue(clone.waits(), "for the destination");
        behind.reply(Mapped.class);
        a.mapsRead(file, 0, blocks(1)).min(blocks(1)).ok();
        b.returnsAll(copy).ok();
        clone.reply(FileChanged.class);
    }

    @Test
    void theOnlyOneWhoWaitsIsAnsweredWhenItsClientEnds() {
        a.writes(file, 0, blocks(1));
        Pending stuck = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        b.ends();
        assertEquals(Reason.EXPIRED, stuck.reply(Failure.class).reason());
    }

    @Test
    void onlyWhoWantsTheseBytesIsToldAndOnlyOnce() {
        a.writes(file, 0, blocks(8));
        b.mapsRead(file, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        c.mapsRead(file, blocks(4), blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        d.mapsRead(file, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        d.ends();
        kit.takeNotices();
        a.returns(file, range(0, 1), range(4, 5)).ok();
        assertEquals(
                List.of(
                        new Notice.LayoutAvailable(b.id(), file, range(0, 1)),
                        new Notice.LayoutAvailable(c.id(), file, range(4, 5))),
                kit.takeNotices());
        a.mapsRw(file, 0, blocks(1)).min(blocks(1)).ok();
        a.returns(file, range(0, 1)).ok();
        assertEquals(List.of(), kit.takeNotices(), "they have been told");
    }

    @Test
    void whoWantsOtherBytesIsNotTold() {
        a.writes(file, 0, blocks(8));
        b.mapsRead(file, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
        kit.takeNotices();
        a.returns(file, range(6, 8)).ok();
        assertEquals(List.of(), kit.takeNotices());
        a.returns(file, range(0, 1)).ok();
        assertEquals(1, kit.takeNotices().size());
    }

    @Test
    void whoWaitsForAReaderThatHasEndedGoesOnWhenItsLeaseIsOver() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        c.mapsRead(file, 0, blocks(1)).ok();
        c.end(EndCause.REVOKED);
        Pending write = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertTrue(write.waits(), "it may be reading still");
        c.lapses();
        write.reply(Mapped.class);
    }

    /** Found by the simulator with seed 33528: it waited for as long as it had said it would. */
    @Test
    void whoWaitsForTheRestOfARecallGoesOnWhenTheLeaseOfTheRecalledIsOver() {
        a.writes(file, 0, blocks(2));
        Pending second = b.mapsRw(file, blocks(1), blocks(1)).min(blocks(1)).waiting().ask();
        Pending first = c.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        a.returns(file, range(1, 2)).ok();
        assertTrue(second.waits(), "not all that was asked for has come back");
        c.ends();
        assertEquals(Reason.EXPIRED, first.reply(Failure.class).reason());
        a.lapses();
        second.reply(Mapped.class);
    }

    @Test
    void aNewIncarnationGoesOnAsSoonAsItsFormerOneHasEnded() {
        Party again = kit.client("c");
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        c.mapsRead(file, 0, blocks(1)).ok();
        Pending write = again.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertTrue(write.waits());
        c.end(EndCause.SUPERSEDED);
        write.reply(Mapped.class);
    }

    @Test
    void whoWaitsForSpaceIsServedWhenAnybodyMakesSome() {
        a.mapsRw(file, 0, blocks(48)).min(blocks(48)).ok();
        FileId old = d.creates("old");
        d.allocates(old, 0, blocks(16)).ok();
        Pending wait = b.allocates(b.creates("new"), 0, blocks(8)).ask();
        assertTrue(wait.waits());
        d.removes(FileId.ROOT, "old").ok();
        wait.reply(FileChanged.class);
    }

    @Test
    void workElsewhereInTheFileIsWaitedForByNobody() {
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        a.punches(file, blocks(3) + 10, 20).start();
        a.punches(file, blocks(1) + 10, 20).start();
        assertEquals(2, kit.works().size());
        Mapped before = d.mapsRead(file, 0, blocks(4)).min(blocks(1)).ok();
        assertEquals(List.of(reading(0, blocks(1))), before.granted());
        assertTrue(b.readsThrough(file, 0, 10).start().reply().isPresent());
        assertTrue(c.punches(file, blocks(2) + 10, 20).start().awaitedWork().isPresent());
        assertEquals(4, kit.works().size(), "with the read, which is not over");
        kit.completeAll();
    }

    @Test
    void readersWhoWaitAreServedTogether() {
        a.writes(file, 0, blocks(1));
        Pending first = b.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        Pending second = c.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        a.returnsAll(file).ok();
        first.reply(Mapped.class);
        second.reply(Mapped.class);
    }

    @Test
    void aReaderDoesNotWaitBehindAReader() {
        a.writes(file, 0, blocks(2));
        a.returns(file, range(0, 1)).ok();
        Pending both = b.mapsRead(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        assertTrue(both.waits());
        c.mapsRead(file, 0, blocks(1)).min(blocks(1)).ok();
    }

    @Test
    void whoWaitsForSpaceHasItsPlaceOnTheBytesToo() {
        a.mapsRw(file, 0, blocks(60)).min(blocks(60)).ok();
        FileId other = b.creates("other");
        Pending first = b.allocates(other, 0, blocks(8)).ask();
        Pending second = c.mapsRw(other, 0, blocks(1)).min(blocks(1)).waiting().ask();
        assertTrue(first.waits());
        assertTrue(second.waits(), "a block is free, but others wait for these bytes");
        a.returnsAll(file).ok();
        first.reply(FileChanged.class);
        second.reply(Mapped.class);
    }
}
