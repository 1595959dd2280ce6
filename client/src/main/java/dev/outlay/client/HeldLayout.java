package dev.outlay.client;

import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.List;

/** What this client holds on one file; the ranges are sorted and disjoint. */
public record HeldLayout(FileId file, Stateid stateid, List<LayoutRange> ranges) {

    public HeldLayout {
        ranges = List.copyOf(ranges);
    }
}
