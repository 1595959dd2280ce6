package dev.outlay.server.rpc;

import com.google.protobuf.ByteString;
import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings.Allocation;
import java.util.ArrayList;
import java.util.List;

/** Values that requests and answers share, from and to the wire. */
final class WireValues {

    private WireValues() {}

    // ---- from the wire

    static IoMode ioMode(String field, dev.outlay.v1.IoMode mode) {
        return switch (mode) {
            case IO_MODE_READ -> IoMode.READ;
            case IO_MODE_RW -> IoMode.RW;
            case IO_MODE_UNSPECIFIED, UNRECOGNIZED -> throw unset(field, "READ or RW");
        };
    }

    static Durability durability(String field, dev.outlay.v1.Durability durability) {
        return switch (durability) {
            case DURABILITY_VISIBLE -> Durability.VISIBLE;
            case DURABILITY_FORCED -> Durability.FORCED;
            case DURABILITY_DEVICE_FLUSHED -> Durability.DEVICE_FLUSHED;
            case DURABILITY_SYNC_MAPPED -> Durability.SYNC_MAPPED;
            case DURABILITY_UNSPECIFIED, UNRECOGNIZED ->
                    throw unset(field, "VISIBLE, FORCED, DEVICE_FLUSHED or SYNC_MAPPED");
        };
    }

    static FileKind fileKind(String field, dev.outlay.v1.FileKind kind) {
        return switch (kind) {
            case FILE_KIND_FILE -> FileKind.FILE;
            case FILE_KIND_DIRECTORY -> FileKind.DIRECTORY;
            case FILE_KIND_UNSPECIFIED, UNRECOGNIZED -> throw unset(field, "FILE or DIRECTORY");
        };
    }

    private static RequestRefused unset(String field, String known) {
        return RequestRefused.invalid(field + " is unset or unknown, it must be " + known);
    }

    static Stateid stateid(String field, dev.outlay.v1.Stateid stateid) {
        ByteString id = stateid.getId();
        if (id.size() != Fields.ID_BYTES) {
            throw Fields.notAnId(field + ".id", id);
        }
        LayoutId layout = new LayoutId(Fields.longAt(id, 0), Fields.longAt(id, Long.BYTES));
        return new Stateid(layout, stateid.getSeqid());
    }

    /** Ranges of a file: sorted and disjoint, whether aligned is for the volume to say. */
    static List<ByteRange> fileRanges(
            String field, List<dev.outlay.v1.FileRange> ranges, int maxCount) {
        Fields.count(field, ranges.size(), maxCount);
        List<ByteRange> checked = new ArrayList<>(ranges.size());
        long end = 0;
        for (int i = 0; i < ranges.size(); i++) {
            var range = ranges.get(i);
            ByteRange next = range(field, i, range.getOffset(), range.getLength(), end);
            checked.add(next);
            end = next.end();
        }
        return checked;
    }

    /** Granted ranges as a client restates them: sorted and disjoint. */
    static List<LayoutRange> layoutRanges(
            String field, List<dev.outlay.v1.LayoutRange> ranges, int maxCount) {
        Fields.count(field, ranges.size(), maxCount);
        List<LayoutRange> checked = new ArrayList<>(ranges.size());
        long end = 0;
        for (int i = 0; i < ranges.size(); i++) {
            var range = ranges.get(i);
            ByteRange next = range(field, i, range.getOffset(), range.getLength(), end);
            IoMode mode = ioMode(at(field, i) + ".iomode", range.getIomode());
            if (mode == IoMode.RW && range.getMapped()) {
                throw RequestRefused.invalid(at(field, i) + ".mapped goes with READ only");
            }
            if (mode == IoMode.READ && range.getAtomic()) {
                throw RequestRefused.invalid(at(field, i) + ".atomic goes with RW only");
            }
            checked.add(
                    new LayoutRange(next, grantKind(mode, range.getMapped(), range.getAtomic())));
            end = next.end();
        }
        return checked;
    }

    private static ByteRange range(
            String field, int index, long offset, long length, long previousEnd) {
        String name = at(field, index);
        Fields.unsigned(name + ".offset", offset);
        Fields.unsigned(name + ".length", length);
        if (!ByteRange.isValid(offset, length)) {
            throw RequestRefused.invalid(
                    name + " is no range: " + length + " bytes at offset " + offset);
        }
        if (offset < previousEnd) {
            throw RequestRefused.invalid(
                    name
                            + " begins at "
                            + offset
                            + ", before the end of the one before it, "
                            + previousEnd
                            + ": ranges must be sorted and disjoint");
        }
        return ByteRange.ofLength(offset, length);
    }

    static String at(String field, int index) {
        return field + "[" + index + "]";
    }

    private static GrantKind grantKind(IoMode mode, boolean mapped, boolean atomic) {
        return switch (mode) {
            case RW -> atomic ? GrantKind.RW_ATOMIC : GrantKind.RW;
            case READ -> mapped ? GrantKind.READ_MAPPED : GrantKind.READ;
        };
    }

    // ---- to the wire

    static dev.outlay.v1.Stateid toWire(Stateid stateid) {
        return dev.outlay.v1.Stateid.newBuilder()
                .setId(Fields.id(stateid.id().high(), stateid.id().low()))
                .setSeqid(stateid.seqid())
                .build();
    }

    static dev.outlay.v1.Durability toWire(Durability durability) {
        return switch (durability) {
            case VISIBLE -> dev.outlay.v1.Durability.DURABILITY_VISIBLE;
            case FORCED -> dev.outlay.v1.Durability.DURABILITY_FORCED;
            case DEVICE_FLUSHED -> dev.outlay.v1.Durability.DURABILITY_DEVICE_FLUSHED;
            case SYNC_MAPPED -> dev.outlay.v1.Durability.DURABILITY_SYNC_MAPPED;
        };
    }

    static Allocation allocation(String field, dev.outlay.v1.Allocation allocation) {
        return switch (allocation) {
            case ALLOCATION_UNSPECIFIED, ALLOCATION_UNWRITTEN -> Allocation.UNWRITTEN;
            case ALLOCATION_ZEROED -> Allocation.ZEROED;
            case UNRECOGNIZED ->
                    throw RequestRefused.invalid(
                            field + " is not known: it is UNWRITTEN or ZEROED");
        };
    }

    static dev.outlay.v1.Allocation toWire(Allocation allocation) {
        return switch (allocation) {
            case UNWRITTEN -> dev.outlay.v1.Allocation.ALLOCATION_UNWRITTEN;
            case ZEROED -> dev.outlay.v1.Allocation.ALLOCATION_ZEROED;
        };
    }

    static dev.outlay.v1.FileKind toWire(FileKind kind) {
        return switch (kind) {
            case FILE -> dev.outlay.v1.FileKind.FILE_KIND_FILE;
            case DIRECTORY -> dev.outlay.v1.FileKind.FILE_KIND_DIRECTORY;
        };
    }

    private static dev.outlay.v1.ExtentState toWire(ExtentState state) {
        return switch (state) {
            case HOLE -> dev.outlay.v1.ExtentState.EXTENT_STATE_HOLE;
            case UNWRITTEN -> dev.outlay.v1.ExtentState.EXTENT_STATE_UNWRITTEN;
            case WRITTEN -> dev.outlay.v1.ExtentState.EXTENT_STATE_WRITTEN;
        };
    }

    static dev.outlay.v1.Extent toWire(Extent extent) {
        var wire =
                dev.outlay.v1.Extent.newBuilder()
                        .setFileOffset(extent.fileOffset())
                        .setLength(extent.length())
                        .setState(toWire(extent.state()))
                        .setIsNew(extent.has(Extent.NEW))
                        .setAtRisk(extent.has(Extent.AT_RISK))
                        .setShared(extent.has(Extent.SHARED));
        if (extent.hasAddress()) {
            wire.setDevice(extent.device()).setDeviceOffset(extent.deviceOffset());
        }
        return wire.build();
    }

    static dev.outlay.v1.LayoutRange toWire(LayoutRange held) {
        return dev.outlay.v1.LayoutRange.newBuilder()
                .setOffset(held.range().start())
                .setLength(held.range().length())
                .setIomode(
                        switch (held.kind()) {
                            case READ, READ_MAPPED -> dev.outlay.v1.IoMode.IO_MODE_READ;
                            case RW, RW_ATOMIC -> dev.outlay.v1.IoMode.IO_MODE_RW;
                        })
                .setMapped(held.kind() == GrantKind.READ_MAPPED)
                .setAtomic(held.kind() == GrantKind.RW_ATOMIC)
                .build();
    }

    static dev.outlay.v1.Layout layout(FileId file, Stateid stateid, List<LayoutRange> ranges) {
        var wire =
                dev.outlay.v1.Layout.newBuilder()
                        .setFileId(file.value())
                        .setStateid(toWire(stateid));
        ranges.forEach(range -> wire.addRanges(toWire(range)));
        return wire.build();
    }

    static dev.outlay.v1.ReturnedLayout toWire(ReturnedLayout returned) {
        var wire = dev.outlay.v1.ReturnedLayout.newBuilder().setFileId(returned.file().value());
        returned.remaining().ifPresent(stateid -> wire.setStateid(toWire(stateid)));
        for (ByteRange range : returned.ranges()) {
            wire.addRangesBuilder().setOffset(range.start()).setLength(range.length());
        }
        return wire.build();
    }

    static dev.outlay.v1.FileAttributes toWire(FileAttributes file) {
        return dev.outlay.v1.FileAttributes.newBuilder()
                .setFileId(file.file().value())
                .setKind(toWire(file.kind()))
                .setSizeBytes(file.sizeBytes())
                .setAllocatedBytes(file.allocatedBytes())
                .setChangeCounter(file.changeCounter())
                .setMapEpoch(file.mapEpoch())
                .setMode(file.mode())
                .setOwner(file.owner())
                .setCreatedMillis(file.createdMillis())
                .setModifiedMillis(file.modifiedMillis())
                .setChangedMillis(file.changedMillis())
                .setAccessedMillis(file.accessedMillis())
                .setParentId(file.parent().map(FileId::value).orElse(0L))
                .setName(file.name())
                .setConcurrent(file.has(FileAttributes.CONCURRENT))
                .setReadOnly(file.has(FileAttributes.READ_ONLY))
                .build();
    }

    static dev.outlay.v1.DeviceInfo.Builder toWire(VolumeDevice device, int blockSize) {
        return dev.outlay.v1.DeviceInfo.newBuilder()
                .setIndex(device.index())
                .setUuid(
                        Fields.id(
                                device.uuid().getMostSignificantBits(),
                                device.uuid().getLeastSignificantBits()))
                .setIncarnation(device.incarnation())
                .setPathHint(device.path())
                .setSizeBytes(device.sizeBytes())
                .setBlockSizeBytes(blockSize)
                .setSliceStart(device.startBytes())
                .setSliceLength(device.lengthBytes())
                .setCoherent(device.coherent());
    }
}
