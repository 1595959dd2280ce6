package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Chooses free space for one allocation and changes nothing.
 *
 * <p>In this order: directly at the goal; the smallest fitting extent of the goal's allocation
 * group, ahead of the goal before behind it; the smallest fitting extent of the volume; several
 * pieces, the rest at the goal first and the largest extents next. Each step tries aligned places
 * first, and one unaligned piece is better than several aligned ones: a file in few extents costs
 * less for ever, a huge page only saves faults.
 */
final class SpacePlanner {

    /** How many free extents on each side of the goal are looked at. */
    private static final int NEAR = 32;

    /** How many free extents are tried for a rare aligned fit, before it counts as absent. */
    private static final int ALIGNED_TRIES = 1_024;

    private final FreeExtents free;
    private final long length;
    private final @Nullable DeviceGoal goal;
    private final long blockSize;
    private final int maxPieces;

    SpacePlanner(
            FreeExtents free,
            long length,
            @Nullable DeviceGoal goal,
            long blockSize,
            int maxPieces) {
        this.free = free;
        this.length = length;
        this.goal = goal;
        this.blockSize = blockSize;
        this.maxPieces = maxPieces;
    }

    /**
     * The pieces in the order in which they follow each other in the file, or none.
     *
     * @param groupOf the allocation group of the goal, if that is on a device of the volume; asked
     *     for only if there is no room at the goal
     */
    List<DeviceRange> plan(long alignment, Function<DeviceGoal, @Nullable ByteRange> groupOf) {
        if (length > free.bytes()) {
            return List.of();
        }
        DeviceRange single = length > free.largest() ? null : single(alignment, groupOf);
        if (single != null) {
            return List.of(single);
        }
        List<DeviceRange> pieces = alignment > blockSize ? several(alignment) : List.of();
        return pieces.isEmpty() ? several(blockSize) : pieces;
    }

    private @Nullable DeviceRange single(
            long alignment, Function<DeviceGoal, @Nullable ByteRange> groupOf) {
        DeviceRange aligned = singleAt(alignment, groupOf);
        return aligned != null || alignment == blockSize ? aligned : singleAt(blockSize, groupOf);
    }

    private @Nullable DeviceRange singleAt(
            long alignment, Function<DeviceGoal, @Nullable ByteRange> groupOf) {
        if (goal != null) {
            DeviceRange found = atGoal(goal, alignment);
            ByteRange group = found != null ? null : groupOf.apply(goal);
            if (group != null) {
                found = nearGoal(goal, group, alignment);
            }
            if (found != null) {
                return found;
            }
        }
        return anywhere(alignment);
    }

    private @Nullable DeviceRange atGoal(DeviceGoal wish, long alignment) {
        DeviceRange extent = free.containing(wish);
        return extent == null ? null : fit(extent, wish.offset(), alignment);
    }

    private @Nullable DeviceRange nearGoal(DeviceGoal wish, ByteRange group, long alignment) {
        int device = wish.device();
        DeviceRange ahead =
                smallest(free.startingWithin(device, wish.offset(), group.end()), alignment);
        return ahead != null
                ? ahead
                : smallest(
                        free.startingWithinDescending(device, group.start(), wish.offset()),
                        alignment);
    }

    private @Nullable DeviceRange smallest(Iterable<DeviceRange> extents, long alignment) {
        DeviceRange best = null;
        long bestLength = Long.MAX_VALUE;
        int seen = 0;
        for (DeviceRange extent : extents) {
            if (seen++ == NEAR) {
                break;
            }
            DeviceRange piece =
                    extent.length() < bestLength ? fit(extent, extent.start(), alignment) : null;
            if (piece != null) {
                best = piece;
                bestLength = extent.length();
            }
        }
        return best;
    }

    private @Nullable DeviceRange anywhere(long alignment) {
        // From this length on an extent holds an aligned place wherever it begins.
        long sure = length + alignment - blockSize;
        if (alignment > blockSize) {
            Iterator<DeviceRange> extents = free.rising(length);
            for (int i = 0; i < ALIGNED_TRIES && extents.hasNext(); i++) {
                DeviceRange extent = extents.next();
                if (extent.length() >= sure) {
                    break;
                }
                DeviceRange piece = fit(extent, extent.start(), alignment);
                if (piece != null) {
                    return piece;
                }
            }
        }
        DeviceRange extent = free.bestFit(sure, goal);
        return extent == null ? null : fit(extent, extent.start(), alignment);
    }

    /** The whole length inside {@code extent}, at the first aligned place from {@code from} on. */
    private @Nullable DeviceRange fit(DeviceRange extent, long from, long alignment) {
        long start = Math.ceilDiv(from, alignment) * alignment;
        return extent.end() - start >= length
                ? new DeviceRange(extent.device(), start, length)
                : null;
    }

    private List<DeviceRange> several(long alignment) {
        DeviceRange atGoal = goal == null ? null : free.containing(goal);
        if (goal != null && atGoal != null) {
            List<DeviceRange> pieces = gather(alignment, atGoal, goal.offset());
            if (!pieces.isEmpty()) {
                return pieces;
            }
        }
        return gather(alignment, null, 0);
    }

    /**
     * Pieces that begin at aligned places and, but for the last, are multiples of the alignment
     * long, so that file and device stay in step.
     *
     * @param first the extent to begin with, from {@code firstOffset} on, or null
     */
    private List<DeviceRange> gather(
            long alignment, @Nullable DeviceRange first, long firstOffset) {
        List<DeviceRange> pieces = new ArrayList<>();
        long left = length;
        if (first != null) {
            left -= takePart(pieces, first, firstOffset, left, alignment);
        }
        Iterator<DeviceRange> extents = free.falling();
        int tries = 0;
        while (left > 0 && pieces.size() < maxPieces && extents.hasNext()) {
            DeviceRange extent = extents.next();
            if (extent.equals(first)) {
                continue;
            }
            if (extent.length() < Math.min(alignment, left)
                    || (alignment > blockSize && tries++ == ALIGNED_TRIES)) {
                break;
            }
            if (extent.length() >= left) {
                extent = lastFit(extent, first, left, alignment);
            }
            left -= takePart(pieces, extent, extent.start(), left, alignment);
        }
        return left == 0 ? pieces : List.of();
    }

    /** A smaller extent than {@code extent} that holds the last {@code left} bytes, or itself. */
    private DeviceRange lastFit(
            DeviceRange extent, @Nullable DeviceRange first, long left, long alignment) {
        DeviceRange smaller = free.bestFit(left, goal);
        return smaller != null
                        && smaller.length() < extent.length()
                        && !smaller.equals(first)
                        && alignedRoom(smaller, smaller.start(), alignment) >= left
                ? smaller
                : extent;
    }

    private static long takePart(
            List<DeviceRange> pieces, DeviceRange extent, long from, long left, long alignment) {
        long room = alignedRoom(extent, from, alignment);
        long part = room >= left ? left : room - Math.floorMod(room, alignment);
        if (part <= 0) {
            return 0;
        }
        pieces.add(new DeviceRange(extent.device(), extent.end() - room, part));
        return part;
    }

    /** What is left of {@code extent} from the first aligned place on; may be negative. */
    private static long alignedRoom(DeviceRange extent, long from, long alignment) {
        return extent.end() - Math.ceilDiv(from, alignment) * alignment;
    }
}
