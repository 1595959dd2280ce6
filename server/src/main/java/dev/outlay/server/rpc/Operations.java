package dev.outlay.server.rpc;

import com.google.protobuf.MessageLite;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.engine.VolumeLookup;
import dev.outlay.v1.AcknowledgeRecallRequest;
import dev.outlay.v1.AcknowledgeRecallResponse;
import dev.outlay.v1.AllocateRequest;
import dev.outlay.v1.AllocateResponse;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CloneResponse;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.CreateResponse;
import dev.outlay.v1.DeallocateRequest;
import dev.outlay.v1.DeallocateResponse;
import dev.outlay.v1.EndClientRequest;
import dev.outlay.v1.EndClientResponse;
import dev.outlay.v1.GetAttributesRequest;
import dev.outlay.v1.GetAttributesResponse;
import dev.outlay.v1.GetDevicesRequest;
import dev.outlay.v1.GetDevicesResponse;
import dev.outlay.v1.ListExtentsRequest;
import dev.outlay.v1.ListExtentsResponse;
import dev.outlay.v1.ListLayoutsRequest;
import dev.outlay.v1.ListLayoutsResponse;
import dev.outlay.v1.ListRequest;
import dev.outlay.v1.ListResponse;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.LookupResponse;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReadRequest;
import dev.outlay.v1.ReadResponse;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.RemoveRequest;
import dev.outlay.v1.RemoveResponse;
import dev.outlay.v1.RenameRequest;
import dev.outlay.v1.RenameResponse;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.RenewResponse;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnLayoutResponse;
import dev.outlay.v1.SeekRequest;
import dev.outlay.v1.SeekResponse;
import dev.outlay.v1.SetAttributesRequest;
import dev.outlay.v1.SetAttributesResponse;
import dev.outlay.v1.TruncateRequest;
import dev.outlay.v1.TruncateResponse;
import dev.outlay.v1.WriteRequest;
import dev.outlay.v1.WriteResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Every operation of a client once, for unary calls and streams alike: decode, submit, encode.
 *
 * <p>What is returned completes with the answer or with what {@link ErrorMapping} understands; no
 * method throws. {@code lease_renewed} is for the caller to set.
 */
final class Operations {
    private final VolumeLookup volumes;
    private final Sessions sessions;
    private final ClientNotices notices;
    private final WireCommands wire;
    private final Limits limits;
    private final int messageBytes;

    /**
     * @param messageBytes longest message a client takes
     */
    Operations(
            VolumeLookup volumes,
            Sessions sessions,
            ClientNotices notices,
            WireCommands wire,
            Limits limits,
            int messageBytes) {
        this.volumes = volumes;
        this.sessions = sessions;
        this.notices = notices;
        this.wire = wire;
        this.limits = limits;
        this.messageBytes = messageBytes;
    }

    // ---- sessions

    Underway<?, RenewResponse> renew(Caller caller, RenewRequest request) {
        return decoded(
                () -> {
                    Session session = sessionOf(caller);
                    return Underway.done(
                            RenewResponse.newBuilder()
                                    .setLeaseMillis((int) session.leaseMillis())
                                    .setServerIncarnation(sessions.serverIncarnation())
                                    .addAllRecalls(notices.outstanding(session))
                                    .addAllReattachVolumes(session.owed())
                                    .build());
                });
    }

    Underway<?, AcknowledgeRecallResponse> acknowledgeRecall(
            Caller caller, AcknowledgeRecallRequest request) {
        return decoded(
                () -> {
                    Session session = sessionOf(caller);
                    VolumeEngine volume = volume("volume", request.getVolume());
                    long recall = Fields.atLeastOne("recall_id", request.getRecallId());
                    return encoded(
                            sessions.submit(
                                    session,
                                    volume,
                                    new Command.AcknowledgeRecall(session.id(), recall)),
                            WireReplies::acknowledged);
                });
    }

    Underway<?, EndClientResponse> endClient(Caller caller, EndClientRequest request) {
        return decoded(
                () ->
                        encoded(
                                sessions.end(sessionOf(caller)),
                                _ -> EndClientResponse.getDefaultInstance()));
    }

    Underway<?, ReattachResponse> reattach(Caller caller, ReattachRequest request) {
        return decoded(
                () -> {
                    Session session = sessionOf(caller);
                    Fields.count("volumes", request.getVolumesCount(), Fields.VOLUMES_MAX);
                    Fields.count(
                            "layouts",
                            request.getVolumesList().stream()
                                    .mapToInt(ReattachRequest.Volume::getLayoutsCount)
                                    .sum(),
                            limits.reattachLayouts());
                    List<CompletableFuture<ReattachResponse.VolumeResult>> results =
                            new ArrayList<>();
                    for (var volume : request.getVolumesList()) {
                        results.add(
                                reattach(session, request.getIncarnation(), volume)
                                        .on(caller.loop())
                                        .exceptionally(
                                                failure ->
                                                        ReattachResponse.VolumeResult.newBuilder()
                                                                .setVolume(volume.getVolume())
                                                                .setError(
                                                                        ErrorMapping.detail(
                                                                                failure))
                                                                .build()));
                    }
                    var all = CompletableFuture.allOf(results.toArray(CompletableFuture[]::new));
                    return encoded(
                            all,
                            _ -> {
                                var answer =
                                        ReattachResponse.newBuilder()
                                                .setLeaseMillis((int) session.leaseMillis());
                                results.forEach(result -> answer.addVolumes(result.join()));
                                return answer.build();
                            });
                });
    }

    private Underway<?, ReattachResponse.VolumeResult> reattach(
            Session session, long incarnation, ReattachRequest.Volume request) {
        return decoded(
                () -> {
                    VolumeEngine volume = volume("volumes.volume", request.getVolume());
                    Command.ReattachClient command = wire.reattach(session.id(), request);
                    List<DeviceIncarnation> seen =
                            WireCommands.incarnations(request.getDevicesList());
                    CompletableFuture<Reply> settled =
                            seen.isEmpty()
                                    ? sessions.reattach(session, incarnation, volume, command)
                                    : volume.submit(new Command.ListDeviceUse())
                                            .thenCompose(
                                                    known -> {
                                                        checkDevices(known, seen);
                                                        return sessions.reattach(
                                                                session,
                                                                incarnation,
                                                                volume,
                                                                command);
                                                    });
                    return encoded(
                            settled, reply -> WireReplies.reattached(request.getVolume(), reply));
                });
    }

    private static void checkDevices(Reply known, List<DeviceIncarnation> seen) {
        Reply.DeviceUses uses = WireReplies.expect(Reply.DeviceUses.class, known);
        List<VolumeDevice> devices = uses.devices().stream().map(Reply.DeviceUse::device).toList();
        for (DeviceIncarnation device : seen) {
            // One that has left the volume since: no grant refers to it.
            boolean left =
                    device.device() < uses.nextDevice()
                            && devices.stream().noneMatch(d -> d.index() == device.device());
            boolean same =
                    devices.stream()
                            .anyMatch(
                                    ours ->
                                            ours.index() == device.device()
                                                    && ours.incarnation() == device.incarnation());
            if (!same && !left) {
                throw new RequestRefused(
                        Reason.DEVICE_MISMATCH,
                        "the volume has no device "
                                + device.device()
                                + " with incarnation "
                                + device.incarnation());
            }
        }
    }

    // ---- layouts

    Underway<?, MapBlocksResponse> mapBlocks(Caller caller, MapBlocksRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.mapBlocks(client, request),
                WireReplies::mapped);
    }

    Underway<?, CommitBlocksResponse> commitBlocks(Caller caller, CommitBlocksRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.commitBlocks(client, request),
                WireReplies::committed);
    }

    Underway<?, ReturnLayoutResponse> returnLayout(Caller caller, ReturnLayoutRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.returnLayout(client, request),
                WireReplies::returned);
    }

    Underway<?, ListLayoutsResponse> listLayouts(Caller caller, ListLayoutsRequest request) {
        return decoded(
                () -> {
                    Session session = sessionOf(caller);
                    long after = Fields.unsigned("after_file_id", request.getAfterFileId());
                    int max = Fields.page(request.getMaxEntries(), limits.listEntries());
                    Command command = new Command.ListLayouts(Optional.of(session.id()));
                    return encoded(
                            sessions.submit(
                                    session, volume("volume", request.getVolume()), command),
                            reply -> WireReplies.layouts(reply, after, max, messageBytes / 2));
                });
    }

    // ---- files

    Underway<?, CreateResponse> create(Caller caller, CreateRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.create(client, Caller.PRINCIPAL, request),
                WireReplies::created);
    }

    Underway<?, SetAttributesResponse> setAttributes(Caller caller, SetAttributesRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.setAttributes(client, request),
                WireReplies::attributesSet);
    }

    Underway<?, RenameResponse> rename(Caller caller, RenameRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.rename(client, request),
                WireReplies::renamed);
    }

    Underway<?, RemoveResponse> remove(Caller caller, RemoveRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.remove(client, request),
                WireReplies::removed);
    }

    Underway<?, TruncateResponse> truncate(Caller caller, TruncateRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.truncate(client, request),
                WireReplies::truncated);
    }

    Underway<?, AllocateResponse> allocate(Caller caller, AllocateRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.allocate(client, request),
                WireReplies::allocated);
    }

    Underway<?, DeallocateResponse> deallocate(Caller caller, DeallocateRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.deallocate(client, request),
                WireReplies::deallocated);
    }

    Underway<?, CloneResponse> clone(Caller caller, CloneRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.clone(client, request),
                WireReplies::cloned);
    }

    Underway<?, ReadResponse> read(Caller caller, ReadRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.read(client, request),
                WireReplies::read);
    }

    Underway<?, WriteResponse> write(Caller caller, WriteRequest request) {
        return mutation(
                caller,
                request.getOperation(),
                client -> wire.write(client, request),
                WireReplies::wrote);
    }

    Underway<?, SeekResponse> seek(Caller caller, SeekRequest request) {
        return query(caller, request.getVolume(), () -> wire.seek(request), WireReplies::sought);
    }

    Underway<?, LookupResponse> lookup(Caller caller, LookupRequest request) {
        return query(caller, request.getVolume(), () -> wire.lookup(request), WireReplies::found);
    }

    Underway<?, GetAttributesResponse> getAttributes(Caller caller, GetAttributesRequest request) {
        return query(
                caller,
                request.getVolume(),
                () -> wire.getAttributes(request),
                WireReplies::attributesOf);
    }

    Underway<?, ListResponse> list(Caller caller, ListRequest request) {
        return query(caller, request.getVolume(), () -> wire.list(request), WireReplies::entries);
    }

    Underway<?, ListExtentsResponse> listExtents(Caller caller, ListExtentsRequest request) {
        return query(
                caller, request.getVolume(), () -> wire.listExtents(request), WireReplies::extents);
    }

    Underway<?, GetDevicesResponse> getDevices(Caller caller, GetDevicesRequest request) {
        return query(caller, request.getVolume(), Command.ListDevices::new, WireReplies::devices);
    }

    // ---- what several do

    private <R extends MessageLite> Underway<?, R> mutation(
            Caller caller,
            OperationHeader operation,
            Function<ClientId, Command> decode,
            Function<Reply, R> encode) {
        try {
            Session session = sessionOf(caller);
            VolumeEngine volume = volume("operation.volume", operation.getVolume());
            Command command = decode.apply(session.id());
            if (!VolumeEngine.isRead(command)) {
                caller.asked().accept(volume);
            }
            return encoded(sessions.submit(session, volume, command, caller.asksMany()), encode);
        } catch (RuntimeException e) {
            return Underway.failed(e);
        }
    }

    /** Whoever has a session asks under it, so that its requests keep their order. */
    private <R extends MessageLite> Underway<?, R> query(
            Caller caller, String name, Supplier<Command> decode, Function<Reply, R> encode) {
        try {
            VolumeEngine volume = volume("volume", name);
            Command command = decode.get();
            return encoded(
                    caller.session().isPresent()
                            ? sessions.submit(
                                    caller.session().get(), volume, command, caller.asksMany())
                            : volume.submit(command),
                    encode);
        } catch (RuntimeException e) {
            return Underway.failed(e);
        }
    }

    VolumeEngine volume(String field, String name) {
        return volumes.find(name).orElseThrow(() -> notServed(Fields.volume(field, name)));
    }

    private RequestRefused notServed(String name) {
        String why = volumes.unavailable().get(name);
        return why != null
                ? new RequestRefused(
                        Reason.INTERNAL,
                        "volume '"
                                + name
                                + "' is unavailable: "
                                + why
                                + "; mend that, and the server opens it within a minute")
                : new RequestRefused(
                        Reason.NOT_FOUND, "there is no volume '" + name + "' on this server");
    }

    private static Session sessionOf(Caller caller) {
        return caller.session()
                .orElseThrow(
                        () ->
                                new RequestRefused(
                                        Reason.NO_SESSION, "this request needs a session"));
    }

    /** Turns what decoding throws into an operation that has failed. */
    private static <R> Underway<?, R> decoded(Supplier<Underway<?, R>> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            return Underway.failed(e);
        }
    }

    /** An answer that no client would take is refused. */
    private <T, R extends MessageLite> Underway<T, R> encoded(
            CompletableFuture<T> reply, Function<T, R> encode) {
        return new Underway<>(
                reply,
                value -> {
                    R answer = encode.apply(value);
                    if (answer.getSerializedSize() > messageBytes) {
                        throw new RequestRefused(
                                Reason.TOO_LARGE,
                                "the answer has "
                                        + answer.getSerializedSize()
                                        + " bytes, more than a message may have, "
                                        + messageBytes);
                    }
                    return answer;
                });
    }
}
