package dev.outlay.core.value;

import java.util.List;

/** What of its layouts a client is asked to give back (RFC 8881 20.3). */
public sealed interface RecallScope {

    /**
     * Ranges of one file.
     *
     * @param ranges sorted, disjoint, at least one
     */
    record Ranges(FileId file, List<ByteRange> ranges) implements RecallScope {
        public Ranges {
            ranges = List.copyOf(ranges);
        }
    }

    /** Everything that lies on one device of the volume. */
    record Device(int device) implements RecallScope {}

    /** Everything held in the volume. */
    record Volume() implements RecallScope {}
}
