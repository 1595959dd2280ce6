package dev.outlay.core.op;

import dev.outlay.core.space.DeviceGoal;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.VolumeSettings;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays planned pieces of a device under holes of a file. */
final class Placement {

    private Placement() {}

    /**
     * Unwritten extents on free blocks for {@code holes} of a file: where the volume's placement
     * wants them, as close as may be to what the file has already. Changes nothing.
     *
     * @param holes whole blocks, in order and disjoint, at least one
     * @param alignment a wish for where pieces begin on a device; the block size for none
     * @param flags of each extent
     * @return empty if there is no space for all of them
     */
    static List<Extent> fresh(
            VolumeTables tables, FileNode file, List<ByteRange> holes, long alignment, int flags) {
        int most = tables.limits().extentsPerReply();
        VolumeSettings settings = tables.settings();
        List<DeviceRange> pieces =
                settings.placement() == VolumeSettings.Placement.STRIPED
                        ? tables.free()
                                .planStriped(
                                        holes,
                                        settings.stripeBytes(),
                                        file.id().value(),
                                        (device, offset, devices) ->
                                                behind(
                                                        file,
                                                        device,
                                                        offset,
                                                        settings.stripeBytes(),
                                                        devices),
                                        most)
                        : tables.free()
                                .plan(
                                        bytes(holes),
                                        goal(tables, file, holes.getFirst().start()),
                                        alignment,
                                        most);
        return place(holes, pieces, flags);
    }

    static long bytes(List<ByteRange> ranges) {
        long bytes = 0;
        for (ByteRange range : ranges) {
            bytes += range.length();
        }
        return bytes;
    }

    /**
     * Right behind the file's last block before {@code offset}, or a place of the file's own, or
     * any.
     */
    static @Nullable DeviceGoal goal(VolumeTables tables, FileNode file, long offset) {
        Extent before = offset == 0 ? null : file.extents().find(offset - 1);
        return before == null
                ? tables.free().groupGoal(file.id().value())
                : new DeviceGoal(before.device(), before.deviceOffset() + before.length());
    }

    /**
     * Behind the byte before, if it lies on the device, or behind the turn before of the device.
     */
    private static @Nullable DeviceGoal behind(
            FileNode file, int device, long offset, long stripeBytes, int devices) {
        long turnBefore = offset / stripeBytes * stripeBytes - (devices - 1) * stripeBytes;
        for (long at : new long[] {offset, turnBefore}) {
            Extent before = at <= 0 ? null : file.extents().find(at - 1);
            if (before != null && before.device() == device) {
                return new DeviceGoal(device, before.deviceOffset() + (at - before.fileOffset()));
            }
        }
        return null;
    }

    /**
     * Unwritten extents for {@code holes}, in order, out of {@code pieces}; empty if the pieces do
     * not suffice.
     */
    static List<Extent> place(List<ByteRange> holes, List<DeviceRange> pieces, int flags) {
        long found = 0;
        for (DeviceRange piece : pieces) {
            found += piece.length();
        }
        if (found < bytes(holes)) {
            return List.of();
        }
        List<Extent> extents = new ArrayList<>(pieces.size());
        int piece = 0;
        long used = 0;
        for (ByteRange hole : holes) {
            for (long at = hole.start(); at < hole.end(); ) {
                DeviceRange from = pieces.get(piece);
                long length = Math.min(hole.end() - at, from.length() - used);
                extents.add(
                        new Extent(
                                at,
                                length,
                                ExtentState.UNWRITTEN,
                                from.device(),
                                from.start() + used,
                                flags));
                at += length;
                used += length;
                if (used == from.length()) {
                    piece++;
                    used = 0;
                }
            }
        }
        return extents;
    }
}
