package dev.outlay.client;

import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import java.util.List;
import java.util.OptionalLong;

/**
 * A page of a file's map, for people and tools; it grants nothing and must not be used for I/O.
 *
 * @param nextOffset where the next page begins; empty at the end
 * @param attributes as of the same moment
 */
public record ExtentListing(
        List<Extent> extents, OptionalLong nextOffset, FileAttributes attributes) {

    public ExtentListing {
        extents = List.copyOf(extents);
    }
}
