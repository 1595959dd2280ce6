package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.command.Command;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3: one effect and one answer under each operation id. */
class ExactlyOnceTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64, Limits.DEFAULT.with(100, 4));

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");

    @Test
    void aRetryHasOneEffectAndTheSameAnswer() {
        Request<FileChanged> creation = a.creates(FileId.ROOT, "f", FileKind.FILE);
        FileChanged first = creation.ok();
        assertEquals(first, creation.ok());
        a.removes(FileId.ROOT, "f").ok();
        assertEquals(first, creation.ok(), "even when it is long past");
    }

    @Test
    void alsoAfterARestart() {
        Request<FileChanged> creation = a.creates(FileId.ROOT, "f", FileKind.FILE);
        FileChanged first = creation.ok();
        kit.crash();
        a.reattaches();
        assertEquals(first, creation.ok());
    }

    @Test
    void aRefusalIsAnAnswerToo() {
        Request<FileChanged> removal = a.removes(FileId.ROOT, "f");
        removal.refused(Reason.NOT_FOUND);
        b.creates("f");
        removal.refused(Reason.NOT_FOUND);
    }

    /** Seeds 25031 and 25481 of the simulator: a Write was done after it had been refused. */
    @Test
    void soIsThatThereIsNoSpaceThoughThereIsSomeLater() {
        FileId file = b.creates("f");
        FileId other = a.creates("g");
        b.allocates(file, 0, blocks(64)).ok();
        Request<FileChanged> write = a.writesThrough(other, 0, 10);
        write.refused(Reason.NO_SPACE);
        b.removes(FileId.ROOT, "f").ok();
        write.refused(Reason.NO_SPACE);
        a.writesThrough(other, 0, 10).ok();
    }

    @Test
    void triedLaterIsTriedAnew() {
        FileId file = b.creates("f");
        b.writes(file, 0, blocks(1));
        MapRequest map = a.mapsRw(file, 0, blocks(1));
        map.refused(Reason.TRY_LATER);
        b.returnsAll(file).ok();
        map.ok();
    }

    @Test
    void scenario22AGrantIsAnsweredAgainWhileItStands() {
        FileId file = a.creates("f");
        MapRequest map = a.mapsRw(file, 0, blocks(2));
        Mapped first = map.ok();
        a.commits(file, first).ok();
        assertEquals(first, map.ok());
        kit.crash();
        a.reattaches();
        assertEquals(first, map.ok());
    }

    @Test
    void scenario22AReturnedGrantIsExpired() {
        FileId file = a.creates("f");
        MapRequest map = a.mapsRw(file, 0, blocks(2));
        map.ok();
        a.returns(file, new ByteRange(0, blocks(1))).ok();
        map.refused(Reason.EXPIRED);
        a.returnsAll(file).ok();
        map.refused(Reason.EXPIRED);
    }

    @Test
    void scenario22HeldAgainOverOtherBlocksItIsExpiredAllTheSame() {
        FileId file = a.creates("f");
        a.mapsRw(file, blocks(4), blocks(1)).ok();
        MapRequest map = a.mapsRw(file, 0, blocks(1));
        map.ok();
        a.returns(file, new ByteRange(0, blocks(1))).ok();
        a.mapsRw(file, 0, blocks(1)).acknowledging(1).ok();
        map.refused(Reason.EXPIRED);
    }

    @Test
    void scenario22HeldAgainBehindWhatIsStillHeldItIsExpiredAllTheSame() {
        FileId file = a.creates("f");
        a.mapsRw(file, 0, blocks(1)).acknowledging(1).ok();
        Request<Mapped> map = a.mapsRw(file, blocks(1), blocks(1)).acknowledging(2);
        Mapped first = map.ok();
        a.mapsRw(file, blocks(2), blocks(1)).acknowledging(2).ok();
        assertEquals(first, map.ok());
        a.returns(file, new ByteRange(blocks(1), blocks(2))).acknowledging(2).ok();
        a.mapsRw(file, blocks(1), blocks(1)).acknowledging(2).ok();
        map.refused(Reason.EXPIRED);
    }

    /**
     * To give back committed blocks changes no map: the epoch alone does not tell before from
     * after.
     */
    @Test
    void scenario22HeldAgainAfterNothingWasHeldItIsExpiredAllTheSame() {
        FileId file = b.creates("f");
        b.writes(file, 0, blocks(4));
        b.returnsAll(file).acknowledging(b.lastOperation() - 1).ok();
        a.mapsRead(file, blocks(3), blocks(1)).ok();
        long through = a.lastOperation();
        Request<Mapped> map = a.mapsRw(file, blocks(1), blocks(1)).acknowledging(through);
        assertEquals(map.ok(), map.ok());
        a.returns(file, new ByteRange(blocks(1), blocks(2))).acknowledging(through).ok();
        a.mapsRw(file, 0, blocks(1)).acknowledging(through).ok();
        b.punches(file, blocks(1), blocks(1)).acknowledging(b.lastOperation() - 1).ok();
        a.mapsRw(file, blocks(1), blocks(1)).acknowledging(through).ok();
        map.refused(Reason.EXPIRED);
    }

    @Test
    void scenario22AReadGrantOverAChangedRangeIsExpired() {
        FileId file = b.creates("f");
        b.writes(file, 0, blocks(1));
        b.returnsAll(file).acknowledging(2).ok();
        MapRequest map = a.mapsRead(file, 0, blocks(1));
        Mapped first = map.ok();
        assertEquals(first, map.ok());
        a.punches(file, 0, blocks(1)).ok();
        a.mapsRead(file, 0, blocks(1)).ok();
        map.refused(Reason.EXPIRED);
    }

    @Test
    void whatTheClientHasAcknowledgedIsNeverExecutedAgain() {
        Request<FileChanged> creation = a.creates(FileId.ROOT, "f", FileKind.FILE);
        creation.ok();
        Request<FileChanged> never = a.creates(FileId.ROOT, "g", FileKind.FILE);
        a.removes(FileId.ROOT, "f").acknowledging(2).ok();
        creation.refused(Reason.EXPIRED);
        never.refused(Reason.EXPIRED);
        kit.crash();
        a.reattaches();
        creation.refused(Reason.EXPIRED);
    }

    @Test
    void tooManyAnswersAreNotKept() {
        for (int i = 0; i < 4; i++) {
            a.creates("f" + i);
        }
        a.creates(FileId.ROOT, "g", FileKind.FILE).refused(Reason.RESOURCE_EXHAUSTED);
        a.creates(FileId.ROOT, "g", FileKind.FILE).acknowledging(1).ok();
        a.creates(FileId.ROOT, "h", FileKind.FILE).refused(Reason.RESOURCE_EXHAUSTED);
        a.creates(FileId.ROOT, "h", FileKind.FILE)
                .acknowledging(8)
                .refused(Reason.INVALID_ARGUMENT);
        a.creates(FileId.ROOT, "h", FileKind.FILE).acknowledging(7).ok();
    }

    @Test
    void workInFlightCountsAsAnAnswer() {
        FileId[] files = new FileId[2];
        for (int i = 0; i < 2; i++) {
            files[i] = b.creates("f" + i);
            b.writes(files[i], 0, blocks(1));
            b.returnsAll(files[i]).acknowledging(b.lastOperation() - 1).ok();
        }
        a.creates("x");
        a.creates("y");
        a.truncates(files[0], 10).start();
        a.truncates(files[1], 10).start();
        a.creates(FileId.ROOT, "g", FileKind.FILE).refused(Reason.RESOURCE_EXHAUSTED);
    }

    @Test
    void operationIdsAreChecked() {
        a.creates(FileId.ROOT, "f", FileKind.FILE)
                .acknowledging(-1)
                .refused(Reason.INVALID_ARGUMENT);
        a.creates(FileId.ROOT, "f", FileKind.FILE)
                .acknowledging(2)
                .refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void unknownClientsAreExpired() {
        a.ends();
        a.creates(FileId.ROOT, "f", FileKind.FILE).refused(Reason.EXPIRED);
    }

    @Test
    void aRequestThatWaitsCountsAsAnAnswerButNotAgainstItself() {
        FileId file = b.creates("f");
        b.writes(file, 0, blocks(1));
        a.creates("x");
        a.creates("y");
        a.creates("z");
        Pending waits = a.mapsRead(file, 0, blocks(1)).min(blocks(1)).waiting().ask();
        a.creates(FileId.ROOT, "g", FileKind.FILE).refused(Reason.RESOURCE_EXHAUSTED);
        b.returnsAll(file).acknowledging(b.lastOperation() - 1).ok();
        assertEquals(1, waits.reply(Mapped.class).granted().size());
    }

    @Test
    void whatTheServerDoesForOthersDoesNotCount() {
        FileId file = b.creates("f");
        b.writes(file, 0, blocks(1));
        b.returnsAll(file).acknowledging(b.lastOperation() - 1).ok();
        b.truncates(file, 10).start();
        a.creates("x");
        a.creates("y");
        a.creates("z");
        a.creates("g");
    }

    @Test
    void aPairThatHasBeenCommittedAndMadeAnewIsExpired() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(1));
        Request<Mapped> first =
                a.mapsRw(file, 0, blocks(1)).atomic().acknowledging(a.lastOperation() - 1);
        Mapped pair = first.ok();
        assertEquals(pair, first.ok());
        a.commits(file, pair).ok();
        Mapped second = a.mapsRw(file, 0, blocks(1)).atomic().ok();
        assertEquals(2, second.extents().size());
        first.refused(Reason.EXPIRED);
    }

    /** Its own RW hides what it asked for: to read what it replaces meanwhile. */
    @Test
    void whatWasToBeReadAndIsReplacedByTheReaderItselfIsExpired() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(1));
        Mapped pair =
                a.mapsRw(file, 0, blocks(1)).atomic().acknowledging(a.lastOperation() - 1).ok();
        Request<Mapped> read = a.mapsRead(file, 0, blocks(1)).acknowledging(a.lastOperation() - 1);
        Mapped source = read.ok();
        assertEquals(pair.extents().getFirst().deviceRange(), at(source));
        assertEquals(source, read.ok());
        a.commits(file, pair).ok();
        read.refused(Reason.EXPIRED);
    }

    @Test
    void whatWasToBeWrittenInPlaceAndIsReplacedByTheWriterItselfIsExpired() {
        FileId file = a.creates("f");
        a.writes(file, 0, blocks(1));
        Request<Mapped> inPlace = a.mapsRw(file, 0, blocks(1)).acknowledging(a.lastOperation() - 1);
        Mapped source = inPlace.ok();
        Mapped pair = a.mapsRw(file, 0, blocks(1)).atomic().ok();
        assertEquals(pair.extents().getFirst().deviceRange(), at(source));
        assertEquals(source, inPlace.ok());
        a.commits(file, pair).ok();
        inPlace.refused(Reason.EXPIRED);
    }

    private static DeviceRange at(Mapped mapped) {
        return mapped.extents().getFirst().deviceRange();
    }

    @Test
    void grantsThatAreRememberedCountLikeTheRest() {
        FileId file = b.creates("f");
        b.writes(file, 0, blocks(1));
        b.returnsAll(file).acknowledging(b.lastOperation() - 1).ok();
        a.creates("x");
        a.creates("y");
        a.mapsRead(file, 0, blocks(1)).ok();
        a.removes(FileId.ROOT, "nothing").refused(Reason.NOT_FOUND);
        a.creates(FileId.ROOT, "g", FileKind.FILE).refused(Reason.RESOURCE_EXHAUSTED);
    }

    @Test
    void whatAReattachAcknowledgesIsNeverExecutedAgain() {
        Request<FileChanged> creation = a.creates(FileId.ROOT, "f", FileKind.FILE);
        creation.ok();
        kit.answer(new Command.ReattachClient(a.id(), creation.operation(), List.of()));
        creation.refused(Reason.EXPIRED);
    }
}
