package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;

/**
 * What a request took back from the caller's own layout on a file.
 *
 * @param stateid the layout that is left; empty if nothing of it is
 * @param ranges what ended
 */
public record ReturnedLayout(FileId file, Optional<Stateid> stateid, List<ByteRange> ranges) {

    public ReturnedLayout {
        ranges = List.copyOf(ranges);
    }
}
