package dev.outlay.client;

import dev.outlay.core.value.Durability;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.GetServerInfoResponse;
import dev.outlay.v1.SpaceUsage;
import java.util.UUID;

/** Values of administration from and to the protocol's messages. */
final class AdminWire {

    private AdminWire() {}

    static CreateVolumeRequest createVolume(VolumeSpec spec) {
        CreateVolumeRequest.Builder request =
                CreateVolumeRequest.newBuilder()
                        .setVolume(spec.volume())
                        .setBlockSizeBytes(spec.blockSizeBytes());
        spec.least().ifPresent(least -> request.setLeastDurability(Wire.durability(least)));
        for (VolumeSpec.Slice slice : spec.slices()) {
            DeviceSlice.Builder device = DeviceSlice.newBuilder().setPath(slice.path());
            slice.start().ifPresent(device::setStart);
            slice.length().ifPresent(device::setLength);
            request.addDevices(device);
        }
        return request.build();
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
                status.getInGrace());
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
