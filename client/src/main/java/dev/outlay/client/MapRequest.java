package dev.outlay.client;

import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Stateid;
import java.util.Optional;

/**
 * What MapBlocks asks for, field by field as in {@code MapBlocksRequest}.
 *
 * @param offset first byte; block-aligned
 * @param length bytes; block-aligned
 * @param minLength bytes from the offset that must be granted; block-aligned, 0 never waits
 * @param stateid the caller's layout on the file; empty if it has none
 * @param noAllocate RW: leave holes as they are
 * @param alignHuge RW: prefer fresh blocks on 2 MiB boundaries of the device
 * @param mapped READ: the range will be handed to an application as a mapping
 * @param atomic RW: an overwrite goes to fresh blocks, which replace the written ones at commit
 * @param maxExtents most extents in the answer; 0: as many as the server sends
 * @param waitMillis longest time the server holds the request while a conflict lasts
 */
public record MapRequest(
        FileId file,
        long offset,
        long length,
        long minLength,
        IoMode iomode,
        Optional<Stateid> stateid,
        boolean noAllocate,
        boolean alignHuge,
        boolean mapped,
        boolean atomic,
        int maxExtents,
        int waitMillis) {

    /** All of a range, without special wishes. */
    public static MapRequest of(
            FileId file, long offset, long length, IoMode iomode, Optional<Stateid> stateid) {
        return new MapRequest(
                file, offset, length, length, iomode, stateid, false, false, false, false, 0, 0);
    }
}
