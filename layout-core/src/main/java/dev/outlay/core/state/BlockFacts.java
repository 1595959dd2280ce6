package dev.outlay.core.state;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;

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
        node.extents.mapped(range).forEach(e -> tables.ledger.count(e, node.removing, -1));
        node.extents.convert(range, state, flags);
        node.extents.mapped(range).forEach(e -> tables.ledger.count(e, node.removing, 1));
    }

    static void free(VolumeTables tables, Fact.ExtentsFreed f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent extent : node.extents.punch(f.range())) {
            leave(tables, node, extent);
        }
        changed(node, f.range(), f.by());
    }

    static void replace(VolumeTables tables, Fact.ExtentsReplaced f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (Extent fresh : f.extents()) {
            for (Extent extent : node.extents.punch(fresh.range())) {
                leave(tables, node, extent);
            }
            tables.free().take(fresh.deviceRange());
            node.extents.insert(fresh);
            tables.ledger.count(fresh, node.removing, 1);
            changed(node, fresh.range(), f.by());
        }
    }

    /** Blocks that are in the file's map no more: free, or in quarantine if they were at risk. */
    private static void leave(VolumeTables tables, FileNode node, Extent extent) {
        tables.ledger.count(extent, node.removing, -1);
        if (extent.has(Extent.AT_RISK)) {
            tables.quarantine.unmap(extent.deviceRange());
            tables.ledger.quarantined(extent.length());
        } else {
            tables.free().release(extent.deviceRange());
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

    static void quarantine(VolumeTables tables, Fact.ExtentsQuarantined f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            for (Extent extent : node.extents.punch(range)) {
                tables.ledger.count(extent, node.removing, -1);
                tables.ledger.quarantined(extent.length());
                tables.quarantine.add(extent.deviceRange(), f.holder(), false);
            }
            changed(node, range, 0);
        }
    }

    static void putAtRisk(VolumeTables tables, Fact.ExtentsAtRisk f) {
        FileNode node = tables.need(f.file());
        node.mapEpoch++;
        for (ByteRange range : f.ranges()) {
            for (Extent extent : node.extents.mapped(range)) {
                convert(
                        tables,
                        node,
                        extent.range(),
                        extent.state(),
                        extent.flags() | Extent.AT_RISK);
                tables.quarantine.add(extent.deviceRange(), f.holder(), true);
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

    /** Blocks that only {@code client} kept in quarantine are free. */
    static void releaseQuarantine(VolumeTables tables, ClientId client) {
        for (Quarantine.Entry entry : tables.quarantine.entries()) {
            if (!entry.held().holders().contains(client)) {
                continue;
            }
            if (entry.held().mapped()) {
                throw new IllegalStateException(
                        entry.range() + " is still in a file, at risk of client " + client);
            }
            for (DeviceRange freed : tables.quarantine.release(entry.range(), client)) {
                tables.ledger.quarantined(-freed.length());
                tables.free().release(freed);
            }
        }
    }

    private static void changed(FileNode node, ByteRange range, long by) {
        node.changes.add(new ChangeLog.Change(node.mapEpoch, range, by));
    }
}
