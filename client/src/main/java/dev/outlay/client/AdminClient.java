package dev.outlay.client;

import dev.outlay.v1.AdminGrpc;
import dev.outlay.v1.CheckVolumeRequest;
import dev.outlay.v1.CheckVolumeResponse;
import dev.outlay.v1.ConfirmClientEndedRequest;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.ListQuarantineRequest;
import dev.outlay.v1.ListQuarantineResponse;
import dev.outlay.v1.ListVolumesRequest;
import dev.outlay.v1.QuarantinedClient;
import dev.outlay.v1.ShowVolumeRequest;
import dev.outlay.v1.ShowVolumeResponse;
import dev.outlay.v1.TakeSnapshotRequest;
import dev.outlay.v1.TakeSnapshotResponse;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Administration of one server. It needs no session: each call is a unary one, sent once. Any
 * thread may call.
 */
public final class AdminClient implements AutoCloseable {

    private final String server;
    private final Channel channel;
    private final int deadlineMillis;
    private final Runnable onClose;

    AdminClient(String server, Channel channel, int deadlineMillis, Runnable onClose) {
        this.server = server;
        this.channel = channel;
        this.deadlineMillis = deadlineMillis;
        this.onClose = onClose;
    }

    /**
     * An administrator's connection.
     *
     * @param server {@code host:port} or {@code unix:/path}
     */
    public static AdminClient connect(String server, int deadlineMillis) throws OutlayException {
        Channels.Connection connection = Channels.open(server);
        return new AdminClient(server, connection.channel(), deadlineMillis, connection::close);
    }

    /** Makes a volume over labelled devices and opens it. */
    public VolumeStatus createVolume(VolumeSpec spec) throws OutlayException {
        CreateVolumeRequest request = AdminWire.createVolume(spec);
        return AdminWire.status(call(stub -> stub.createVolume(request)).getStatus());
    }

    /** All volumes by rising name. */
    public List<VolumeStatus> listVolumes() throws OutlayException {
        return call(stub -> stub.listVolumes(ListVolumesRequest.getDefaultInstance()))
                .getVolumesList()
                .stream()
                .map(AdminWire::status)
                .toList();
    }

    /** One volume and its devices. */
    public VolumeDetails showVolume(String volume) throws OutlayException {
        ShowVolumeResponse shown =
                call(
                        stub ->
                                stub.showVolume(
                                        ShowVolumeRequest.newBuilder().setVolume(volume).build()));
        return new VolumeDetails(
                AdminWire.status(shown.getStatus()),
                shown.getDevicesList().stream().map(Wire::device).toList());
    }

    /**
     * Walks everything a volume knows.
     *
     * @param maxFindings most findings in the answer; 0: the server's default
     */
    public VolumeCheck checkVolume(String volume, int maxFindings) throws OutlayException {
        CheckVolumeResponse checked =
                call(
                        stub ->
                                stub.checkVolume(
                                        CheckVolumeRequest.newBuilder()
                                                .setVolume(volume)
                                                .setMaxFindings(maxFindings)
                                                .build()));
        return new VolumeCheck(
                checked.getFindingsList().stream().map(f -> f.getMessage()).toList(),
                checked.getTruncated(),
                AdminWire.status(checked.getStatus()));
    }

    /**
     * What is in quarantine on a volume, by client.
     *
     * @param clientId whose; 0: everybody's
     */
    public List<QuarantineEntry> listQuarantine(String volume, long clientId)
            throws OutlayException {
        List<QuarantineEntry> all = new ArrayList<>();
        ListQuarantineRequest.Builder request =
                ListQuarantineRequest.newBuilder().setVolume(volume).setClientId(clientId);
        while (true) {
            ListQuarantineResponse page = call(stub -> stub.listQuarantine(request.build()));
            for (QuarantinedClient client : page.getClientsList()) {
                QuarantineEntry entry = AdminWire.quarantined(client);
                if (!all.isEmpty() && all.getLast().clientId() == entry.clientId()) {
                    all.add(all.removeLast().with(entry));
                } else {
                    all.add(entry);
                }
            }
            if (!page.hasNextAfter()) {
                return all;
            }
            request.setAfter(page.getNextAfter());
        }
    }

    /**
     * An operator's word that a client has ended and that its host's caches hold nothing of it. It
     * cannot be taken back.
     */
    public List<ProvenVolume> confirmEnded(long clientId) throws OutlayException {
        return call(
                        stub ->
                                stub.confirmClientEnded(
                                        ConfirmClientEndedRequest.newBuilder()
                                                .setClientId(clientId)
                                                .setIKnowItHasEnded(true)
                                                .build()))
                .getVolumesList()
                .stream()
                .map(v -> new ProvenVolume(v.getVolume(), v.getFreedBytes(), v.getSafeBytes()))
                .toList();
    }

    /** Writes the volume's state down now, so that a restart replays only what comes after. */
    public SnapshotInfo takeSnapshot(String volume) throws OutlayException {
        TakeSnapshotResponse taken =
                call(
                        stub ->
                                stub.takeSnapshot(
                                        TakeSnapshotRequest.newBuilder()
                                                .setVolume(volume)
                                                .build()));
        return new SnapshotInfo(taken.getJournalPosition(), taken.getSizeBytes());
    }

    /** What the server is. */
    public ServerInfo serverInfo() throws OutlayException {
        return AdminWire.serverInfo(
                call(stub -> stub.getServerInfo(GetServerInfoRequest.getDefaultInstance())));
    }

    /** Ends the connection, unless it is a session's. */
    @Override
    public void close() {
        onClose.run();
    }

    private <R> R call(Function<AdminGrpc.AdminBlockingStub, R> call) throws OutlayException {
        try {
            return call.apply(
                    AdminGrpc.newBlockingStub(channel)
                            .withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            throw GrpcErrors.of(e, server);
        }
    }
}
