package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;

/** What ReturnLayout gives back. */
public sealed interface ReturnScope {

    /**
     * The layout on one file, or parts of it.
     *
     * @param stateid empty only if nothing is held there
     * @param ranges block-aligned, sorted and disjoint; empty: the whole layout
     */
    record OfFile(FileId file, Optional<Stateid> stateid, List<ByteRange> ranges)
            implements ReturnScope {
        public OfFile {
            ranges = List.copyOf(ranges);
        }
    }

    /** Everything held on one device, by its index in the volume. */
    record OfDevice(int device) implements ReturnScope {}

    /** Everything held on the volume. */
    record OfVolume() implements ReturnScope {}
}
