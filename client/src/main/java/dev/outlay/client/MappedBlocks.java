package dev.outlay.client;

import dev.outlay.core.value.Extent;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;

/**
 * The answer of MapBlocks.
 *
 * @param stateid the layout with its new seqid; empty if nothing was granted and none was held
 * @param ranges what was granted now and is held still; may lie outside of the range asked for
 * @param extents the map from the offset asked for on
 * @param mapEpoch the epoch for which the extents hold
 * @param nextOffset where the extents end
 * @param sizeBytes the file's size at the same moment
 */
public record MappedBlocks(
        Optional<Stateid> stateid,
        List<LayoutRange> ranges,
        List<Extent> extents,
        long mapEpoch,
        long nextOffset,
        long sizeBytes) {

    public MappedBlocks {
        ranges = List.copyOf(ranges);
        extents = List.copyOf(extents);
    }

    MappedBlocks withRanges(List<LayoutRange> others) {
        return new MappedBlocks(stateid, others, extents, mapEpoch, nextOffset, sizeBytes);
    }
}
