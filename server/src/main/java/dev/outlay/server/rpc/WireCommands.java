package dev.outlay.server.rpc;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.command.Command.MapFlags;
import dev.outlay.core.command.Command.RestatedLayout;
import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Stateid;
import dev.outlay.v1.AllocateRequest;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.ListExtentsRequest;
import dev.outlay.v1.ListRequest;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReadRequest;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.RemoveRequest;
import dev.outlay.v1.RenameRequest;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.SeekRequest;
import dev.outlay.v1.SetAttributesRequest;
import dev.outlay.v1.TruncateRequest;
import dev.outlay.v1.WriteRequest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/**
 * Requests of the API as commands of the core. Untrusted input stops here: sizes and counts are
 * checked before anything is made for them, enums are set, numbers fit. Whatever a command needs
 * that is not deterministic - the time, a fresh id - is put in here.
 *
 * <p>Each method throws {@link RequestRefused} for what can never be a command; what depends on the
 * volume - alignment, states, grants - is for the core to decide. Any thread.
 */
final class WireCommands {
    private static final int WAIT_MILLIS_MAX = 60_000;

    private final Limits limits;
    private final InstantSource clock;
    private final FreshIds ids;

    /**
     * @param clock the wall clock, for time stamps only
     * @param random cryptographically strong, but in simulations
     */
    WireCommands(Limits limits, InstantSource clock, RandomGenerator random) {
        this.limits = limits;
        this.clock = clock;
        this.ids = new FreshIds(random);
    }

    // ---- layouts

    Command mapBlocks(ClientId client, MapBlocksRequest request) {
        Optional<Stateid> stateid =
                request.hasStateid()
                        ? Optional.of(WireValues.stateid("stateid", request.getStateid()))
                        : Optional.empty();
        return new Command.MapBlocks(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                Fields.unsigned("length", request.getLength()),
                Fields.unsigned("min_length", request.getMinLength()),
                WireValues.ioMode("iomode", request.getIomode()),
                stateid,
                new MapFlags(
                        request.getNoAllocate(),
                        request.getAlignHuge(),
                        request.getMapped(),
                        request.getAtomic()),
                Fields.page(request.getMaxExtents(), limits.extentsPerReply()),
                // Whoever names a layout holds it, and goes on with its id, or is refused.
                stateid.isPresent() ? stateid.get().id() : ids.layoutId(),
                Fields.within("wait_millis", request.getWaitMillis(), 0, WAIT_MILLIS_MAX));
    }

    Command commitBlocks(ClientId client, CommitBlocksRequest request) {
        Fields.count("ranges", request.getRangesCount(), limits.commitRanges());
        Fields.present("ranges", request.getRangesCount() > 0);
        Fields.present("stateid", request.hasStateid());
        List<CommitRange> ranges = new ArrayList<>(request.getRangesCount());
        for (var range : request.getRangesList()) {
            int i = ranges.size();
            ranges.add(
                    new CommitRange(
                            Fields.unsigned("ranges", i, "file_offset", range.getFileOffset()),
                            Fields.unsigned("ranges", i, "length", range.getLength()),
                            Fields.device("ranges", i, "device", range.getDevice()),
                            Fields.unsigned(
                                    "ranges", i, "device_offset", range.getDeviceOffset())));
        }
        return new Command.CommitBlocks(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                WireValues.stateid("stateid", request.getStateid()),
                ranges,
                incarnations(request.getDevicesList()),
                Fields.unsigned("map_epoch", request.getMapEpoch()),
                WireValues.durability("durability", request.getDurability()),
                request.hasLastWriteOffset()
                        ? OptionalLong.of(
                                Fields.unsigned("last_write_offset", request.getLastWriteOffset()))
                        : OptionalLong.empty(),
                request.hasModifiedMillis()
                        ? OptionalLong.of(
                                Fields.timeMillis("modified_millis", request.getModifiedMillis()))
                        : OptionalLong.empty(),
                request.getReclaim());
    }

    Command returnLayout(ClientId client, ReturnLayoutRequest request) {
        ReturnScope scope =
                switch (request.getScopeCase()) {
                    case FILE -> returnedFile(request.getFile());
                    case DEVICE ->
                            new ReturnScope.WholeDevice(
                                    Fields.device(
                                            "device.device", request.getDevice().getDevice()));
                    case VOLUME -> new ReturnScope.Everything();
                    case SCOPE_NOT_SET ->
                            throw RequestRefused.invalid(
                                    "scope is missing: file, device or volume");
                };
        return new Command.ReturnLayout(
                origin(client, request.getOperation()), clock.millis(), scope);
    }

    private ReturnScope returnedFile(ReturnLayoutRequest.File file) {
        FileId id = Fields.file("file.file_id", file.getFileId());
        Optional<Stateid> stateid =
                file.hasStateid()
                        ? Optional.of(WireValues.stateid("file.stateid", file.getStateid()))
                        : Optional.empty();
        if (file.getRangesCount() == 0) {
            return new ReturnScope.WholeFile(id, stateid);
        }
        return new ReturnScope.Ranges(
                id,
                stateid,
                WireValues.fileRanges("file.ranges", file.getRangesList(), limits.returnRanges()));
    }

    /** The layouts restated on one volume; how many there are in all is the caller's to check. */
    Command.ReattachClient reattach(ClientId client, ReattachRequest.Volume volume) {
        Fields.count("layouts", volume.getLayoutsCount(), limits.reattachLayouts());
        List<RestatedLayout> layouts = new ArrayList<>(volume.getLayoutsCount());
        for (var layout : volume.getLayoutsList()) {
            String field = WireValues.at("layouts", layouts.size());
            Fields.present(field + ".stateid", layout.hasStateid());
            layouts.add(
                    new RestatedLayout(
                            Fields.file(field + ".file_id", layout.getFileId()),
                            WireValues.stateid(field + ".stateid", layout.getStateid()),
                            WireValues.layoutRanges(
                                    field + ".ranges", layout.getRangesList(), Integer.MAX_VALUE)));
        }
        return new Command.ReattachClient(
                client, Fields.unsigned("answered_through", volume.getAnsweredThrough()), layouts);
    }

    static List<DeviceIncarnation> incarnations(List<dev.outlay.v1.DeviceIncarnation> devices) {
        Fields.count("devices", devices.size(), Fields.DEVICES_MAX);
        List<DeviceIncarnation> checked = new ArrayList<>(devices.size());
        for (var device : devices) {
            int i = checked.size();
            checked.add(
                    new DeviceIncarnation(
                            Fields.device("devices", i, "device", device.getDevice()),
                            Fields.atLeastOne(
                                    "devices", i, "incarnation", device.getIncarnation())));
        }
        return checked;
    }

    // ---- files

    Command create(ClientId client, String principal, CreateRequest request) {
        Place at = place("at", request.hasAt(), request.getAt());
        return new Command.CreateFile(
                origin(client, request.getOperation()),
                clock.millis(),
                at.parent(),
                at.name(),
                WireValues.fileKind("kind", request.getKind()),
                mode(request.getMode()),
                request.hasOwner()
                        ? Fields.text("owner", request.getOwner(), limits.ownerBytes())
                        : principal,
                request.getConcurrent());
    }

    Command setAttributes(ClientId client, SetAttributesRequest request) {
        if (!request.hasMode()
                && !request.hasOwner()
                && !request.hasModifiedMillis()
                && !request.hasAccessedMillis()) {
            throw RequestRefused.invalid(
                    "no attribute is present: mode, owner, modified_millis or accessed_millis");
        }
        return new Command.SetAttributes(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                request.hasMode() ? OptionalInt.of(mode(request.getMode())) : OptionalInt.empty(),
                request.hasOwner()
                        ? Optional.of(Fields.text("owner", request.getOwner(), limits.ownerBytes()))
                        : Optional.empty(),
                request.hasModifiedMillis()
                        ? OptionalLong.of(
                                Fields.timeMillis("modified_millis", request.getModifiedMillis()))
                        : OptionalLong.empty(),
                request.hasAccessedMillis()
                        ? OptionalLong.of(
                                Fields.timeMillis("accessed_millis", request.getAccessedMillis()))
                        : OptionalLong.empty());
    }

    Command rename(ClientId client, RenameRequest request) {
        Place from = place("from", request.hasFrom(), request.getFrom());
        Place to = place("to", request.hasTo(), request.getTo());
        return new Command.Rename(
                origin(client, request.getOperation()),
                clock.millis(),
                from.parent(),
                from.name(),
                to.parent(),
                to.name());
    }

    Command remove(ClientId client, RemoveRequest request) {
        Place at = place("at", request.hasAt(), request.getAt());
        return new Command.Remove(
                origin(client, request.getOperation()), clock.millis(), at.parent(), at.name());
    }

    Command truncate(ClientId client, TruncateRequest request) {
        return new Command.Truncate(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("new_size_bytes", request.getNewSizeBytes()));
    }

    Command allocate(ClientId client, AllocateRequest request) {
        return new Command.Allocate(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                Fields.unsigned("length", request.getLength()));
    }

    Command deallocate(ClientId client, DeallocateRequest request) {
        return new Command.Deallocate(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                Fields.unsigned("length", request.getLength()));
    }

    Command clone(ClientId client, CloneRequest request) {
        FileId source = Fields.file("source_id", request.getSourceId());
        return switch (request.getTargetCase()) {
            case DESTINATION_ID ->
                    new Command.Clone(
                            origin(client, request.getOperation()),
                            clock.millis(),
                            source,
                            Fields.unsigned("offset", request.getOffset()),
                            Fields.unsigned("length", request.getLength()),
                            Fields.file("destination_id", request.getDestinationId()),
                            Fields.unsigned("destination_offset", request.getDestinationOffset()),
                            false);
            case SNAPSHOT -> {
                if (request.getOffset() != 0
                        || request.getLength() != 0
                        || request.getDestinationOffset() != 0) {
                    throw RequestRefused.invalid(
                            "a snapshot is of a whole file: offset, length and destination_offset"
                                    + " are 0");
                }
                Place at = place("snapshot", true, request.getSnapshot());
                yield new Command.Snapshot(
                        origin(client, request.getOperation()),
                        clock.millis(),
                        source,
                        at.parent(),
                        at.name());
            }
            case TARGET_NOT_SET ->
                    throw RequestRefused.invalid(
                            "a clone names a destination: destination_id or snapshot");
        };
    }

    Command seek(SeekRequest request) {
        boolean data =
                switch (request.getTarget()) {
                    case TARGET_DATA -> true;
                    case TARGET_HOLE -> false;
                    case TARGET_UNSPECIFIED, UNRECOGNIZED ->
                            throw RequestRefused.invalid("target is missing: DATA or HOLE");
                };
        return new Command.Seek(
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                data);
    }

    Command read(ClientId client, ReadRequest request) {
        return new Command.Read(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                Fields.within("length", request.getLength(), 1, limits.ioBytes()));
    }

    Command write(ClientId client, WriteRequest request) {
        return new Command.Write(
                origin(client, request.getOperation()),
                clock.millis(),
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                request.getData().asReadOnlyByteBuffer(),
                request.hasMtimeMillis()
                        ? OptionalLong.of(
                                Fields.timeMillis("mtime_millis", request.getMtimeMillis()))
                        : OptionalLong.empty());
    }

    Command lookup(LookupRequest request) {
        return switch (request.getTargetCase()) {
            case PATH -> {
                String path = Fields.text("path", request.getPath(), Fields.PATH_BYTES_MAX);
                if (!path.startsWith("/")) {
                    throw RequestRefused.invalid("path '" + path + "' must begin with '/'");
                }
                yield new Command.Lookup(FileId.ROOT, path);
            }
            case CHILD -> {
                Place child = place("child", true, request.getChild());
                yield new Command.Lookup(child.parent(), child.name());
            }
            case TARGET_NOT_SET -> throw RequestRefused.invalid("target is missing: path or child");
        };
    }

    Command getAttributes(GetAttributesRequest request) {
        return new Command.GetAttributes(Fields.file("file_id", request.getFileId()));
    }

    Command list(ListRequest request) {
        return new Command.ListDirectory(
                Fields.file("directory_id", request.getDirectoryId()),
                Fields.textOrEmpty("after_name", request.getAfterName(), limits.nameBytes()),
                Fields.page(request.getMaxEntries(), limits.listEntries()));
    }

    Command listExtents(ListExtentsRequest request) {
        return new Command.ListExtents(
                Fields.file("file_id", request.getFileId()),
                Fields.unsigned("offset", request.getOffset()),
                Fields.page(request.getMaxExtents(), limits.extentsPerReply()));
    }

    // ---- what several have

    private static Origin origin(ClientId client, OperationHeader operation) {
        long id = Fields.atLeastOne("operation.operation_id", operation.getOperationId());
        long answered =
                Fields.unsigned("operation.answered_through", operation.getAnsweredThrough());
        if (answered >= id) {
            throw RequestRefused.invalid(
                    "operation.answered_through is "
                            + answered
                            + ", it must be less than operation_id, "
                            + id);
        }
        return new Origin(client, id, answered);
    }

    private static int mode(int mode) {
        return Fields.within("mode", mode, 0, Fields.MODE_MAX);
    }

    /** A name in a directory. */
    private record Place(FileId parent, String name) {}

    private Place place(String field, boolean present, ChildName child) {
        Fields.present(field, present);
        return new Place(
                Fields.file(field + ".parent_id", child.getParentId()),
                Fields.name(field + ".name", child.getName(), limits.nameBytes()));
    }
}
