package dev.outlay.client;

import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.RecallScope;
import dev.outlay.v1.AddDeviceRequest;
import dev.outlay.v1.AdminGrpc;
import dev.outlay.v1.CheckVolumeRequest;
import dev.outlay.v1.CheckVolumeResponse;
import dev.outlay.v1.ConfirmClientEndedRequest;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.ListAllLayoutsRequest;
import dev.outlay.v1.ListAllLayoutsResponse;
import dev.outlay.v1.ListClientsRequest;
import dev.outlay.v1.ListClientsResponse;
import dev.outlay.v1.ListQuarantineRequest;
import dev.outlay.v1.ListQuarantineResponse;
import dev.outlay.v1.ListVolumesRequest;
import dev.outlay.v1.QuarantinedClient;
import dev.outlay.v1.RecallLayoutsRequest;
import dev.outlay.v1.RetireDeviceRequest;
import dev.outlay.v1.RevokeClientRequest;
import dev.outlay.v1.ShedLoadRequest;
import dev.outlay.v1.ShowVolumeRequest;
import dev.outlay.v1.ShowVolumeResponse;
import dev.outlay.v1.TakeSnapshotRequest;
import dev.outlay.v1.TakeSnapshotResponse;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

    /** Adds a device to a volume at work; how the volume knows it. */
    public DeviceEntry addDevice(String volume, VolumeSpec.Slice device) throws OutlayException {
        AddDeviceRequest request =
                AddDeviceRequest.newBuilder()
                        .setVolume(volume)
                        .setDevice(AdminWire.slice(device))
                        .build();
        return Wire.device(call(stub -> stub.addDevice(request)).getDevice());
    }

    /** Begins to empty a device, which leaves the volume when nothing lies on it; as it is now. */
    public DeviceEntry retireDevice(String volume, int device) throws OutlayException {
        RetireDeviceRequest request =
                RetireDeviceRequest.newBuilder().setVolume(volume).setDevice(device).build();
        return Wire.device(call(stub -> stub.retireDevice(request)).getDevice());
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

    // ---- clients

    /** All clients, by rising id. */
    public List<ClientDetails> listClients() throws OutlayException {
        List<ClientDetails> all = new ArrayList<>();
        ListClientsRequest.Builder request = ListClientsRequest.newBuilder();
        boolean more = true;
        while (more) {
            ListClientsResponse page = call(stub -> stub.listClients(request.build()));
            page.getClientsList().forEach(info -> all.add(AdminWire.client(info)));
            request.setAfterClientId(page.getNextAfterClientId());
            more = page.hasNextAfterClientId();
        }
        return all;
    }

    /** Everybody's layouts on a volume, or those on one file or of one client. */
    public List<LayoutOfClient> listAllLayouts(
            String volume, Optional<FileId> file, Optional<ClientId> client)
            throws OutlayException {
        List<LayoutOfClient> all = new ArrayList<>();
        ListAllLayoutsRequest.Builder request =
                ListAllLayoutsRequest.newBuilder().setVolume(volume);
        file.ifPresent(only -> request.setFileId(only.value()));
        client.ifPresent(only -> request.setClientId(only.value()));
        boolean more = true;
        while (more) {
            ListAllLayoutsResponse page = call(stub -> stub.listAllLayouts(request.build()));
            page.getLayoutsList().forEach(held -> all.add(AdminWire.layout(held)));
            more = page.getMore();
            if (more) {
                LayoutOfClient last = all.getLast();
                request.setAfterFileId(last.file().value()).setAfterClientId(last.client().value());
            }
        }
        return all;
    }

    /**
     * Asks holders to give back, and does not wait for it.
     *
     * @param client only this one; empty: everybody
     * @param changed nothing more may be stored or committed by layout
     * @return how many have been asked
     */
    public int recall(String volume, RecallScope scope, Optional<ClientId> client, boolean changed)
            throws OutlayException {
        RecallLayoutsRequest request = AdminWire.recall(volume, scope, client, changed);
        return call(stub -> stub.recallLayouts(request)).getRecallsBegun();
    }

    /**
     * Asks clients to return what they need least, until each holds no more than so many layouts.
     *
     * @return how many have been asked
     */
    public int shedLoad(String volume, int keepLayouts) throws OutlayException {
        return call(stub ->
                        stub.shedLoad(
                                ShedLoadRequest.newBuilder()
                                        .setVolume(volume)
                                        .setKeepLayouts(keepLayouts)
                                        .build()))
                .getClientsAsked();
    }

    /** Ends a client against its will, on every volume. */
    public void revoke(ClientId client) throws OutlayException {
        var _ =
                call(
                        stub ->
                                stub.revokeClient(
                                        RevokeClientRequest.newBuilder()
                                                .setClientId(client.value())
                                                .build()));
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
