package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.List;

/**
 * I17: extent lists are sorted, disjoint (but for COW pairs), contiguous, aligned, of one moment.
 *
 * <p>Every list in an answer is looked through; and where a batch ended at the map epoch that the
 * answer names, each extent in it is what the map was then. What a reader may not see has no
 * address.
 */
final class I17Lists implements Invariant {

    private final World world;
    private final Moments moments;
    private final boolean isZeroed;

    /**
     * @param isZeroed whether a writer is told of a block that nobody has committed as written
     */
    I17Lists(World world, Moments moments, boolean isZeroed) {
        this.isZeroed = isZeroed;
        this.world = world;
        this.moments = moments;
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasMapBlocks()) {
            long file = request.getMapBlocks().getFileId();
            MapBlocksResponse map = reply.getMapBlocks();
            boolean reads = request.getMapBlocks().getIomode() == IoMode.IO_MODE_READ;
            checkShape(file, map.getExtentsList(), reads);
            checkRanges(file, map.getRangesList());
            moments.at(file, map.getMapEpoch())
                    .ifPresent(
                            view -> map.getExtentsList().forEach(e -> checkMoment(view, e, reads)));
        } else if (reply.hasListExtents()) {
            checkShape(
                    request.getListExtents().getFileId(),
                    reply.getListExtents().getExtentsList(),
                    false);
        }
    }

    private void checkShape(long file, List<Extent> extents, boolean reads) {
        Extent last = null;
        for (Extent extent : extents) {
            long start = extent.getFileOffset();
            boolean second =
                    last != null
                            && start == last.getFileOffset()
                            && extent.getLength() == last.getLength()
                            && last.getState() == ExtentState.EXTENT_STATE_WRITTEN
                            && (isZeroed
                                    || extent.getState() == ExtentState.EXTENT_STATE_UNWRITTEN);
            boolean next = last == null || start == last.getFileOffset() + last.getLength();
            boolean aligned =
                    start % SimServer.BLOCK == 0
                            && extent.getLength() % SimServer.BLOCK == 0
                            && extent.getDeviceOffset() % SimServer.BLOCK == 0
                            && extent.getLength() > 0;
            boolean hidden =
                    extent.getState() == ExtentState.EXTENT_STATE_WRITTEN
                            || !extent.hasDeviceOffset()
                            || (!reads && extent.getState() == ExtentState.EXTENT_STATE_UNWRITTEN);
            if (!(second || next) || !aligned || !hidden) {
                world.violated("I17", "file " + file + ": these extents are no list: " + extents);
                return;
            }
            if (second) {
                world.count("I17 pair");
            }
            last = extent;
        }
    }

    private void checkRanges(long file, List<LayoutRange> ranges) {
        long end = 0;
        for (LayoutRange range : ranges) {
            if (range.getOffset() < end
                    || range.getLength() <= 0
                    || range.getOffset() % SimServer.BLOCK != 0
                    || range.getLength() % SimServer.BLOCK != 0) {
                world.violated("I17", "file " + file + ": these ranges are no list: " + ranges);
                return;
            }
            end = range.getOffset() + range.getLength();
        }
    }

    private void checkMoment(FileView view, Extent extent, boolean reads) {
        world.reach(Probe.EXTENT_OF_ONE_MOMENT);
        for (long at = 0; at < extent.getLength(); at += SimServer.BLOCK) {
            long index = (extent.getFileOffset() + at) / SimServer.BLOCK;
            int place =
                    extent.hasDeviceOffset()
                            ? Picture.place(extent.getDevice(), extent.getDeviceOffset() + at)
                            : view.place(index);
            boolean is =
                    switch (extent.getState()) {
                        case EXTENT_STATE_WRITTEN ->
                                (view.isWritten(index) && view.place(index) == place)
                                        || (isZeroed
                                                && !reads
                                                && isUncommitted(view, index, place));
                        case EXTENT_STATE_UNWRITTEN -> isUncommitted(view, index, place);
                        case EXTENT_STATE_HOLE -> view.place(index) < 0;
                        default -> false;
                    };
            if (extent.getState() == ExtentState.EXTENT_STATE_WRITTEN && !view.isWritten(index)) {
                world.reach(Probe.ZEROED_GRANTED);
            }
            if (!is) {
                world.violated(
                        "I17",
                        "an answer with map epoch "
                                + view.mapEpoch()
                                + " of file "
                                + view.id()
                                + " says "
                                + extent
                                + ", and then block "
                                + index
                                + " was at "
                                + view.place(index)
                                + (view.isWritten(index) ? ", written" : ", not written"));
                return;
            }
        }
    }

    private static boolean isUncommitted(FileView view, long index, int place) {
        return view.besides(index) == place
                || (view.place(index) == place && !view.isWritten(index));
    }
}
