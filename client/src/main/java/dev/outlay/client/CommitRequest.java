package dev.outlay.client;

import dev.outlay.core.value.Durability;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What CommitBlocks names, field by field as in {@code CommitBlocksRequest}.
 *
 * @param ranges filled and durable; sorted and disjoint
 * @param mapEpoch that came with the extents; with several, the lowest
 * @param durability how the bytes were made durable
 * @param lastWriteOffset offset of the last byte written, within one of the ranges; empty: the size
 *     stays
 * @param modifiedMillis the writer's mtime; empty: the server's clock
 * @param incarnations as read from the labels, by index, of each device the ranges name
 */
public record CommitRequest(
        FileId file,
        Stateid stateid,
        List<Range> ranges,
        long mapEpoch,
        Durability durability,
        OptionalLong lastWriteOffset,
        OptionalLong modifiedMillis,
        Map<Integer, Long> incarnations) {

    /**
     * A filled piece and where it lies.
     *
     * @param fileOffset first byte within the file; block-aligned
     * @param length bytes; block-aligned
     * @param device index in the volume's device table
     * @param deviceOffset first byte on that device
     */
    public record Range(long fileOffset, long length, int device, long deviceOffset) {}

    public CommitRequest {
        ranges = List.copyOf(ranges);
        incarnations = Map.copyOf(incarnations);
    }

    /** The same commit under a newer stateid of the layout. */
    CommitRequest with(Stateid newer) {
        return new CommitRequest(
                file,
                newer,
                ranges,
                mapEpoch,
                durability,
                lastWriteOffset,
                modifiedMillis,
                incarnations);
    }
}
