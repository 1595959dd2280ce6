package dev.outlay.client;

import com.google.protobuf.ByteString;
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
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.DeviceInfo;
import dev.outlay.v1.DeviceUse;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.GetDevicesResponse;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.ReturnLayoutRequest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Values of the library from and to the protocol's messages.
 *
 * <p>What the server sends is not trusted: a value out of its range throws {@link
 * IllegalArgumentException}, which the caller reports as the server's fault.
 */
final class Wire {

    private static final int ID_BYTES = 16;

    private Wire() {}

    // ---- values

    static UUID uuid(ByteString bytes) {
        ByteBuffer buffer = sixteen(bytes);
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    static ByteRange range(dev.outlay.v1.FileRange range) {
        return ByteRange.ofLength(range.getOffset(), range.getLength());
    }

    /** A recall; one of a kind that is not known here takes in the whole volume. */
    static ToldRecall recall(dev.outlay.v1.Recall recall) {
        RecallScope scope =
                recall.hasFile()
                        ? new RecallScope.Ranges(
                                new FileId(recall.getFile().getFileId()),
                                recall.getFile().getRangesList().stream().map(Wire::range).toList())
                        : recall.hasDevice()
                                ? new RecallScope.Device(recall.getDevice().getDevice())
                                : new RecallScope.Volume();
        return new ToldRecall(
                recall.getVolume(),
                recall.getRecallId(),
                scope,
                recall.hasFile() && recall.getFile().hasStateid()
                        ? Optional.of(stateid(recall.getFile().getStateid()))
                        : Optional.empty(),
                recall.getChanged());
    }

    static Stateid stateid(dev.outlay.v1.Stateid stateid) {
        ByteBuffer id = sixteen(stateid.getId());
        return new Stateid(new LayoutId(id.getLong(), id.getLong()), stateid.getSeqid());
    }

    static dev.outlay.v1.Stateid stateid(Stateid stateid) {
        ByteBuffer id = ByteBuffer.allocate(ID_BYTES);
        id.putLong(stateid.id().high()).putLong(stateid.id().low()).flip();
        return dev.outlay.v1.Stateid.newBuilder()
                .setId(ByteString.copyFrom(id))
                .setSeqid(stateid.seqid())
                .build();
    }

    static Durability durability(dev.outlay.v1.Durability durability) {
        return switch (durability) {
            case DURABILITY_VISIBLE -> Durability.VISIBLE;
            case DURABILITY_FORCED -> Durability.FORCED;
            case DURABILITY_DEVICE_FLUSHED -> Durability.DEVICE_FLUSHED;
            case DURABILITY_SYNC_MAPPED -> Durability.SYNC_MAPPED;
            case DURABILITY_UNSPECIFIED, UNRECOGNIZED ->
                    throw new IllegalArgumentException("no durability: " + durability);
        };
    }

    static dev.outlay.v1.Durability durability(Durability durability) {
        return switch (durability) {
            case VISIBLE -> dev.outlay.v1.Durability.DURABILITY_VISIBLE;
            case FORCED -> dev.outlay.v1.Durability.DURABILITY_FORCED;
            case DEVICE_FLUSHED -> dev.outlay.v1.Durability.DURABILITY_DEVICE_FLUSHED;
            case SYNC_MAPPED -> dev.outlay.v1.Durability.DURABILITY_SYNC_MAPPED;
        };
    }

    static dev.outlay.v1.IoMode iomode(IoMode iomode) {
        return switch (iomode) {
            case READ -> dev.outlay.v1.IoMode.IO_MODE_READ;
            case RW -> dev.outlay.v1.IoMode.IO_MODE_RW;
        };
    }

    static dev.outlay.v1.FileKind kind(FileKind kind) {
        return switch (kind) {
            case FILE -> dev.outlay.v1.FileKind.FILE_KIND_FILE;
            case DIRECTORY -> dev.outlay.v1.FileKind.FILE_KIND_DIRECTORY;
        };
    }

    static FileKind kind(dev.outlay.v1.FileKind kind) {
        return switch (kind) {
            case FILE_KIND_FILE -> FileKind.FILE;
            case FILE_KIND_DIRECTORY -> FileKind.DIRECTORY;
            case FILE_KIND_UNSPECIFIED, UNRECOGNIZED ->
                    throw new IllegalArgumentException("no kind of file: " + kind);
        };
    }

    static FileAttributes attributes(dev.outlay.v1.FileAttributes a) {
        return new FileAttributes(
                new FileId(a.getFileId()),
                kind(a.getKind()),
                a.getSizeBytes(),
                a.getChangeCounter(),
                a.getMapEpoch(),
                a.getMode(),
                a.getOwner(),
                a.getCreatedMillis(),
                a.getModifiedMillis(),
                a.getChangedMillis(),
                a.getAccessedMillis(),
                a.getAllocatedBytes(),
                a.getParentId() == 0 ? Optional.empty() : Optional.of(new FileId(a.getParentId())),
                a.getName(),
                (a.getConcurrent() ? FileAttributes.CONCURRENT : 0)
                        | (a.getReadOnly() ? FileAttributes.READ_ONLY : 0));
    }

    static Extent extent(dev.outlay.v1.Extent extent) {
        int flags =
                (extent.getIsNew() ? Extent.NEW : 0)
                        | (extent.getAtRisk() ? Extent.AT_RISK : 0)
                        | (extent.getShared() ? Extent.SHARED : 0);
        ExtentState state =
                switch (extent.getState()) {
                    case EXTENT_STATE_HOLE -> ExtentState.HOLE;
                    case EXTENT_STATE_UNWRITTEN -> ExtentState.UNWRITTEN;
                    case EXTENT_STATE_WRITTEN -> ExtentState.WRITTEN;
                    case EXTENT_STATE_UNSPECIFIED, UNRECOGNIZED ->
                            throw new IllegalArgumentException(
                                    "no state of an extent: " + extent.getState());
                };
        return new Extent(
                extent.getFileOffset(),
                extent.getLength(),
                state,
                extent.hasDevice() ? extent.getDevice() : Extent.NO_DEVICE,
                extent.hasDevice() ? extent.getDeviceOffset() : 0,
                flags);
    }

    static List<Extent> extents(List<dev.outlay.v1.Extent> extents) {
        return extents.stream().map(Wire::extent).toList();
    }

    static LayoutRange layoutRange(dev.outlay.v1.LayoutRange range) {
        return new LayoutRange(
                ByteRange.ofLength(range.getOffset(), range.getLength()),
                switch (range.getIomode()) {
                    case IO_MODE_READ -> range.getMapped() ? GrantKind.READ_MAPPED : GrantKind.READ;
                    case IO_MODE_RW -> range.getAtomic() ? GrantKind.RW_ATOMIC : GrantKind.RW;
                    case IO_MODE_UNSPECIFIED, UNRECOGNIZED ->
                            throw new IllegalArgumentException("no iomode: " + range.getIomode());
                });
    }

    static dev.outlay.v1.LayoutRange layoutRange(LayoutRange range) {
        return dev.outlay.v1.LayoutRange.newBuilder()
                .setOffset(range.range().start())
                .setLength(range.range().length())
                .setIomode(iomode(range.kind().iomode()))
                .setMapped(range.kind() == GrantKind.READ_MAPPED)
                .setAtomic(range.kind() == GrantKind.RW_ATOMIC)
                .build();
    }

    static HeldLayout layout(dev.outlay.v1.Layout layout) {
        return new HeldLayout(
                new FileId(layout.getFileId()),
                stateid(layout.getStateid()),
                layout.getRangesList().stream().map(Wire::layoutRange).toList());
    }

    static dev.outlay.v1.Layout layout(HeldLayout layout) {
        return dev.outlay.v1.Layout.newBuilder()
                .setFileId(layout.file().value())
                .setStateid(stateid(layout.stateid()))
                .addAllRanges(layout.ranges().stream().map(Wire::layoutRange).toList())
                .build();
    }

    static FileRange fileRange(ByteRange range) {
        return FileRange.newBuilder().setOffset(range.start()).setLength(range.length()).build();
    }

    static ReturnedLayout returned(dev.outlay.v1.ReturnedLayout returned) {
        return new ReturnedLayout(
                new FileId(returned.getFileId()),
                returned.hasStateid()
                        ? Optional.of(stateid(returned.getStateid()))
                        : Optional.empty(),
                returned.getRangesList().stream()
                        .map(r -> ByteRange.ofLength(r.getOffset(), r.getLength()))
                        .toList());
    }

    static DeviceEntry device(DeviceInfo device) {
        return new DeviceEntry(
                device.getIndex(),
                uuid(device.getUuid()),
                device.getIncarnation(),
                device.getPathHint(),
                device.getSizeBytes(),
                device.getBlockSizeBytes(),
                device.getSliceStart(),
                device.getSliceLength(),
                device.getCoherent(),
                device.getUse() == DeviceUse.DEVICE_USE_RETIRING,
                device.getUsedBytes(),
                device.getQuarantinedBytes());
    }

    static VolumeDevices devices(GetDevicesResponse response) {
        int blockSize = response.getBlockSizeBytes();
        if (Integer.bitCount(blockSize) != 1 || blockSize < 0) {
            throw new IllegalArgumentException("no block size: " + blockSize);
        }
        return new VolumeDevices(
                response.getDevicesList().stream().map(Wire::device).toList(),
                blockSize,
                durability(response.getLeastDurability()));
    }

    static DirectoryEntry entry(dev.outlay.v1.DirectoryEntry entry) {
        return new DirectoryEntry(
                entry.getName(),
                new FileId(entry.getFileId()),
                kind(entry.getKind()),
                entry.getSizeBytes());
    }

    // ---- layouts

    /** Without its operation header. */
    static MapBlocksRequest.Builder mapBlocks(MapRequest ask) {
        MapBlocksRequest.Builder request =
                MapBlocksRequest.newBuilder()
                        .setFileId(ask.file().value())
                        .setOffset(ask.offset())
                        .setLength(ask.length())
                        .setMinLength(ask.minLength())
                        .setIomode(iomode(ask.iomode()))
                        .setNoAllocate(ask.noAllocate())
                        .setAlignHuge(ask.alignHuge())
                        .setMapped(ask.mapped())
                        .setAtomic(ask.atomic())
                        .setMaxExtents(ask.maxExtents())
                        .setWaitMillis(ask.waitMillis());
        ask.stateid().ifPresent(stateid -> request.setStateid(stateid(stateid)));
        return request;
    }

    static MappedBlocks mapped(MapBlocksResponse response) {
        return new MappedBlocks(
                response.hasStateid()
                        ? Optional.of(stateid(response.getStateid()))
                        : Optional.empty(),
                response.getRangesList().stream().map(Wire::layoutRange).toList(),
                extents(response.getExtentsList()),
                response.getMapEpoch(),
                response.getNextOffset(),
                response.getSizeBytes());
    }

    /** Without its operation header. */
    static CommitBlocksRequest.Builder commitBlocks(CommitRequest ask) {
        CommitBlocksRequest.Builder request =
                CommitBlocksRequest.newBuilder()
                        .setFileId(ask.file().value())
                        .setStateid(stateid(ask.stateid()))
                        .setMapEpoch(ask.mapEpoch())
                        .setDurability(durability(ask.durability()));
        ask.lastWriteOffset().ifPresent(request::setLastWriteOffset);
        ask.modifiedMillis().ifPresent(request::setModifiedMillis);
        for (CommitRequest.Range range : ask.ranges()) {
            request.addRanges(
                    CommitRange.newBuilder()
                            .setFileOffset(range.fileOffset())
                            .setLength(range.length())
                            .setDevice(range.device())
                            .setDeviceOffset(range.deviceOffset()));
        }
        ask.incarnations().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(
                        e ->
                                request.addDevices(
                                        DeviceIncarnation.newBuilder()
                                                .setDevice(e.getKey())
                                                .setIncarnation(e.getValue())));
        return request;
    }

    static CommittedBlocks committed(CommitBlocksResponse response) {
        return new CommittedBlocks(
                response.hasNewSizeBytes()
                        ? OptionalLong.of(response.getNewSizeBytes())
                        : OptionalLong.empty(),
                response.getMapEpoch(),
                attributes(response.getAttributes()));
    }

    /** Without its operation header. */
    static ReturnLayoutRequest.Builder returnLayout(ReturnScope scope) {
        ReturnLayoutRequest.Builder request = ReturnLayoutRequest.newBuilder();
        return switch (scope) {
            case ReturnScope.OfFile file -> {
                ReturnLayoutRequest.File.Builder piece =
                        ReturnLayoutRequest.File.newBuilder()
                                .setFileId(file.file().value())
                                .addAllRanges(file.ranges().stream().map(Wire::fileRange).toList());
                file.stateid().ifPresent(stateid -> piece.setStateid(stateid(stateid)));
                yield request.setFile(piece);
            }
            case ReturnScope.OfDevice device ->
                    request.setDevice(
                            ReturnLayoutRequest.Device.newBuilder().setDevice(device.device()));
            case ReturnScope.OfVolume _ ->
                    request.setVolume(ReturnLayoutRequest.Volume.getDefaultInstance());
        };
    }

    private static ByteBuffer sixteen(ByteString bytes) {
        if (bytes.size() != ID_BYTES) {
            throw new IllegalArgumentException("an id has 16 bytes, not " + bytes.size());
        }
        return bytes.asReadOnlyByteBuffer();
    }
}
