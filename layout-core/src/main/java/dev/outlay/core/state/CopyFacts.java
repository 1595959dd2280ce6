package dev.outlay.core.state;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Facts about copy-on-write, made so: the fresh blocks that wait beside a map for their commit, the
 * swap that puts them in, and blocks that come into a second map. Each raises the map epoch of the
 * file by one.
 */
final class CopyFacts {

    private CopyFacts() {}

    static void apply(VolumeTables tables, Fact.Copying fact) {
        switch (fact) {
            case Fact.CopiesAllocated f -> allocate(tables, f);
            case Fact.CopiesFreed f -> leave(tables, f.file(), f.ranges(), null);
            case Fact.CopiesQuarantined f -> leave(tables, f.file(), f.ranges(), f.holder());
            case Fact.ExtentsSwapped f -> tables.counting(f.file(), () -> swap(tables, f));
            case Fact.ExtentsRetained f -> retain(tables, f);
            case Fact.ExtentsCloned f -> tables.counting(f.destination(), () -> copy(tables, f));
            case Fact.FlagsSet f -> {
                FileNode node = tables.need(f.file());
                node.flags = f.flags();
                node.changeCounter++;
            }
        }
    }

    private static void allocate(VolumeTables tables, Fact.CopiesAllocated f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent extent : f.extents()) {
            tables.free().take(extent.deviceRange());
            node.fresh.insert(extent);
            tables.ledger.count(extent, node.removing, 1);
        }
    }

    private static void leave(
            VolumeTables tables, FileId file, List<ByteRange> ranges, @Nullable ClientId holder) {
        FileNode node = tables.need(file);
        node.mapEpoch++;
        for (ByteRange range : ranges) {
            node.fresh
                    .punch(range)
                    .forEach(e -> BlockFacts.leave(tables, e, node.removing, holder));
        }
    }

    private static void swap(VolumeTables tables, Fact.ExtentsSwapped f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            List<Extent> copies = node.fresh.punch(range);
            if (copies.stream().mapToLong(Extent::length).sum() != range.length()) {
                throw new IllegalStateException(
                        "file " + f.file() + " has no fresh blocks for all of " + range);
            }
            for (Extent source : node.extents.punch(range)) {
                BlockFacts.leave(tables, source, node.removing, null);
            }
            for (Extent copy : copies) {
                tables.ledger.count(copy, node.removing, -1);
                Extent written =
                        new Extent(
                                copy.fileOffset(),
                                copy.length(),
                                ExtentState.WRITTEN,
                                copy.device(),
                                copy.deviceOffset(),
                                0);
                node.extents.insert(written);
                tables.ledger.count(written, node.removing, 1);
            }
            BlockFacts.changed(node, range, f.by());
        }
    }

    private static void retain(VolumeTables tables, Fact.ExtentsRetained f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            for (Extent extent : node.extents.mapped(range)) {
                tables.quarantine.add(extent.deviceRange(), f.holder(), true);
            }
        }
    }

    private static void copy(VolumeTables tables, Fact.ExtentsCloned f) {
        FileNode source = tables.need(f.source());
        FileNode destination = tables.need(f.destination());
        destination.mapEpoch++;
        ByteRange over = ByteRange.ofLength(f.offset(), f.range().length());
        List<Extent> copies = new ArrayList<>();
        for (Extent extent : source.extents.mapped(f.range())) {
            if (extent.state() == ExtentState.WRITTEN) {
                copies.add(
                        new Extent(
                                extent.fileOffset() - f.range().start() + f.offset(),
                                extent.length(),
                                ExtentState.WRITTEN,
                                extent.device(),
                                extent.deviceOffset(),
                                0));
            }
        }
        List<Extent> before = destination.extents.punch(over);
        for (Extent copy : copies) {
            // Counted as mapped, once, before and after.
            tables.shared.share(copy.deviceRange());
            destination.extents.insert(copy);
        }
        // Last, so that a block that is cloned over itself is never without a map.
        before.forEach(e -> BlockFacts.leave(tables, e, destination.removing, null));
        BlockFacts.changed(destination, over, f.by());
    }
}
