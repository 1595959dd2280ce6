package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A volume on several devices, and the limits of what one request or client may hold. */
class DevicesTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(8, smallLimits());

    private final Party a = kit.client("a");
    private final FileId file = a.creates("file");

    private static Limits smallLimits() {
        Limits d = Limits.DEFAULT;
        return new Limits(
                d.blockSizeMin(),
                d.blockSizeMax(),
                d.fileBytes(),
                d.nameBytes(),
                d.ownerBytes(),
                16,
                4,
                4,
                10,
                100,
                10,
                2,
                d.recallMillis(),
                d.recallExtensions());
    }

    @Test
    void scenario47AnExtentSplitsAtTheBorderOfDevices() {
        a.mapsRw(file, 0, blocks(16)).min(blocks(16)).refused(Reason.NO_SPACE);
        assertInstanceOf(Reply.Done.class, add(VolumeKit.device(1, 8)));
        assertEquals(16, kit.freeBlocks());
        Mapped mapped = a.mapsRw(file, 0, blocks(16)).min(blocks(16)).ok();
        assertEquals(2, mapped.extents().stream().map(Extent::device).distinct().count());
        assertEquals(
                blocks(8),
                mapped.extents().stream()
                        .filter(e -> e.device() == 1)
                        .mapToLong(Extent::length)
                        .sum());
        a.returns(new ReturnScope.WholeDevice(1)).ok();
        assertEquals(8, kit.freeBlocks());
        assertTrue(kit.extents(file).stream().allMatch(e -> e.device() == 0));
    }

    @Test
    void devicesThatDoNotFitAreRefused() {
        VolumeDevice good = VolumeKit.device(1, 8);
        assertEquals(Reason.ALREADY_EXISTS, refused(VolumeKit.device(0, 8)));
        assertEquals(Reason.ALREADY_EXISTS, refused(with(good, 2, new UUID(3, 0), BLOCK, BLOCK)));
        UUID other = new UUID(9, 9);
        assertEquals(Reason.INVALID_ARGUMENT, refused(with(good, 70_000, other, BLOCK, BLOCK)));
        assertEquals(Reason.INVALID_ARGUMENT, refused(with(good, -1, other, BLOCK, BLOCK)));
        assertEquals(Reason.INVALID_ARGUMENT, refused(with(good, 1, other, 100, BLOCK)));
        assertEquals(Reason.INVALID_ARGUMENT, refused(with(good, 1, other, BLOCK, 0)));
        assertEquals(Reason.INVALID_ARGUMENT, refused(with(good, 1, other, BLOCK, blocks(99))));
        assertEquals(Reason.INVALID_ARGUMENT, refused(with(good, 1, other, BLOCK, Long.MAX_VALUE)));
    }

    @Test
    void whatOneRequestMayFillIsALimit() {
        a.mapsRw(file, 0, blocks(1)).ok();
        for (int i = 2; i < 8; i += 2) {
            a.mapsRw(file, blocks(i), blocks(1)).ok();
        }
        a.allocates(file, 0, blocks(7)).refused(Reason.TOO_LARGE);
        a.allocates(file, 0, blocks(4)).ok();
    }

    @Test
    void theFilesAClientHoldsLayoutsOnAreALimit() {
        FileId second = a.creates("second");
        FileId third = a.creates("third");
        a.mapsRw(file, 0, blocks(1)).ok();
        a.mapsRw(second, 0, blocks(1)).ok();
        a.mapsRw(third, 0, blocks(1)).refused(Reason.RESOURCE_EXHAUSTED);
        assertEquals(6, kit.freeBlocks());
        a.mapsRw(second, 0, blocks(2)).ok();
        a.returnsAll(file).ok();
        a.mapsRw(third, 0, blocks(1)).ok();
    }

    private Reply add(VolumeDevice device) {
        return kit.answer(new Command.AddDevice(device));
    }

    private Reason refused(VolumeDevice device) {
        return assertInstanceOf(Reply.Failure.class, add(device)).reason();
    }

    private static VolumeDevice with(
            VolumeDevice base, int index, UUID uuid, long start, long length) {
        return new VolumeDevice(
                index, uuid, base.incarnation(), base.sizeBytes(), start, length, "/dev/y", true);
    }

    @Test
    void anotherPartOfTheSameDeviceMayBeAdded() {
        VolumeDevice first = with(VolumeKit.device(1, 8), 1, new UUID(5, 5), BLOCK, blocks(2));
        assertInstanceOf(Reply.Done.class, add(first));
        UUID same = first.uuid();
        assertEquals(Reason.ALREADY_EXISTS, refused(with(first, 2, same, blocks(2), blocks(2))));
        assertInstanceOf(Reply.Done.class, add(with(first, 2, same, blocks(3), blocks(7))));
        assertInstanceOf(Reply.Done.class, add(with(first, 3, same, 0, BLOCK)));
        assertEquals(8 + 2 + 7 + 1, kit.freeBlocks());
    }

    @Test
    void eachDeviceOfACommitHasItsOwnIncarnation() {
        VolumeDevice second = VolumeKit.device(1, 8);
        add(
                new VolumeDevice(
                        1,
                        second.uuid(),
                        8,
                        second.sizeBytes(),
                        second.startBytes(),
                        second.lengthBytes(),
                        second.path(),
                        true));
        Mapped mapped = a.mapsRw(file, 0, blocks(16)).min(blocks(16)).ok();
        CommitRequest wrong = a.commits(file, mapped);
        wrong.refused(Reason.DEVICE_MISMATCH);
        a.commits(file, mapped)
                .incarnationOf(1, 8)
                .incarnationOf(0, 8)
                .refused(Reason.DEVICE_MISMATCH);
        a.commits(file, mapped).incarnationOf(1, 8).ok();
    }

    @Test
    void asManyAsALimitSaysAreTaken() {
        FileId second = a.creates("second");
        Mapped mapped = a.mapsRw(file, 0, blocks(6)).min(blocks(6)).ok();
        CommitRequest four = a.commits(file, mapped.stateid().orElseThrow());
        CommitRequest five = a.commits(file, mapped.stateid().orElseThrow());
        Extent all = mapped.extents().getFirst();
        for (int i = 0; i < 5; i++) {
            Extent one = all.slice(ByteRange.ofLength(blocks(i), BLOCK));
            five.of(one);
            if (i < 4) {
                four.of(one);
            }
        }
        five.refused(Reason.TOO_LARGE);
        four.ok();
        ByteRange[] ranges = new ByteRange[5];
        for (int i = 0; i < 5; i++) {
            ranges[i] = ByteRange.ofLength(blocks(i), BLOCK);
        }
        a.returns(file, ranges).refused(Reason.INVALID_ARGUMENT);
        a.returns(file, Arrays.copyOf(ranges, 4)).ok();
        FileId third = a.creates("third");
        Stateid none = new Stateid(new LayoutId(4, 4), 9);
        a.reattaches(Party.restated(file, none), Party.restated(second, none));
        assertEquals(
                Reason.TOO_LARGE,
                assertInstanceOf(
                                Reply.Failure.class,
                                a.tryReattach(
                                        Party.restated(file, none),
                                        Party.restated(second, none),
                                        Party.restated(third, none)))
                        .reason());
    }
}
