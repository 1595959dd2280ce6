package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Evacuation;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.VolumeDevice;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** I23: what a device that leaves still has to give up, and what nobody is handed there. */
class SpaceOfDevicesTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(8);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    private Reply add(int device, int blocks) {
        return kit.answer(new Command.AddDevice(VolumeKit.device(device, blocks)));
    }

    private Reply retire(int device) {
        return kit.answer(new Command.RetireDevice(device));
    }

    private Reply.Evacuated evacuate(int device) {
        return assertInstanceOf(
                Reply.Evacuated.class, kit.settle(new Command.EvacuateDevice(device, FileId.ROOT)));
    }

    @Test
    void whatIsInQuarantineNeedsNoRoomElsewhere() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        b.mapsRw(file, blocks(2), blocks(3)).min(blocks(3)).ok();
        b.end(EndCause.REVOKED);
        add(1, 1);
        assertEquals(Reason.NO_SPACE, assertInstanceOf(Reply.Failure.class, retire(0)).reason());
        add(2, 1);
        assertInstanceOf(Reply.Done.class, retire(0), "two blocks for two");
    }

    @Test
    void whatAnEndedClientCouldOverwriteWhereItIsHasToMoveToo() {
        b.writes(file, 0, blocks(2));
        b.end(EndCause.REVOKED);
        assertEquals("RR", kit.picture(file, 2));
        add(1, 1);
        assertEquals(Reason.NO_SPACE, assertInstanceOf(Reply.Failure.class, retire(0)).reason());
    }

    @Test
    void afterARestartFromAnImageNothingIsHandedOutOnADeviceThatLeaves() {
        add(1, 4);
        add(2, 4);
        retire(1);
        VolumeState restored = VolumeState.restore(Limits.DEFAULT, kit.state().image());
        assertTrue(restored.tables().isRetiring(1));
        assertEquals(
                List.of(),
                restored.tables().free().plan(blocks(13), null, BLOCK, 1000),
                "blocks of the device that leaves");
        assertTrue(
                restored.tables().free().plan(blocks(12), null, BLOCK, 1000).stream()
                        .noneMatch(piece -> piece.device() == 1));
    }

    @Test
    void whoIsAskedForAllOnADeviceIsNotAskedForEachFile() {
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        add(1, 8);
        retire(0);
        assertEquals(1, kit.takeRecalls().size());
        assertEquals(Evacuation.WAITS, evacuate(0).state());
        assertEquals(List.of(), kit.takeRecalls());
    }

    @Test
    void norWhoIsAskedForAllInTheVolume() {
        kit.answer(new Command.AddDevice(VolumeKit.device(1, 8)));
        retire(0);
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        b.allocates(b.creates("other"), 0, blocks(1)).ok();
        retire(1);
        kit.answer(new Command.RecallLayouts(new RecallScope.Volume(), Optional.empty(), false));
        assertEquals(1, kit.takeRecalls().size());
        assertEquals(Evacuation.GONE, evacuate(0).state());
        assertEquals(Evacuation.GONE, evacuate(0).state(), "and stays so");
    }

    @Test
    void theLabelThatIsReleasedIsThatOfTheDeviceThatHasLeft() {
        add(1, 8);
        retire(1);
        assertEquals(Evacuation.GONE, evacuate(1).state());
        assertEquals(0, kit.execute(new Command.ReleaseDevice(0)).facts().size());
        assertEquals(
                Reason.TRY_LATER,
                assertInstanceOf(
                                Reply.Failure.class,
                                kit.answer(new Command.AddDevice(again(2, VolumeKit.device(1, 8)))))
                        .reason());
        assertEquals(1, kit.execute(new Command.ReleaseDevice(1)).facts().size());
        assertInstanceOf(
                Reply.Done.class,
                kit.answer(new Command.AddDevice(again(2, VolumeKit.device(1, 8)))));
    }

    private static VolumeDevice again(int index, VolumeDevice device) {
        return new VolumeDevice(
                index,
                device.uuid(),
                device.incarnation(),
                device.sizeBytes(),
                device.startBytes(),
                device.lengthBytes(),
                device.path(),
                true);
    }

    // ---- returns of what lies on one device

    @Test
    void aReturnOfADeviceGivesBackPairsWhoseFreshHalfLiesThere() {
        a.writes(file, 0, blocks(8));
        add(1, 8);
        Mapped pair = a.mapsRw(file, 0, blocks(2)).min(blocks(2)).atomic().ok();
        assertEquals(List.of(0, 1), pair.extents().stream().map(Extent::device).toList());
        a.returns(new ReturnScope.WholeDevice(1)).ok();
        assertEquals(
                List.of(new ByteRange(blocks(2), blocks(8))),
                a.holds(file).stream().map(r -> r.range()).toList());
        assertEquals(8, kit.freeBlocks());
        a.returns(new ReturnScope.WholeDevice(1)).ok();
        assertEquals(1, a.holds(file).size());
    }

    @Test
    void aReturnOfAnotherDeviceLeavesPairsAlone() {
        a.writes(file, 0, blocks(8));
        add(1, 8);
        a.mapsRw(file, 0, blocks(2)).min(blocks(2)).atomic().ok();
        a.returns(new ReturnScope.WholeDevice(2)).ok();
        assertEquals("PPWWWWWW", kit.picture(file, 8));
        assertEquals(6, kit.freeBlocks());
    }

    @Test
    void whoIsAskedForSomethingElseIsAskedForTheDeviceAllTheSame() {
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        add(1, 8);
        retire(0);
        FileId other = a.creates("other");
        a.mapsRw(other, 0, blocks(1)).min(blocks(1)).ok();
        b.mapsRw(b.creates("full"), 0, blocks(7)).min(blocks(7)).ok();
        kit.answer(
                new Command.RecallLayouts(
                        new RecallScope.Ranges(other, List.of(new ByteRange(0, BLOCK))),
                        Optional.empty(),
                        false));
        a.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        kit.takeNotices();
        assertEquals(Evacuation.GOES_ON, evacuate(0).state());
        assertEquals(
                List.of(new RecallScope.Ranges(file, List.of(new ByteRange(0, blocks(2))))),
                kit.takeRecalls().stream().map(r -> r.scope()).toList());
    }

    @Test
    void whichDevicesLeaveIsListed() {
        add(1, 8);
        assertEquals(List.of(), devices().retiring());
        retire(0);
        assertEquals(List.of(0), List.copyOf(devices().retiring()));
        assertEquals(2, devices().devices().size());
    }

    private Reply.Devices devices() {
        return kit.query(new Command.ListDevices(), Reply.Devices.class);
    }
}
