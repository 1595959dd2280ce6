package dev.outlay.server.rpc;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Reason;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.engine.VolumeException;
import dev.outlay.server.engine.VolumeRequest;
import dev.outlay.server.engine.Volumes;
import dev.outlay.server.fence.FenceService;
import dev.outlay.v1.AddDeviceRequest;
import dev.outlay.v1.AddDeviceResponse;
import dev.outlay.v1.AdminGrpc;
import dev.outlay.v1.CheckVolumeRequest;
import dev.outlay.v1.CheckVolumeResponse;
import dev.outlay.v1.ConfirmClientEndedRequest;
import dev.outlay.v1.ConfirmClientEndedResponse;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.CreateVolumeResponse;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.GetServerInfoResponse;
import dev.outlay.v1.ListAllLayoutsRequest;
import dev.outlay.v1.ListAllLayoutsResponse;
import dev.outlay.v1.ListClientsRequest;
import dev.outlay.v1.ListClientsResponse;
import dev.outlay.v1.ListQuarantineRequest;
import dev.outlay.v1.ListQuarantineResponse;
import dev.outlay.v1.ListVolumesRequest;
import dev.outlay.v1.ListVolumesResponse;
import dev.outlay.v1.RecallLayoutsRequest;
import dev.outlay.v1.RecallLayoutsResponse;
import dev.outlay.v1.RetireDeviceRequest;
import dev.outlay.v1.RetireDeviceResponse;
import dev.outlay.v1.RevokeClientRequest;
import dev.outlay.v1.RevokeClientResponse;
import dev.outlay.v1.SessionLimits;
import dev.outlay.v1.ShedLoadRequest;
import dev.outlay.v1.ShedLoadResponse;
import dev.outlay.v1.ShowVolumeRequest;
import dev.outlay.v1.ShowVolumeResponse;
import dev.outlay.v1.TakeSnapshotRequest;
import dev.outlay.v1.TakeSnapshotResponse;
import dev.outlay.v1.VolumeStatus;
import io.grpc.stub.StreamObserver;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Administration, call by call. What waits for devices runs on a thread of its own. */
final class AdminService extends AdminGrpc.AdminImplBase {
    private static final int FINDINGS_MAX = 10_000;
    private static final int FINDINGS_DEFAULT = 1000;

    private final UnaryCalls calls;
    private final Operations operations;
    private final Volumes volumes;
    private final Sessions sessions;
    private final FenceService fences;
    private final ClientAdmin clients;
    private final Executor slow;
    private final About about;

    /**
     * What a server says of itself.
     *
     * @param startedMillis since 1970
     */
    record About(
            String version,
            long startedMillis,
            ServerConfig.Lease lease,
            int messageBytes,
            SessionLimits limits) {}

    /**
     * @param slow for calls that wait for devices; bounded
     */
    AdminService(
            UnaryCalls calls,
            Operations operations,
            Volumes volumes,
            Sessions sessions,
            FenceService fences,
            ClientAdmin clients,
            Executor slow,
            About about) {
        this.calls = calls;
        this.operations = operations;
        this.volumes = volumes;
        this.sessions = sessions;
        this.fences = fences;
        this.clients = clients;
        this.slow = slow;
        this.about = about;
    }

    @Override
    public void createVolume(
            CreateVolumeRequest request, StreamObserver<CreateVolumeResponse> answer) {
        calls.ofAnybody(
                "CreateVolume",
                answer,
                caller -> {
                    VolumeRequest wanted = volumeRequest(request);
                    return slowly(() -> volumes.create(wanted))
                            .thenCompose(this::statusOf)
                            .thenApply(
                                    status ->
                                            CreateVolumeResponse.newBuilder()
                                                    .setStatus(status)
                                                    .build());
                });
    }

    private <T> CompletableFuture<T> slowly(Slow<T> work) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return work.run();
                        } catch (VolumeException e) {
                            throw new CompletionException(e);
                        }
                    },
                    slow);
        } catch (RejectedExecutionException e) {
            throw new RequestRefused(
                    Reason.RESOURCE_EXHAUSTED,
                    "too many volumes and devices are being made or added just now");
        }
    }

    private static VolumeRequest volumeRequest(CreateVolumeRequest request) {
        Fields.count("devices", request.getDevicesCount(), Fields.DEVICES_MAX);
        Fields.present("devices", request.getDevicesCount() > 0);
        List<VolumeRequest.DeviceSlice> devices = new ArrayList<>();
        for (DeviceSlice slice : request.getDevicesList()) {
            String field = WireValues.at("devices", devices.size());
            devices.add(slice(field, slice));
        }
        return new VolumeRequest(
                Fields.volume("volume", request.getVolume()),
                devices,
                Fields.within(
                        "block_size_bytes", request.getBlockSizeBytes(), 0, Integer.MAX_VALUE),
                switch (request.getLeastDurability()) {
                    case DURABILITY_UNSPECIFIED -> Durability.FORCED;
                    case DURABILITY_VISIBLE,
                            DURABILITY_FORCED,
                            DURABILITY_DEVICE_FLUSHED,
                            DURABILITY_SYNC_MAPPED,
                            UNRECOGNIZED ->
                            WireValues.durability("least_durability", request.getLeastDurability());
                },
                WireFencing.policy("fence_policy", request.getFencePolicy()),
                request.getAcceptStaleWriterRisk(),
                Fields.unsigned("stripe_bytes", request.getStripeBytes()),
                WireValues.allocation("allocation", request.getAllocation()));
    }

    private static VolumeRequest.DeviceSlice slice(String field, DeviceSlice slice) {
        return new VolumeRequest.DeviceSlice(
                path(field + ".path", slice.getPath()),
                slice.hasStart()
                        ? OptionalLong.of(Fields.unsigned(field + ".start", slice.getStart()))
                        : OptionalLong.empty(),
                slice.hasLength()
                        ? OptionalLong.of(Fields.unsigned(field + ".length", slice.getLength()))
                        : OptionalLong.empty());
    }

    @Override
    public void addDevice(AddDeviceRequest request, StreamObserver<AddDeviceResponse> answer) {
        calls.ofAnybody(
                "AddDevice",
                answer,
                caller -> {
                    VolumeEngine volume = operations.volume("volume", request.getVolume());
                    Fields.present("device", request.hasDevice());
                    VolumeRequest.DeviceSlice wanted = slice("device", request.getDevice());
                    return slowly(() -> volumes.addDevice(volume.name(), wanted))
                            .thenApply(
                                    added ->
                                            AddDeviceResponse.newBuilder()
                                                    .setDevice(
                                                            WireReplies.device(
                                                                    new Reply.DeviceUse(
                                                                            added, false, 0, 0),
                                                                    volume.blockSize()))
                                                    .build());
                });
    }

    @Override
    public void retireDevice(
            RetireDeviceRequest request, StreamObserver<RetireDeviceResponse> answer) {
        calls.ofAnybody(
                "RetireDevice",
                answer,
                caller -> {
                    VolumeEngine volume = operations.volume("volume", request.getVolume());
                    int index =
                            Fields.within("device", request.getDevice(), 0, DeviceRange.MAX_DEVICE);
                    return slowly(() -> volumes.retireDevice(volume.name(), index))
                            .thenApply(
                                    use ->
                                            RetireDeviceResponse.newBuilder()
                                                    .setDevice(
                                                            WireReplies.device(
                                                                    use, volume.blockSize()))
                                                    .build());
                });
    }

    /** What waits for devices. */
    private interface Slow<T> {
        T run() throws VolumeException;
    }

    private static Path path(String field, String text) {
        Fields.text(field, text, Fields.PATH_BYTES_MAX);
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException e) {
            throw RequestRefused.invalid(field + " is not a path: " + e.getMessage());
        }
        throw RequestRefused.invalid(
                field + " '" + text + "' must be absolute: the server may run in another folder");
    }

    @Override
    public void listVolumes(
            ListVolumesRequest request, StreamObserver<ListVolumesResponse> answer) {
        calls.ofAnybody(
                "ListVolumes",
                answer,
                caller -> {
                    List<CompletableFuture<VolumeStatus>> each =
                            volumes.all().stream().map(this::statusOf).toList();
                    return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                            .thenApply(
                                    _ -> {
                                        var all = ListVolumesResponse.newBuilder();
                                        each.forEach(status -> all.addVolumes(status.join()));
                                        return withUnavailable(all).build();
                                    });
                });
    }

    @Override
    public void showVolume(ShowVolumeRequest request, StreamObserver<ShowVolumeResponse> answer) {
        calls.ofAnybody(
                "ShowVolume",
                answer,
                caller -> {
                    String why = volumes.unavailable().get(request.getVolume());
                    if (why != null) {
                        return CompletableFuture.completedFuture(
                                ShowVolumeResponse.newBuilder()
                                        .setStatus(unavailable(request.getVolume(), why))
                                        .build());
                    }
                    VolumeEngine volume = operations.volume("volume", request.getVolume());
                    return volume.submit(new Command.ShowVolume())
                            .thenCombine(
                                    volume.submit(new Command.ListDeviceUse()),
                                    (reply, uses) ->
                                            WireReplies.shown(
                                                    volume.name(),
                                                    reply,
                                                    uses,
                                                    volume.status(),
                                                    volumes.isStoredByCpu(volume.name())));
                });
    }

    @Override
    public void checkVolume(
            CheckVolumeRequest request, StreamObserver<CheckVolumeResponse> answer) {
        calls.ofAnybody(
                "CheckVolume",
                answer,
                caller -> {
                    VolumeEngine volume = operations.volume("volume", request.getVolume());
                    int max =
                            request.getMaxFindings() == 0
                                    ? FINDINGS_DEFAULT
                                    : Fields.page(request.getMaxFindings(), FINDINGS_MAX);
                    CompletableFuture<Reply> findings = volume.submit(new Command.CheckVolume());
                    return findings.thenCombine(
                            statusOf(volume),
                            (found, status) ->
                                    WireReplies.checked(found, max, about.messageBytes() / 2)
                                            .setStatus(status)
                                            .build());
                });
    }

    private CompletableFuture<VolumeStatus> statusOf(VolumeEngine volume) {
        return volume.submit(new Command.ShowVolume())
                .thenApply(
                        reply ->
                                WireReplies.status(
                                        volume.name(),
                                        reply,
                                        volume.status(),
                                        volumes.isStoredByCpu(volume.name())));
    }

    @Override
    public void listQuarantine(
            ListQuarantineRequest request, StreamObserver<ListQuarantineResponse> answer) {
        calls.ofAnybody(
                "ListQuarantine",
                answer,
                caller -> {
                    VolumeEngine volume = operations.volume("volume", request.getVolume());
                    return volume.submit(
                                    WireFencing.listQuarantine(
                                            request, about.limits().getExtentsPerReply()))
                            .thenApply(reply -> WireFencing.quarantined(reply, fences::state));
                });
    }

    @Override
    public void confirmClientEnded(
            ConfirmClientEndedRequest request, StreamObserver<ConfirmClientEndedResponse> answer) {
        calls.ofAnybody(
                "ConfirmClientEnded",
                answer,
                caller -> {
                    ClientId client = WireFencing.client("client_id", request.getClientId());
                    if (!request.getIKnowItHasEnded()) {
                        throw RequestRefused.invalid(
                                "i_know_it_has_ended is not set: if client "
                                        + client
                                        + " still runs, it destroys the bytes of others");
                    }
                    return fences.confirm(client)
                            .thenApply(replies -> WireFencing.confirmed(client, replies));
                });
    }

    private static VolumeStatus unavailable(String name, String why) {
        return VolumeStatus.newBuilder().setVolume(name).setUnavailableReason(why).build();
    }

    /** The list with the volumes that could not be opened in their places. */
    private ListVolumesResponse.Builder withUnavailable(ListVolumesResponse.Builder open) {
        List<VolumeStatus> all = new ArrayList<>(open.getVolumesList());
        volumes.unavailable().forEach((name, why) -> all.add(unavailable(name, why)));
        all.sort(Comparator.comparing(VolumeStatus::getVolume));
        return ListVolumesResponse.newBuilder().addAllVolumes(all);
    }

    @Override
    public void takeSnapshot(
            TakeSnapshotRequest request, StreamObserver<TakeSnapshotResponse> answer) {
        calls.ofAnybody(
                "TakeSnapshot",
                answer,
                caller ->
                        operations
                                .volume("volume", request.getVolume())
                                .takeSnapshot()
                                .handle(
                                        (taken, failure) -> {
                                            if (failure != null) {
                                                throw new RequestRefused(
                                                        Reason.READ_ONLY,
                                                        "no snapshot was written: "
                                                                + failure.getMessage());
                                            }
                                            return TakeSnapshotResponse.newBuilder()
                                                    .setJournalPosition(taken.journalPosition())
                                                    .setSizeBytes(taken.sizeBytes())
                                                    .build();
                                        }));
    }

    @Override
    public void recallLayouts(
            RecallLayoutsRequest request, StreamObserver<RecallLayoutsResponse> answer) {
        calls.ofAnybody("RecallLayouts", answer, caller -> clients.recall(request));
    }

    @Override
    public void shedLoad(ShedLoadRequest request, StreamObserver<ShedLoadResponse> answer) {
        calls.ofAnybody("ShedLoad", answer, caller -> clients.shed(request));
    }

    @Override
    public void revokeClient(
            RevokeClientRequest request, StreamObserver<RevokeClientResponse> answer) {
        calls.ofAnybody("RevokeClient", answer, caller -> clients.revoke(request));
    }

    @Override
    public void listClients(
            ListClientsRequest request, StreamObserver<ListClientsResponse> answer) {
        calls.ofAnybody("ListClients", answer, caller -> clients.list(request));
    }

    @Override
    public void listAllLayouts(
            ListAllLayoutsRequest request, StreamObserver<ListAllLayoutsResponse> answer) {
        calls.ofAnybody("ListAllLayouts", answer, caller -> clients.layouts(request));
    }

    @Override
    public void getServerInfo(
            GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> answer) {
        calls.ofAnybody(
                "GetServerInfo",
                answer,
                caller ->
                        CompletableFuture.completedFuture(
                                GetServerInfoResponse.newBuilder()
                                        .setVersion(about.version())
                                        .setServerId(
                                                Fields.id(
                                                        sessions.serverId()
                                                                .getMostSignificantBits(),
                                                        sessions.serverId()
                                                                .getLeastSignificantBits()))
                                        .setServerIncarnation(sessions.serverIncarnation())
                                        .setStartedMillis(about.startedMillis())
                                        .setDefaultLeaseMillis(
                                                (int) about.lease().standard().toMillis())
                                        .setMinLeaseMillis((int) about.lease().min().toMillis())
                                        .setMaxLeaseMillis((int) about.lease().max().toMillis())
                                        .setLimits(about.limits())
                                        .build()));
    }
}
