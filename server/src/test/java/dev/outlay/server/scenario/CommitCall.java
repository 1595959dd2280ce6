package dev.outlay.server.scenario;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.Durability;
import dev.outlay.v1.Extent;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Stateid;
import java.util.List;

/** A CommitBlocks in the making. */
final class CommitCall {
    private final TestClient client;
    private final CommitBlocksRequest.Builder request = CommitBlocksRequest.newBuilder();

    CommitCall(TestClient client, long file) {
        this.client = client;
        request.setFileId(file)
                .setDurability(Durability.DURABILITY_FORCED)
                .addDevices(
                        DeviceIncarnation.newBuilder()
                                .setDevice(0)
                                .setIncarnation(client.deviceIncarnation()));
        client.stateid(file).ifPresent(request::setStateid);
    }

    /** All that a MapBlocks answered, with its epoch. */
    CommitCall all(MapBlocksResponse mapped) {
        return extents(mapped.getExtentsList()).epoch(mapped.getMapEpoch());
    }

    CommitCall extents(List<Extent> extents) {
        extents.forEach(
                e -> range(e.getFileOffset(), e.getLength(), e.getDevice(), e.getDeviceOffset()));
        return this;
    }

    /** The part {@code [offset, offset + length)} of what a MapBlocks answered. */
    CommitCall part(MapBlocksResponse mapped, long offset, long length) {
        for (Extent extent : mapped.getExtentsList()) {
            long from = Math.max(offset, extent.getFileOffset());
            long to = Math.min(offset + length, extent.getFileOffset() + extent.getLength());
            if (from < to) {
                range(
                        from,
                        to - from,
                        extent.getDevice(),
                        extent.getDeviceOffset() + from - extent.getFileOffset());
            }
        }
        return epoch(mapped.getMapEpoch());
    }

    CommitCall range(long offset, long length, int device, long deviceOffset) {
        request.addRanges(
                CommitRange.newBuilder()
                        .setFileOffset(offset)
                        .setLength(length)
                        .setDevice(device)
                        .setDeviceOffset(deviceOffset));
        return this;
    }

    CommitCall epoch(long epoch) {
        long before = request.getMapEpoch();
        request.setMapEpoch(before == 0 ? epoch : Math.min(before, epoch));
        return this;
    }

    /** The offset of the last byte written. */
    CommitCall last(long offset) {
        request.setLastWriteOffset(offset);
        return this;
    }

    CommitCall modified(long millis) {
        request.setModifiedMillis(millis);
        return this;
    }

    /** Under a grant that was not restated since the server started. */
    CommitCall reclaim() {
        request.setReclaim(true);
        return this;
    }

    CommitCall stateid(Stateid stateid) {
        request.setStateid(stateid);
        return this;
    }

    CommitBlocksResponse send() {
        return client.commit(build());
    }

    /** The request under its operation id, for who sends it more than once. */
    CommitBlocksRequest build() {
        return request.setSession(client.ref()).setOperation(client.nextOperation()).build();
    }
}
