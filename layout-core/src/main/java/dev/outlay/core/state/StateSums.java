package dev.outlay.core.state;

import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.space.DeviceRanges;
import dev.outlay.core.space.FreeSpace;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.VolumeDevice;
import java.util.List;

/**
 * What follows from the tables and is not written with them: free space, counts, names in their
 * directories, the files of a client.
 */
final class StateSums {

    private StateSums() {}

    /**
     * Brings tables that have just been read to where they were; throws if they contradict each
     * other.
     *
     * @param works device work that was under way
     */
    static void settle(VolumeTables tables, List<Work> works) {
        FreeSpace free = allFree(tables);
        tables.free = free;
        DeviceRanges taken = new DeviceRanges();
        for (Quarantine.Entry entry : tables.quarantine.entries()) {
            if (!entry.held().mapped()) {
                taken.add(entry.range());
                tables.ledger.quarantined(entry.range().length());
            }
        }
        for (SharedBlocks.Entry entry : tables.shared.entries()) {
            taken.add(entry.range());
            tables.ledger.countShared(entry.range().length(), entry.share().isPending());
        }
        for (FileNode node : tables.files.values()) {
            node.extents.forEach(extent -> restore(tables, node, extent, taken));
            node.fresh.forEach(extent -> restore(tables, node, extent, taken));
        }
        free.takeAll(taken);
        settleFiles(tables, works);
    }

    /** As {@link #settle}, of tables that know what is free and how many bytes are not. */
    static void settleCounted(VolumeTables tables, List<Work> works) {
        long all = 0;
        for (VolumeDevice device : tables.devices.values()) {
            all += device.lengthBytes();
        }
        long taken = tables.ledger.taken();
        if (tables.free().freeBytes() != all - taken) {
            throw new CorruptDataException(
                    "of %d bytes %d are in use and %d are free"
                            .formatted(all, taken, tables.free().freeBytes()));
        }
        settleFiles(tables, works);
    }

    private static void settleFiles(VolumeTables tables, List<Work> works) {
        for (FileNode node : tables.files.values()) {
            tables.count(node, 1);
            node.layouts.keySet().forEach(c -> clientOf(tables, c).files.add(node.id));
        }
        fileOf(tables, FileId.ROOT);
        tables.files.values().forEach(node -> nameInParent(tables, node));
        works.forEach(tables::register);
        tables.retiring.forEach(tables.free()::withdraw);
    }

    /** The devices of a volume, as if nothing of them were in use. */
    static FreeSpace allFree(VolumeTables tables) {
        FreeSpace free = VolumeTables.freeSpace(tables.settings());
        for (VolumeDevice device : tables.devices.values()) {
            free.addDevice(device.range());
        }
        return free;
    }

    /** An extent takes its blocks; those in several maps have been taken once for all of them. */
    private static void restore(
            VolumeTables tables, FileNode node, Extent extent, DeviceRanges taken) {
        for (Extent piece : tables.shared.split(extent)) {
            if (!piece.has(Extent.SHARED)) {
                taken.add(piece.deviceRange());
                tables.ledger.count(piece, node.removing, 1);
            }
        }
    }

    private static void nameInParent(VolumeTables tables, FileNode node) {
        if (!node.removing && !node.id.equals(FileId.ROOT)) {
            fileOf(tables, node.parent).children.put(node.name, node.id);
        }
    }

    private static ClientEntry clientOf(VolumeTables tables, ClientId id) {
        ClientEntry entry = tables.clients.get(id);
        if (entry == null) {
            throw new CorruptDataException("a layout of client " + id + ", which is not there");
        }
        return entry;
    }

    private static FileNode fileOf(VolumeTables tables, FileId id) {
        FileNode node = tables.files.get(id);
        if (node == null) {
            throw new CorruptDataException("inode " + id + " is named, but not there");
        }
        return node;
    }
}
