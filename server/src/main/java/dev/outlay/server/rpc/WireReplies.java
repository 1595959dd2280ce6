package dev.outlay.server.rpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.HeldLayout;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.server.engine.EngineStatus;
import dev.outlay.v1.AcknowledgeRecallResponse;
import dev.outlay.v1.AllocateResponse;
import dev.outlay.v1.CheckVolumeResponse;
import dev.outlay.v1.CloneResponse;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.DeallocateResponse;
import dev.outlay.v1.DirectoryEntry;
import dev.outlay.v1.Finding;
import dev.outlay.v1.GetAttributesResponse;
import dev.outlay.v1.GetDevicesResponse;
import dev.outlay.v1.ListExtentsResponse;
import dev.outlay.v1.ListLayoutsResponse;
import dev.outlay.v1.ListResponse;
import dev.outlay.v1.LookupResponse;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.ReadResponse;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.RemoveResponse;
import dev.outlay.v1.RenameResponse;
import dev.outlay.v1.ReturnLayoutResponse;
import dev.outlay.v1.ReturnedLayout;
import dev.outlay.v1.SeekResponse;
import dev.outlay.v1.SessionLimits;
import dev.outlay.v1.SetAttributesResponse;
import dev.outlay.v1.ShowVolumeResponse;
import dev.outlay.v1.SpaceUsage;
import dev.outlay.v1.TruncateResponse;
import dev.outlay.v1.VolumeStatus;
import dev.outlay.v1.WriteResponse;
import java.util.Comparator;
import java.util.List;

/**
 * Replies of the core as answers of the API. A {@link Reply.Failure}, wherever an answer was hoped
 * for, is thrown as {@link RequestRefused}. {@code lease_renewed} is not set here.
 */
final class WireReplies {

    private WireReplies() {}

    /**
     * The reply as the type that its command is answered with.
     *
     * @throws RequestRefused if it is a failure, or the remembered answer of another request that
     *     was sent under the same operation id
     */
    static <T extends Reply> T expect(Class<T> type, Reply reply) {
        if (type.isInstance(reply)) {
            return type.cast(reply);
        }
        if (reply instanceof Reply.Failure failure) {
            throw RequestRefused.of(failure);
        }
        if (reply instanceof Reply.Kept) {
            throw RequestRefused.invalid(
                    "operation.operation_id was used before, by a request of another kind");
        }
        throw new IllegalStateException("not " + type.getSimpleName() + " but " + reply);
    }

    // ---- layouts

    static MapBlocksResponse mapped(Reply reply) {
        Reply.Mapped mapped = expect(Reply.Mapped.class, reply);
        var wire =
                MapBlocksResponse.newBuilder()
                        .setMapEpoch(mapped.mapEpoch())
                        .setNextOffset(mapped.nextOffset())
                        .setSizeBytes(mapped.sizeBytes());
        mapped.stateid().ifPresent(stateid -> wire.setStateid(WireValues.toWire(stateid)));
        mapped.granted().forEach(range -> wire.addRanges(WireValues.toWire(range)));
        mapped.extents().forEach(extent -> wire.addExtents(WireValues.toWire(extent)));
        return wire.build();
    }

    static CommitBlocksResponse committed(Reply reply) {
        Reply.Committed committed = expect(Reply.Committed.class, reply);
        var wire =
                CommitBlocksResponse.newBuilder()
                        .setMapEpoch(committed.attributes().mapEpoch())
                        .setAttributes(WireValues.toWire(committed.attributes()));
        committed.newSize().ifPresent(wire::setNewSizeBytes);
        return wire.build();
    }

    static ReturnLayoutResponse returned(Reply reply) {
        return ReturnLayoutResponse.newBuilder()
                .addAllReturned(returned(expect(Reply.Returned.class, reply).layouts()))
                .build();
    }

    static int recallsBegun(Reply reply) {
        return expect(Reply.RecallsBegun.class, reply).clients();
    }

    static List<HeldLayout> held(Reply reply) {
        return expect(Reply.Layouts.class, reply).layouts();
    }

    /** Of the clients named, mapped or not. */
    static long quarantinedBytes(Reply reply) {
        return expect(Reply.Quarantined.class, reply).clients().stream()
                .mapToLong(client -> client.quarantinedBytes() + client.atRiskBytes())
                .sum();
    }

    static AcknowledgeRecallResponse acknowledged(Reply reply) {
        expect(Reply.Done.class, reply);
        return AcknowledgeRecallResponse.getDefaultInstance();
    }

    private static List<ReturnedLayout> returned(List<Reply.ReturnedLayout> layouts) {
        return layouts.stream().map(WireValues::toWire).toList();
    }

    /**
     * One page of a client's layouts, by rising file id, of at least one layout if there is any.
     *
     * @param maxBytes of all layouts together
     */
    static ListLayoutsResponse layouts(
            Reply reply, long afterFileId, int maxEntries, long maxBytes) {
        List<HeldLayout> rest =
                expect(Reply.Layouts.class, reply).layouts().stream()
                        .filter(held -> held.file().value() > afterFileId)
                        .sorted(Comparator.comparing(HeldLayout::file))
                        .toList();
        var wire = ListLayoutsResponse.newBuilder();
        long bytes = 0;
        for (HeldLayout held : rest) {
            var layout = WireValues.layout(held.file(), held.stateid(), held.ranges());
            bytes += layout.getSerializedSize();
            int entries = wire.getLayoutsCount();
            if (entries == maxEntries || (entries > 0 && bytes > maxBytes)) {
                return wire.setNextAfterFileId(wire.getLayouts(entries - 1).getFileId()).build();
            }
            wire.addLayouts(layout);
        }
        return wire.build();
    }

    // ---- files

    static CreateResponse created(Reply reply) {
        return CreateResponse.newBuilder().setAttributes(changed(reply)).build();
    }

    static SetAttributesResponse attributesSet(Reply reply) {
        return SetAttributesResponse.newBuilder().setAttributes(changed(reply)).build();
    }

    static RenameResponse renamed(Reply reply) {
        return RenameResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    static RemoveResponse removed(Reply reply) {
        return RemoveResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    static TruncateResponse truncated(Reply reply) {
        return TruncateResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    static AllocateResponse allocated(Reply reply) {
        return AllocateResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    static DeallocateResponse deallocated(Reply reply) {
        return DeallocateResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    static CloneResponse cloned(Reply reply) {
        return CloneResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    static SeekResponse sought(Reply reply) {
        Reply.Found found = expect(Reply.Found.class, reply);
        SeekResponse.Builder answer = SeekResponse.newBuilder().setSizeBytes(found.sizeBytes());
        found.offset().ifPresent(answer::setOffset);
        return answer.build();
    }

    static ReadResponse read(Reply reply) {
        Reply.ReadBytes read = expect(Reply.ReadBytes.class, reply);
        // Nobody else has the buffer, so it need not be copied.
        return ReadResponse.newBuilder()
                .setData(UnsafeByteOperations.unsafeWrap(read.bytes()))
                .setSizeBytes(read.sizeBytes())
                .setAtRisk(read.atRisk())
                .build();
    }

    static WriteResponse wrote(Reply reply) {
        return WriteResponse.newBuilder()
                .setAttributes(changed(reply))
                .addAllReturned(endedBy(reply))
                .build();
    }

    private static dev.outlay.v1.FileAttributes changed(Reply reply) {
        return WireValues.toWire(expect(Reply.FileChanged.class, reply).attributes());
    }

    private static List<ReturnedLayout> endedBy(Reply reply) {
        return returned(expect(Reply.FileChanged.class, reply).returned());
    }

    static LookupResponse found(Reply reply) {
        return LookupResponse.newBuilder().setAttributes(attributes(reply)).build();
    }

    static GetAttributesResponse attributesOf(Reply reply) {
        return GetAttributesResponse.newBuilder().setAttributes(attributes(reply)).build();
    }

    private static dev.outlay.v1.FileAttributes attributes(Reply reply) {
        return WireValues.toWire(expect(Reply.Attributes.class, reply).attributes());
    }

    static ListResponse entries(Reply reply) {
        Reply.Entries entries = expect(Reply.Entries.class, reply);
        var wire = ListResponse.newBuilder();
        for (Reply.Entry entry : entries.entries()) {
            wire.addEntries(
                    DirectoryEntry.newBuilder()
                            .setName(entry.name())
                            .setFileId(entry.file().value())
                            .setKind(WireValues.toWire(entry.kind()))
                            .setSizeBytes(entry.sizeBytes()));
        }
        if (entries.more()) {
            wire.setNextAfterName(entries.entries().getLast().name());
        }
        return wire.build();
    }

    static ListExtentsResponse extents(Reply reply) {
        Reply.Extents extents = expect(Reply.Extents.class, reply);
        var wire =
                ListExtentsResponse.newBuilder()
                        .setAttributes(WireValues.toWire(extents.attributes()));
        extents.extents().forEach(extent -> wire.addExtents(WireValues.toWire(extent)));
        if (extents.more()) {
            wire.setNextOffset(extents.nextOffset());
        }
        return wire.build();
    }

    // ---- devices and sessions

    static GetDevicesResponse devices(Reply reply) {
        Reply.Devices known = expect(Reply.Devices.class, reply);
        var wire =
                GetDevicesResponse.newBuilder()
                        .setBlockSizeBytes(known.settings().blockSize())
                        .setLeastDurability(WireValues.toWire(known.settings().leastDurability()));
        known.devices()
                .forEach(
                        device ->
                                wire.addDevices(
                                        WireValues.toWire(device, known.settings().blockSize())
                                                .setUse(
                                                        use(
                                                                known.retiring()
                                                                        .contains(
                                                                                device.index())))));
        return wire.build();
    }

    private static dev.outlay.v1.DeviceUse use(boolean retiring) {
        return retiring
                ? dev.outlay.v1.DeviceUse.DEVICE_USE_RETIRING
                : dev.outlay.v1.DeviceUse.DEVICE_USE_ACTIVE;
    }

    /** A device as an administrator sees it. */
    static dev.outlay.v1.DeviceInfo device(Reply.DeviceUse known, int blockSize) {
        return WireValues.toWire(known.device(), blockSize)
                .setUse(use(known.retiring()))
                .setUsedBytes(known.usedBytes())
                .setQuarantinedBytes(known.quarantinedBytes())
                .build();
    }

    static SessionLimits limits(Limits limits, int messageBytes) {
        return SessionLimits.newBuilder()
                .setOutstandingOperations(limits.outstandingOperations())
                .setExtentsPerReply(limits.extentsPerReply())
                .setRangesPerCommit(Math.min(limits.commitRanges(), limits.returnRanges()))
                .setEntriesPerList(limits.listEntries())
                .setLayoutsPerReattach(limits.reattachLayouts())
                .setMessageBytes(messageBytes)
                .build();
    }

    static ReattachResponse.VolumeResult reattached(String volume, Reply reply) {
        var wire = ReattachResponse.VolumeResult.newBuilder().setVolume(volume);
        for (Reply.ReattachedLayout now : expect(Reply.Reattached.class, reply).layouts()) {
            var layout = wire.addLayoutsBuilder().setFileId(now.file().value());
            now.stateid()
                    .ifPresent(
                            stateid ->
                                    layout.setLayout(
                                            WireValues.layout(now.file(), stateid, now.ranges())));
            now.failure()
                    .ifPresent(
                            failure ->
                                    layout.setError(
                                            ErrorMapping.detail(RequestRefused.of(failure))));
        }
        return wire.build();
    }

    // ---- administration

    /**
     * A volume whose state is being rebuilt tells only why.
     *
     * @param storedByCpu whether clients reach a device by stores of their CPU
     */
    static VolumeStatus status(String name, Reply reply, EngineStatus engine, boolean storedByCpu) {
        if (reply instanceof Reply.Failure failure && failure.reason() == Reason.READ_ONLY) {
            return VolumeStatus.newBuilder()
                    .setVolume(name)
                    .setJournalPosition(engine.journalPosition())
                    .setSnapshotPosition(engine.snapshotPosition())
                    .setReadOnlyReason(engine.readOnlyReason().orElse(failure.message()))
                    .build();
        }
        Reply.VolumeStatus status = expect(Reply.VolumeStatus.class, reply);
        var settings = status.settings();
        return VolumeStatus.newBuilder()
                .setVolume(settings.name())
                .setUuid(
                        Fields.id(
                                settings.uuid().getMostSignificantBits(),
                                settings.uuid().getLeastSignificantBits()))
                .setCreatedMillis(settings.createdMillis())
                .setBlockSizeBytes(settings.blockSize())
                .setStripeBytes(settings.stripeBytes())
                .setAllocation(WireValues.toWire(settings.allocation()))
                .setLeastDurability(WireValues.toWire(settings.leastDurability()))
                .setSpace(space(status.space()))
                .setFiles(status.files())
                .setExtents(status.extents())
                .setClients(status.clients())
                .setLayouts(status.layouts())
                .setWaitingRequests(status.waiting())
                .setOpenRecalls(status.openRecalls())
                .setInGrace(status.inGrace())
                .setFencePolicy(WireFencing.toWire(settings.fence()))
                .setStaleWriterRisk(settings.fence() == FencePolicy.TIMED && storedByCpu)
                .setJournalPosition(engine.journalPosition())
                .setSnapshotPosition(engine.snapshotPosition())
                .setReadOnlyReason(engine.readOnlyReason().orElse(""))
                .build();
    }

    private static SpaceUsage space(SpaceUse space) {
        return SpaceUsage.newBuilder()
                .setTotalBytes(space.total())
                .setFreeBytes(space.free())
                .setReservedBytes(space.reserved())
                .setGrantedBytes(space.granted())
                .setMappedBytes(space.mapped())
                .setPendingBytes(space.pending())
                .setQuarantinedBytes(space.quarantined())
                .setAtRiskBytes(space.atRisk())
                .build();
    }

    /**
     * @param uses what is in use of each device
     */
    static ShowVolumeResponse shown(
            String name, Reply reply, Reply uses, EngineStatus engine, boolean storedByCpu) {
        var wire =
                ShowVolumeResponse.newBuilder().setStatus(status(name, reply, engine, storedByCpu));
        if (reply instanceof Reply.VolumeStatus status
                && uses instanceof Reply.DeviceUses(var devices, int _, var _)) {
            devices.forEach(use -> wire.addDevices(device(use, status.settings().blockSize())));
        }
        return wire.build();
    }

    /**
     * What a check found, as much of it as fits.
     *
     * @param maxBytes of all findings together
     */
    static CheckVolumeResponse.Builder checked(Reply reply, int maxFindings, long maxBytes) {
        var wire = CheckVolumeResponse.newBuilder();
        long bytes = 0;
        for (String message : expect(Reply.Findings.class, reply).findings()) {
            Finding finding = Finding.newBuilder().setMessage(message).build();
            bytes += finding.getSerializedSize();
            if (wire.getFindingsCount() == maxFindings || bytes > maxBytes) {
                return wire.setTruncated(true);
            }
            wire.addFindings(finding);
        }
        return wire;
    }
}
