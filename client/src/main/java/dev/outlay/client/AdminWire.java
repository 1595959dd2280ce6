package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import dev.outlay.v1.ClientInfo;
import dev.outlay.v1.ClientState;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.FileRange;
import dev.outlay.v1.GetServerInfoResponse;
import dev.outlay.v1.LayoutHolding;
import dev.outlay.v1.QuarantinedClient;
import dev.outlay.v1.RecallLayoutsRequest;
import dev.outlay.v1.SpaceUsage;
import java.util.Optional;
import java.util.UUID;

/** Values of administration from and to the protocol's messages. */
final class AdminWire {

    private AdminWire() {}

    static CreateVolumeRequest createVolume(VolumeSpec spec) {
        CreateVolumeRequest.Builder request =
                CreateVolumeRequest.newBuilder()
                        .setVolume(spec.volume())
                        .setBlockSizeBytes(spec.blockSizeBytes())
                        .setStripeBytes(spec.stripeBytes())
                        .setAllocation(
                                switch (spec.allocation()) {
                                    case UNWRITTEN -> dev.outlay.v1.Allocation.ALLOCATION_UNWRITTEN;
                                    case ZEROED -> dev.outlay.v1.Allocation.ALLOCATION_ZEROED;
                                })
                        .setFencePolicy(
                                switch (spec.fence()) {
                                    case STRICT -> dev.outlay.v1.FencePolicy.FENCE_POLICY_STRICT;
                                    case TIMED -> dev.outlay.v1.FencePolicy.FENCE_POLICY_TIMED;
                                })
                        .setAcceptStaleWriterRisk(spec.acceptStaleWriterRisk());
        spec.least().ifPresent(least -> request.setLeastDurability(Wire.durability(least)));
        for (VolumeSpec.Slice slice : spec.slices()) {
            request.addDevices(slice(slice));
        }
        return request.build();
    }

    static DeviceSlice slice(VolumeSpec.Slice slice) {
        DeviceSlice.Builder device = DeviceSlice.newBuilder().setPath(slice.path());
        slice.start().ifPresent(device::setStart);
        slice.length().ifPresent(device::setLength);
        return device.build();
    }

    static VolumeStatus status(dev.outlay.v1.VolumeStatus status) {
        SpaceUsage space = status.getSpace();
        boolean known = status.getBlockSizeBytes() > 0;
        return new VolumeStatus(
                status.getVolume(),
                known ? Wire.uuid(status.getUuid()) : new UUID(0, 0),
                status.getBlockSizeBytes(),
                known ? Wire.durability(status.getLeastDurability()) : Durability.FORCED,
                status.getCreatedMillis(),
                new VolumeStatus.Space(
                        space.getTotalBytes(),
                        space.getFreeBytes(),
                        space.getReservedBytes(),
                        space.getGrantedBytes(),
                        space.getMappedBytes(),
                        space.getPendingBytes(),
                        space.getQuarantinedBytes(),
                        space.getAtRiskBytes()),
                status.getFiles(),
                status.getExtents(),
                status.getClients(),
                status.getLayouts(),
                status.getJournalPosition(),
                status.getSnapshotPosition(),
                status.getReadOnlyReason(),
                status.getUnavailableReason(),
                status.getInGrace(),
                policy(status.getFencePolicy()),
                status.getStaleWriterRisk(),
                allocation(status.getAllocation()));
    }

    private static Allocation allocation(dev.outlay.v1.Allocation allocation) {
        return switch (allocation) {
            case ALLOCATION_ZEROED -> Allocation.ZEROED;
            case ALLOCATION_UNWRITTEN, ALLOCATION_UNSPECIFIED, UNRECOGNIZED -> Allocation.UNWRITTEN;
        };
    }

    private static FencePolicy policy(dev.outlay.v1.FencePolicy policy) {
        return switch (policy) {
            case FENCE_POLICY_TIMED -> FencePolicy.TIMED;
            case FENCE_POLICY_STRICT, FENCE_POLICY_UNSPECIFIED, UNRECOGNIZED -> FencePolicy.STRICT;
        };
    }

    static QuarantineEntry quarantined(QuarantinedClient client) {
        return new QuarantineEntry(
                client.getClientId(),
                client.getOwner(),
                client.getIncarnation(),
                client.getEnded().name().replace("CLIENT_STATE_", ""),
                client.hasProcess()
                        ? Optional.of(
                                new ProcessIdentity(
                                        client.getProcess().getHost(),
                                        client.getProcess().getBootId(),
                                        client.getProcess().getPidNamespace(),
                                        client.getProcess().getPid(),
                                        client.getProcess().getStartTicks()))
                        : Optional.empty(),
                client.getQuarantinedBytes(),
                client.getAtRiskBytes(),
                client.getFenceState(),
                client.getRangesList().stream()
                        .map(
                                r ->
                                        new QuarantineEntry.Blocks(
                                                r.getDevice(),
                                                r.getOffset(),
                                                r.getLength(),
                                                r.getMapped(),
                                                r.getHolders()))
                        .toList());
    }

    static ClientDetails client(ClientInfo info) {
        return new ClientDetails(
                new ClientId(info.getClientId()),
                info.getOwner(),
                info.getPrincipal(),
                state(info.getState()),
                Integer.toUnsignedLong(info.getLeaseMillis()),
                Integer.toUnsignedLong(info.getLeaseLeftMillis()),
                info.getStreaming(),
                info.getUsesList().stream()
                        .map(
                                use ->
                                        new ClientDetails.Use(
                                                use.getVolume(),
                                                use.getLayouts(),
                                                use.getQuarantinedBytes(),
                                                use.getRecallsPending()))
                        .toList());
    }

    private static ClientDetails.State state(ClientState state) {
        return switch (state) {
            case CLIENT_STATE_LIVE -> ClientDetails.State.LIVE;
            case CLIENT_STATE_LAPSED -> ClientDetails.State.LAPSED;
            case CLIENT_STATE_ENDED -> ClientDetails.State.ENDED;
            case CLIENT_STATE_SUPERSEDED -> ClientDetails.State.SUPERSEDED;
            case CLIENT_STATE_EXPIRED -> ClientDetails.State.EXPIRED;
            case CLIENT_STATE_REVOKED -> ClientDetails.State.REVOKED;
            case CLIENT_STATE_UNSPECIFIED, UNRECOGNIZED -> ClientDetails.State.UNKNOWN;
        };
    }

    static LayoutOfClient layout(LayoutHolding held) {
        return new LayoutOfClient(
                new FileId(held.getFileId()),
                new ClientId(held.getClientId()),
                held.getOwner(),
                held.getSeqid(),
                held.getRangesList().stream().map(Wire::layoutRange).toList());
    }

    static RecallLayoutsRequest recall(
            String volume, RecallScope scope, Optional<ClientId> client, boolean changed) {
        RecallLayoutsRequest.Builder request =
                RecallLayoutsRequest.newBuilder().setVolume(volume).setChanged(changed);
        client.ifPresent(only -> request.setClientId(only.value()));
        switch (scope) {
            case RecallScope.Ranges of -> {
                RecallLayoutsRequest.File.Builder file =
                        RecallLayoutsRequest.File.newBuilder().setFileId(of.file().value());
                for (ByteRange range : of.ranges()) {
                    file.addRanges(
                            FileRange.newBuilder()
                                    .setOffset(range.start())
                                    .setLength(range.length()));
                }
                request.setFile(file);
            }
            case RecallScope.Device of -> request.setDevice(of.device());
            case RecallScope.Volume _ -> request.setWholeVolume(true);
        }
        return request.build();
    }

    static ServerInfo serverInfo(GetServerInfoResponse info) {
        dev.outlay.v1.SessionLimits limits = info.getLimits();
        return new ServerInfo(
                info.getVersion(),
                Wire.uuid(info.getServerId()),
                info.getServerIncarnation(),
                info.getStartedMillis(),
                info.getDefaultLeaseMillis(),
                info.getMinLeaseMillis(),
                info.getMaxLeaseMillis(),
                new ServerInfo.SessionLimits(
                        limits.getOutstandingOperations(),
                        limits.getExtentsPerReply(),
                        limits.getRangesPerCommit(),
                        limits.getEntriesPerList(),
                        limits.getLayoutsPerReattach(),
                        limits.getMessageBytes()));
    }
}
