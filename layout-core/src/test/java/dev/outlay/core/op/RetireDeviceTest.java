package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.DeviceUse;
import dev.outlay.core.reply.Reply.Evacuation;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A device leaves a volume: nothing is handed out there, what lies there moves, then it is gone.
 */
class RetireDeviceTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(8);

    private Party a;
    private Party b;
    private FileId file;

    @BeforeEach
    void aFileOnBothDevices() {
        a = kit.client("a");
        b = kit.client("b");
        file = a.creates("file");
        a.writes(file, 0, blocks(4));
        kit.answer(new Command.AddDevice(VolumeKit.device(1, 8)));
    }

    private Reply retire(int device) {
        return kit.answer(new Command.RetireDevice(device));
    }

    /** Steps until there is nothing more to do at once; work on devices is done as it comes. */
    private Evacuation evacuate(int device) {
        FileId from = FileId.ROOT;
        for (int step = 0; step < 1_000; step++) {
            Reply.Evacuated done =
                    assertInstanceOf(
                            Reply.Evacuated.class,
                            kit.settle(new Command.EvacuateDevice(device, from)));
            if (done.state() != Evacuation.GOES_ON) {
                return done.state();
            }
            from = done.next();
        }
        throw new AssertionError("the evacuation does not end");
    }

    private DeviceUse use(int device) {
        return kit.query(new Command.ListDeviceUse(), Reply.DeviceUses.class).devices().stream()
                .filter(use -> use.device().index() == device)
                .findFirst()
                .orElseThrow();
    }

    private boolean isOn(int device, FileId id) {
        return kit.extents(id).stream().anyMatch(e -> e.device() == device);
    }

    @Test
    void nothingIsHandedOutThereAnyMoreAndTheCountsStillSum() {
        a.returnsAll(file).ok();
        assertInstanceOf(Reply.Done.class, retire(0));
        assertEquals(12, kit.freeBlocks(), "free blocks are free");
        FileId other = a.creates("other");
        Mapped mapped = a.mapsRw(other, 0, blocks(8)).min(blocks(8)).ok();
        assertTrue(mapped.extents().stream().allMatch(e -> e.device() == 1));
        a.mapsRw(other, blocks(8), blocks(1)).min(blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(4, kit.freeBlocks());
        // What comes back there stays apart.
        a.removes(FileId.ROOT, "file").ok();
        assertEquals(8, kit.freeBlocks());
        a.mapsRw(other, blocks(8), blocks(1)).min(blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(new DeviceUse(VolumeKit.device(0, 8), true, 0, 0), use(0));
        kit.checkReplay();
    }

    @Test
    void whatNobodyHoldsMovesAndTheDeviceIsGone() {
        a.returnsAll(file).ok();
        Extent old = kit.extents(file).getFirst();
        retire(0);
        kit.answer(new Command.EvacuateDevice(0, FileId.ROOT));
        Work move = kit.works().getFirst();
        assertEquals(
                List.of(new Task.Copy(old.deviceRange(), move.fresh().getFirst().deviceRange())),
                move.tasks());
        assertTrue(isOn(0, file), "the copy comes first");
        assertEquals(Evacuation.GONE, evacuate(0));
        assertEquals("WWWW", kit.picture(file, 4));
        assertTrue(kit.extents(file).stream().allMatch(e -> e.device() == 1));
        assertEquals(4, kit.freeBlocks());
        assertEquals(blocks(8), kit.space().total());
        assertEquals(List.of(VolumeKit.device(0, 8)), List.copyOf(kit.tables().leaving()));
        kit.crash();
        assertEquals(List.of(VolumeKit.device(0, 8)), List.copyOf(kit.tables().leaving()));
        kit.answer(new Command.ReleaseDevice(0));
        assertTrue(kit.tables().leaving().isEmpty());
        // Its index is never used again.
        assertEquals(Reason.ALREADY_EXISTS, refused(new Command.AddDevice(VolumeKit.device(0, 8))));
        kit.answer(new Command.AddDevice(VolumeKit.device(2, 8)));
        assertEquals(12, kit.freeBlocks());
    }

    @Test
    void theLastIndexIsNotUsedAgainEither() {
        retire(1);
        assertEquals(Evacuation.GONE, evacuate(1));
        kit.answer(new Command.ReleaseDevice(1));
        kit.crash();
        assertEquals(Reason.ALREADY_EXISTS, refused(new Command.AddDevice(VolumeKit.device(1, 8))));
        assertEquals(
                2, kit.query(new Command.ListDeviceUse(), Reply.DeviceUses.class).nextDevice());
    }

    @Test
    void holdersAreAskedAndWhatTheyHoldStaysUntilTheyHaveReturned() {
        retire(0);
        List<Recall> recalls = kit.takeRecalls();
        assertEquals(1, recalls.size());
        assertEquals(new RecallScope.Device(0), recalls.getFirst().scope());
        assertEquals(Evacuation.WAITS, evacuate(0));
        assertTrue(kit.extents(file).stream().allMatch(e -> e.device() == 0));
        a.returns(new ReturnScope.WholeDevice(0)).ok();
        assertEquals(Evacuation.GONE, evacuate(0));
        assertEquals("WWWW", kit.picture(file, 4));
    }

    @Test
    void whoComesBackForMoreIsGivenItElsewhere() {
        a.returnsAll(file).ok();
        retire(0);
        Mapped mapped = b.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        assertTrue(mapped.extents().stream().allMatch(e -> e.device() == 1));
        Mapped read = a.mapsRead(file, blocks(2), blocks(2)).min(blocks(2)).ok();
        assertTrue(read.extents().stream().allMatch(e -> e.device() == 1));
        assertEquals(Evacuation.GONE, evacuate(0));
    }

    @Test
    void aReaderThatCameBetweenIsAskedForJustItsRange() {
        retire(0);
        a.returns(new ReturnScope.WholeDevice(0)).ok();
        kit.takeNotices();
        // No room for moving first: what it asks for is granted where it is.
        FileId full = b.creates("full");
        b.mapsRw(full, 0, blocks(8)).min(blocks(8)).ok();
        a.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        assertEquals(Evacuation.WAITS, evacuate(0));
        assertEquals(
                List.of(file),
                kit.takeRecalls().stream()
                        .map(r -> ((RecallScope.Ranges) r.scope()).file())
                        .toList());
        assertEquals(Evacuation.WAITS, evacuate(0));
        assertEquals(List.of(), kit.takeRecalls(), "nobody is asked twice");
        b.returnsAll(full).ok();
        a.returnsAll(file).ok();
        assertEquals(Evacuation.GONE, evacuate(0));
    }

    @Test
    void aSilentHolderIsRevokedAndItsBlocksHoldTheDeviceUntilTheyAreProven() {
        retire(0);
        a.lapses();
        assertEquals(Evacuation.WAITS, evacuate(0));
        assertEquals("WWWW", kit.picture(file, 4));
        assertTrue(kit.extents(file).stream().allMatch(e -> e.device() == 1));
        assertEquals(new DeviceUse(VolumeKit.device(0, 8), true, blocks(4), blocks(4)), use(0));
        kit.checkReplay();
        a.proven(Proof.OPERATOR);
        assertEquals(Evacuation.GONE, evacuate(0));
    }

    @Test
    void keptAndSharedBlocksAndPairsMoveToo() {
        FileId kept = a.creates("kept");
        a.allocates(kept, 0, blocks(1)).ok();
        a.returnsAll(file).ok();
        a.snapshots(file, "copy").ok();
        FileId held = a.creates("held");
        a.mapsRw(held, 0, blocks(1)).ok();
        retire(1);
        assertEquals(Evacuation.WAITS, isOn(1, held) ? evacuate(1) : Evacuation.WAITS);
        a.returns(new ReturnScope.Everything()).ok();
        assertEquals(Evacuation.GONE, evacuate(1));
        kit.answer(new Command.ReleaseDevice(1));
        kit.answer(new Command.AddDevice(VolumeKit.device(2, 16)));
        retire(0);
        assertEquals(Evacuation.GONE, evacuate(0));
        assertTrue(kit.extents(kept).stream().allMatch(e -> e.device() == 2 && e.has(Extent.KEPT)));
        assertTrue(kit.extents(file).stream().allMatch(e -> e.device() == 2));
        // Each file has blocks of its own now: nine are in use.
        assertEquals(16 - 9, kit.freeBlocks());
    }

    @Test
    void aCrashAtAnyStepLosesNothing() {
        a.returnsAll(file).ok();
        FileId other = a.creates("other");
        a.writes(other, 0, blocks(2));
        a.returnsAll(other).ok();
        retire(0);
        boolean gone = false;
        for (int step = 0; !gone && step < 50; step++) {
            crashAndComeBack();
            // One step, and the work that it began is lost with the server every other time.
            Reply.Evacuated done =
                    assertInstanceOf(
                            Reply.Evacuated.class,
                            kit.settle(new Command.EvacuateDevice(0, FileId.ROOT)));
            if (step % 2 == 1) {
                crashAndComeBack();
            }
            kit.completeAll();
            gone = done.state() == Evacuation.GONE;
            assertEquals("WWWW", kit.picture(file, 4));
            assertEquals("WW", kit.picture(other, 2));
        }
        assertTrue(gone);
        assertEquals(2, kit.freeBlocks());
    }

    private void crashAndComeBack() {
        kit.crash();
        if (kit.tables().isRetiring(0)) {
            assertEquals(Evacuation.WAITS, evacuate(0), "no map changes in grace");
        }
        a.reattaches();
        b.reattaches();
        kit.endGrace();
    }

    @Test
    void itEndsInTheJournalOnlyWithItsLastRecord() {
        a.returnsAll(file).ok();
        retire(0);
        assertEquals(Evacuation.GONE, evacuate(0));
        assertTrue(kit.replayedWithoutLastRecord().tables().isRetiring(0));
        assertEquals(
                blocks(8),
                kit.replayedWithoutLastRecord().tables().free().freeBytesOn(0),
                "with nothing on it");
    }

    @Test
    void whatCannotBeRetiredIsRefused() {
        assertEquals(Reason.NOT_FOUND, refused(new Command.RetireDevice(7)));
        FileId big = b.creates("big");
        b.writes(big, 0, blocks(6));
        b.returnsAll(big).ok();
        a.returnsAll(file).ok();
        // Ten blocks are in use of sixteen: neither device can take all of them.
        assertEquals(Reason.NO_SPACE, refused(new Command.RetireDevice(isOn(0, big) ? 0 : 1)));
        b.removes(FileId.ROOT, "big").ok();
        assertInstanceOf(Reply.Done.class, retire(1));
        assertInstanceOf(Reply.Done.class, retire(1), "again changes nothing");
        assertEquals(Reason.INVALID_ARGUMENT, refused(new Command.RetireDevice(0)));
    }

    @Test
    void aWaitForRoomIsSaid() {
        a.returnsAll(file).ok();
        retire(0);
        FileId full = b.creates("full");
        b.writes(full, 0, blocks(6));
        assertEquals(Evacuation.NO_SPACE, evacuate(0));
        b.end(EndCause.OWN_WORD);
        b = kit.client("b");
        b.removes(FileId.ROOT, "full").ok();
        assertEquals(Evacuation.GONE, evacuate(0));
    }

    @Test
    void aMoveThatWasUnderWayToTheDeviceIsMovedOnFromThere() {
        a.returnsAll(file).ok();
        // Written through the server while nothing was retiring; its blocks are on device 1.
        retire(0);
        kit.answer(new Command.EvacuateDevice(0, FileId.ROOT));
        assertEquals(1, kit.works().size());
        kit.answer(new Command.AddDevice(VolumeKit.device(2, 16)));
        assertInstanceOf(Reply.Done.class, retire(1));
        kit.completeAll();
        assertEquals(Evacuation.GONE, evacuate(0));
        assertEquals(Evacuation.GONE, evacuate(1));
        assertTrue(kit.extents(file).stream().allMatch(e -> e.device() == 2));
        assertEquals(12, kit.freeBlocks());
        assertEquals(BLOCK * 16L, kit.space().total());
    }

    private Reason refused(Command command) {
        return assertInstanceOf(Reply.Failure.class, kit.answer(command)).reason();
    }

    /** It is told nothing of that, and goes on reading. */
    @Test
    void whoReadsGivesNothingBackWithTheDeviceOfAnothersCopy() {
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(1)).ok();
        leaveOneBlockFreeOn(1);
        Mapped pair = a.mapsRw(file, 0, blocks(1)).atomic().ok();
        assertEquals(List.of(0, 1), pair.extents().stream().map(Extent::device).toList());
        assertEquals(List.of(), b.returns(new ReturnScope.WholeDevice(1)).ok().layouts());
        assertTrue(a.commits(file, pair).ask().waits(), "for the reader");
        assertEquals(1, b.returns(new ReturnScope.WholeDevice(0)).ok().layouts().size());
    }

    private void leaveOneBlockFreeOn(int device) {
        String last = "";
        for (int i = 0; kit.freeBlocks() > 0; i++) {
            FileId filler = a.creates("filler" + i);
            a.allocates(filler, 0, blocks(1)).ok();
            if (kit.extents(filler).getFirst().device() == device) {
                last = "filler" + i;
            }
        }
        a.removes(FileId.ROOT, last).ok();
    }
}
