package dev.outlay.client;

import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutRange;
import java.util.List;

/** What some client holds on one file; the ranges are sorted and disjoint. */
public record LayoutOfClient(
        FileId file, ClientId client, String owner, int seqid, List<LayoutRange> ranges) {

    public LayoutOfClient {
        ranges = List.copyOf(ranges);
    }
}
