package dev.outlay.core.op;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.List;

/** Lays planned pieces of a device under holes of a file. */
final class Placement {

    private Placement() {}

    /**
     * Unwritten extents for {@code holes}, in order, out of {@code pieces}; empty if the pieces do
     * not suffice.
     */
    static List<Extent> place(List<ByteRange> holes, List<DeviceRange> pieces, int flags) {
        long wanted = holes.stream().mapToLong(ByteRange::length).sum();
        if (pieces.stream().mapToLong(DeviceRange::length).sum() < wanted) {
            return List.of();
        }
        List<Extent> extents = new ArrayList<>();
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
