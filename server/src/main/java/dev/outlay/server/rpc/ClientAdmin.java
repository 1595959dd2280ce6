package dev.outlay.server.rpc;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.HeldLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.RecallScope;
import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.engine.VolumeLookup;
import dev.outlay.v1.ClientInfo;
import dev.outlay.v1.ClientState;
import dev.outlay.v1.LayoutHolding;
import dev.outlay.v1.ListAllLayoutsRequest;
import dev.outlay.v1.ListAllLayoutsResponse;
import dev.outlay.v1.ListClientsRequest;
import dev.outlay.v1.ListClientsResponse;
import dev.outlay.v1.RecallLayoutsRequest;
import dev.outlay.v1.RecallLayoutsResponse;
import dev.outlay.v1.RevokeClientRequest;
import dev.outlay.v1.RevokeClientResponse;
import dev.outlay.v1.ShedLoadRequest;
import dev.outlay.v1.ShedLoadResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What an operator asks about clients, and does to them. Any thread; no call waits. */
final class ClientAdmin {
    private static final ByteRange WHOLE_FILE = new ByteRange(0, Long.MAX_VALUE);

    /** Clients in one answer: each is asked of every volume it uses. */
    private static final int CLIENTS_MAX = 1000;

    private final Operations operations;
    private final VolumeLookup volumes;
    private final Sessions sessions;
    private final ClientNotices notices;
    private final Limits limits;
    private final int messageBytes;

    /**
     * @param messageBytes longest message a client takes
     */
    ClientAdmin(
            Operations operations,
            VolumeLookup volumes,
            Sessions sessions,
            ClientNotices notices,
            Limits limits,
            int messageBytes) {
        this.operations = operations;
        this.volumes = volumes;
        this.sessions = sessions;
        this.notices = notices;
        this.limits = limits;
        this.messageBytes = messageBytes;
    }

    // ---- to clients

    CompletableFuture<RecallLayoutsResponse> recall(RecallLayoutsRequest request) {
        VolumeEngine volume = operations.volume("volume", request.getVolume());
        Command ask =
                new Command.RecallLayouts(
                        scope(request), client(request.getClientId()), request.getChanged());
        return volume.submit(ask)
                .thenApply(
                        reply ->
                                RecallLayoutsResponse.newBuilder()
                                        .setRecallsBegun(WireReplies.recallsBegun(reply))
                                        .build());
    }

    private RecallScope scope(RecallLayoutsRequest request) {
        return switch (request.getScopeCase()) {
            case FILE -> {
                List<ByteRange> ranges =
                        WireValues.fileRanges(
                                "file.ranges",
                                request.getFile().getRangesList(),
                                limits.returnRanges());
                yield new RecallScope.Ranges(
                        Fields.file("file.file_id", request.getFile().getFileId()),
                        ranges.isEmpty() ? List.of(WHOLE_FILE) : ranges);
            }
            case DEVICE -> new RecallScope.Device(Fields.device("device", request.getDevice()));
            case WHOLE_VOLUME -> {
                Fields.present("whole_volume", request.getWholeVolume());
                yield new RecallScope.Volume();
            }
            case SCOPE_NOT_SET ->
                    throw RequestRefused.invalid(
                            "nothing to recall: set file, device or whole_volume");
        };
    }

    CompletableFuture<ShedLoadResponse> shed(ShedLoadRequest request) {
        VolumeEngine volume = operations.volume("volume", request.getVolume());
        int asked = 0;
        for (Session session : sessions.all()) {
            boolean meant =
                    client(request.getClientId()).map(session.id()::equals).orElse(true)
                            && session.joinedVolumes().contains(volume.name());
            if (meant && notices.shed(volume, session.id(), request.getKeepLayouts())) {
                asked++;
            }
        }
        return CompletableFuture.completedFuture(
                ShedLoadResponse.newBuilder().setClientsAsked(asked).build());
    }

    CompletableFuture<RevokeClientResponse> revoke(RevokeClientRequest request) {
        ClientId client =
                client(request.getClientId())
                        .orElseThrow(() -> RequestRefused.invalid("client_id is missing or 0"));
        return sessions.revoke(client).thenApply(_ -> RevokeClientResponse.getDefaultInstance());
    }

    private static Optional<ClientId> client(long id) {
        return id == 0 ? Optional.empty() : Optional.of(new ClientId(id));
    }

    // ---- of clients

    CompletableFuture<ListClientsResponse> list(ListClientsRequest request) {
        int max = Fields.page(request.getMaxEntries(), Math.min(CLIENTS_MAX, limits.listEntries()));
        List<Session> rest =
                sessions.all().stream()
                        .filter(
                                session ->
                                        Long.compareUnsigned(
                                                        session.id().value(),
                                                        request.getAfterClientId())
                                                > 0)
                        .sorted((a, b) -> Long.compareUnsigned(a.id().value(), b.id().value()))
                        .toList();
        List<Session> page = rest.subList(0, Math.min(max, rest.size()));
        List<CompletableFuture<ClientInfo>> each = page.stream().map(this::info).toList();
        return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                .thenApply(
                        _ -> {
                            ListClientsResponse.Builder answer = ListClientsResponse.newBuilder();
                            each.forEach(info -> answer.addClients(info.join()));
                            if (page.size() < rest.size()) {
                                answer.setNextAfterClientId(page.getLast().id().value());
                            }
                            return answer.build();
                        });
    }

    private CompletableFuture<ClientInfo> info(Session session) {
        List<CompletableFuture<ClientInfo.Use>> uses = new ArrayList<>();
        for (String name : session.joinedVolumes()) {
            volumes.find(name).ifPresent(volume -> uses.add(use(volume, session.id())));
        }
        ClientInfo.Builder info =
                ClientInfo.newBuilder()
                        .setClientId(session.id().value())
                        .setOwner(session.owner())
                        .setPrincipal(session.principal())
                        .setState(state(session))
                        .setLeaseMillis((int) session.leaseMillis())
                        .setLeaseLeftMillis((int) sessions.leaseLeftMillis(session))
                        .setStreaming(notices.isStreaming(session.id()));
        return CompletableFuture.allOf(uses.toArray(CompletableFuture[]::new))
                .thenApply(
                        _ -> {
                            uses.forEach(use -> info.addUses(use.join()));
                            return info.build();
                        });
    }

    private static CompletableFuture<ClientInfo.Use> use(VolumeEngine volume, ClientId client) {
        CompletableFuture<Reply> layouts =
                volume.submit(new Command.ListLayouts(Optional.of(client)));
        CompletableFuture<Reply> quarantined =
                volume.submit(new Command.ListQuarantine(Optional.of(client), Optional.empty(), 1));
        return layouts.thenCombine(
                quarantined,
                (held, kept) ->
                        ClientInfo.Use.newBuilder()
                                .setVolume(volume.name())
                                .setLayouts(WireReplies.held(held).size())
                                .setQuarantinedBytes(WireReplies.quarantinedBytes(kept))
                                .setRecallsPending(volume.openRecalls(client).size())
                                .build());
    }

    private static ClientState state(Session session) {
        EndCause ended = session.ended().orElse(null);
        if (ended == null) {
            return session.hasLapsed()
                    ? ClientState.CLIENT_STATE_LAPSED
                    : ClientState.CLIENT_STATE_LIVE;
        }
        return switch (ended) {
            case OWN_WORD -> ClientState.CLIENT_STATE_ENDED;
            case SUPERSEDED -> ClientState.CLIENT_STATE_SUPERSEDED;
            case EXPIRED -> ClientState.CLIENT_STATE_EXPIRED;
            case REVOKED -> ClientState.CLIENT_STATE_REVOKED;
        };
    }

    CompletableFuture<ListAllLayoutsResponse> layouts(ListAllLayoutsRequest request) {
        VolumeEngine volume = operations.volume("volume", request.getVolume());
        int max = Fields.page(request.getMaxEntries(), limits.listEntries());
        return volume.submit(new Command.ListLayouts(client(request.getClientId())))
                .thenApply(
                        reply -> {
                            List<HeldLayout> rest =
                                    WireReplies.held(reply).stream()
                                            .filter(held -> isAsked(request, held))
                                            .sorted(
                                                    Comparator.comparing(HeldLayout::file)
                                                            .thenComparing(
                                                                    held -> held.client().value(),
                                                                    Long::compareUnsigned))
                                            .toList();
                            return page(rest, max);
                        });
    }

    private static boolean isAsked(ListAllLayoutsRequest request, HeldLayout held) {
        long file = held.file().value();
        boolean after =
                file > request.getAfterFileId()
                        || (file == request.getAfterFileId()
                                && Long.compareUnsigned(
                                                held.client().value(), request.getAfterClientId())
                                        > 0);
        return after && (request.getFileId() == 0 || request.getFileId() == file);
    }

    private ListAllLayoutsResponse page(List<HeldLayout> rest, int max) {
        ListAllLayoutsResponse.Builder answer = ListAllLayoutsResponse.newBuilder();
        long bytes = 0;
        for (HeldLayout held : rest) {
            LayoutHolding.Builder holding =
                    LayoutHolding.newBuilder()
                            .setFileId(held.file().value())
                            .setClientId(held.client().value())
                            .setOwner(held.owner())
                            .setSeqid(held.stateid().seqid());
            held.ranges().forEach(range -> holding.addRanges(WireValues.toWire(range)));
            LayoutHolding wire = holding.build();
            bytes += wire.getSerializedSize();
            int entries = answer.getLayoutsCount();
            if (entries == max || (entries > 0 && bytes > messageBytes / 2)) {
                return answer.setMore(true).build();
            }
            answer.addLayouts(wire);
        }
        return answer.build();
    }
}
