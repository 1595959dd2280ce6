package dev.outlay.core.state;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import org.jspecify.annotations.Nullable;

/**
 * Facts about blocks, made so: extent map, free space, quarantine, counts and change log of a file
 * move together. Each fact raises the file's map epoch by one.
 */
final class BlockFacts {

    private BlockFacts() {}

    static void allocate(VolumeTables tables, Fact.ExtentsAllocated f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent extent : f.extents()) {
            tables.free().take(extent.deviceRange());
            node.extents.insert(extent);
            tables.ledger.count(extent, node.removing, 1);
            changed(node, extent.range(), f.by());
        }
    }

    static void convert(VolumeTables tables, Fact.ExtentsConverted f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            convert(tables, node, range, f.state(), f.flags());
            changed(node, range, f.by());
        }
    }

    private static void convert(
            VolumeTables tables, FileNode node, ByteRange range, ExtentState state, int flags) {
        for (Extent extent : node.extents.mapped(range)) {
            count(tables, extent, node.removing, -1);
            count(tables, extent.in(state, flags), node.removing, 1);
        }
        node.extents.convert(range, state, flags);
    }

    static void free(VolumeTables tables, Fact.ExtentsFreed f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent extent : node.extents.punch(f.range())) {
            leave(tables, extent, node.removing, null);
        }
        changed(node, f.range(), f.by());
    }

    static void free(VolumeTables tables, Fact.UncommittedFreed f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent extent : node.uncommitted(f.range())) {
            node.extents.punch(extent.range());
            leave(tables, extent, node.removing, null);
            changed(node, extent.range(), f.by());
        }
    }

    static void replace(VolumeTables tables, Fact.ExtentsReplaced f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent fresh : f.extents()) {
            for (Extent extent : node.extents.punch(fresh.range())) {
                leave(tables, extent, node.removing, null);
            }
            tables.free().take(fresh.deviceRange());
            node.extents.insert(fresh);
            tables.ledger.count(fresh, node.removing, 1);
            changed(node, fresh.range(), f.by());
        }
    }

    /** Free blocks are kept for device work. */
    static void reserve(VolumeTables tables, Extent extent) {
        tables.free().take(extent.deviceRange());
        tables.ledger.reserved(extent.length());
    }

    /** The device work is over; what follows in the same record may take the blocks. */
    static void unreserve(VolumeTables tables, Extent extent) {
        tables.free().release(extent.deviceRange());
        tables.ledger.reserved(-extent.length());
    }

    /**
     * The blocks of an extent that has just left a map. Those of other maps stay theirs; the last
     * map's go to quarantine if {@code holder} or another ended client may still touch them, or are
     * free.
     */
    static void leave(
            VolumeTables tables, Extent extent, boolean removing, @Nullable ClientId holder) {
        for (Extent piece : tables.shared.split(extent)) {
            DeviceRange blocks = piece.deviceRange();
            if (holder != null) {
                tables.quarantine.add(blocks, holder, true);
            }
            if (piece.has(Extent.SHARED)) {
                drop(tables, blocks, removing);
                continue;
            }
            tables.ledger.count(piece, removing, -1);
            long next = blocks.start();
            for (DeviceRange held : tables.quarantine.mappedWithin(blocks)) {
                release(tables, blocks.device(), next, held.start());
                tables.quarantine.unmap(held);
                tables.ledger.quarantined(held.length());
                next = held.end();
            }
            release(tables, blocks.device(), next, blocks.end());
        }
    }

    private static void release(VolumeTables tables, int device, long start, long end) {
        if (start < end) {
            tables.free().release(new DeviceRange(device, start, end - start));
        }
    }

    private static void drop(VolumeTables tables, DeviceRange blocks, boolean removing) {
        for (SharedBlocks.Entry entry : tables.shared.within(blocks)) {
            SharedBlocks.Share before = entry.share();
            tables.shared.drop(entry, removing);
            boolean pending = before.maps() - 1 == before.removing() - (removing ? 1 : 0);
            tables.ledger.move(entry.range().length(), before.isPending(), pending);
        }
    }

    /** Counts in or out what of an extent is in no other map; what is shared is counted once. */
    static void count(VolumeTables tables, Extent extent, boolean removing, int sign) {
        if (tables.shared.isEmpty()) {
            tables.ledger.count(extent, removing, sign);
            return;
        }
        for (Extent piece : tables.shared.split(extent)) {
            if (!piece.has(Extent.SHARED)) {
                tables.ledger.count(piece, removing, sign);
            }
        }
    }

    /** The name of a file has gone: what only it maps is pending from now on. */
    static void unlink(VolumeTables tables, FileNode node) {
        node.fresh.forEach(e -> tables.ledger.count(e, node.removing, -1));
        node.extents.forEach(e -> count(tables, e, node.removing, -1));
        node.removing = true;
        node.fresh.forEach(e -> tables.ledger.count(e, node.removing, 1));
        node.extents.forEach(e -> count(tables, e, node.removing, 1));
        for (Extent extent : node.extents.all()) {
            for (SharedBlocks.Entry entry : tables.shared.within(extent.deviceRange())) {
                SharedBlocks.Share before = entry.share();
                tables.shared.unlink(entry);
                boolean pending = before.maps() == before.removing() + 1;
                tables.ledger.move(entry.range().length(), before.isPending(), pending);
            }
        }
    }

    static void quarantine(VolumeTables tables, Fact.ExtentsQuarantined f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            for (Extent extent : node.extents.punch(range)) {
                leave(tables, extent, node.removing, f.holder());
            }
            changed(node, range, 0);
        }
    }

    static void putAtRisk(VolumeTables tables, Fact.ExtentsAtRisk f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            for (Extent extent : node.extents.mapped(range)) {
                for (Extent piece : tables.shared.split(extent)) {
                    // Nobody stores into shared blocks: they are never freed early, but not at
                    // risk.
                    if (!piece.has(Extent.SHARED)) {
                        convert(
                                tables,
                                node,
                                piece.range(),
                                piece.state(),
                                piece.flags() | Extent.AT_RISK);
                    }
                    tables.quarantine.add(piece.deviceRange(), f.holder(), true);
                }
            }
            changed(node, range, 0);
        }
    }

    /**
     * What the map says of these blocks has not changed but for the warning, so a grant on them
     * goes on: the epoch rises, but no change is logged against it.
     */
    static void prove(VolumeTables tables, Fact.ExtentsProven f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            for (Extent extent : node.extents.mapped(range)) {
                if (extent.has(Extent.AT_RISK)) {
                    tables.quarantine.release(extent.deviceRange(), f.holder());
                    proven(tables, node, extent);
                }
            }
        }
    }

    private static void proven(VolumeTables tables, FileNode node, Extent extent) {
        DeviceRange blocks = extent.deviceRange();
        for (ByteRange safe : tables.quarantine.outside(blocks)) {
            long offset = extent.fileOffset() + safe.start() - blocks.start();
            convert(
                    tables,
                    node,
                    ByteRange.ofLength(offset, safe.length()),
                    extent.state(),
                    extent.flags() & ~Extent.AT_RISK);
        }
    }

    /** Blocks that only {@code client} kept in quarantine, and no file maps, are free. */
    static void releaseQuarantine(VolumeTables tables, ClientId client) {
        for (Quarantine.Entry entry : tables.quarantine.entries()) {
            if (!entry.held().holders().contains(client)) {
                continue;
            }
            for (DeviceRange released : tables.quarantine.release(entry.range(), client)) {
                // What a file maps stays its own, and may be written in place again.
                if (!entry.held().mapped()) {
                    tables.ledger.quarantined(-released.length());
                    tables.free().release(released);
                }
            }
        }
    }

    static void changed(FileNode node, ByteRange range, long by) {
        node.changes.add(new ChangeLog.Change(node.mapEpoch, range, by));
    }
}
