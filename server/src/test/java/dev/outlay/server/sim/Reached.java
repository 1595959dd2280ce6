package dev.outlay.server.sim;

import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Waiter;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Notice;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sees from outside which rare branches a run has reached. */
final class Reached {

    private static final int REMEMBERED = 5_000;

    private final World world;
    private final Map<SimNetwork.Stretch, Spoken> streams = new HashMap<>();

    /** Which stream the last answer to an operation went to. */
    private final Map<Key, SimNetwork.Stretch> answeredOn = new LinkedHashMap<>();

    private final Set<Key> waitedForSpace = new HashSet<>();
    private final Set<Key> waited = new HashSet<>();
    private Set<Long> overdue = new HashSet<>();
    private Set<Long> lapsed = new HashSet<>();
    private int withoutState;

    private record Key(long client, long operation) {}

    private static final class Spoken {
        private long client;
        private final Map<Long, Request> requests = new HashMap<>();
        private final Map<Long, Request.BodyCase> operations = new HashMap<>();
    }

    Reached(World world) {
        this.world = world;
    }

    // ---- from the network

    void heard(SimNetwork.Stretch stream, ClientMessage message) {
        Spoken spoken = streams.computeIfAbsent(stream, _ -> new Spoken());
        for (Request request : message.getRequestsList()) {
            if (request.hasAttachSession()) {
                spoken.client = request.getAttachSession().getSession().getClientId();
            }
            Optional<OperationHeader> header = Asked.header(request);
            if (header.isPresent()) {
                spoken.requests.put(request.getMessageId(), request);
                long operation = header.get().getOperationId();
                spoken.operations.put(operation, request.getBodyCase());
                SimNetwork.Stretch before = answeredOn.get(new Key(spoken.client, operation));
                if (before != null && before != stream) {
                    world.reach(Probe.REPLY_LOST);
                }
            }
        }
    }

    void said(SimNetwork.Stretch stream, ServerMessage message) {
        Spoken spoken = streams.computeIfAbsent(stream, _ -> new Spoken());
        for (Notice notice : message.getNoticesList()) {
            if (notice.hasRecall()) {
                world.reach(Probe.RECALLED);
                if (notice.getRecall().hasDevice()) {
                    world.reach(Probe.DEVICE_RECALLED);
                }
            }
        }
        for (Reply reply : message.getRepliesList()) {
            if (reply.hasOpenSession()) {
                spoken.client = reply.getOpenSession().getClientId();
            } else if (reply.hasReattach()) {
                reattached(reply.getReattach());
            } else if (reply.hasError()) {
                refused(reply);
            } else if (reply.getMapBlocks().getExtentsList().stream()
                    .anyMatch(e -> e.getAtRisk())) {
                world.reach(Probe.AT_RISK_SERVED);
            }
            Request request = spoken.requests.remove(reply.getMessageId());
            if (request != null) {
                Asked.header(request).ifPresent(h -> answered(stream, spoken, h, request, reply));
            }
        }
    }

    private void answered(
            SimNetwork.Stretch stream,
            Spoken spoken,
            OperationHeader header,
            Request request,
            Reply reply) {
        Key key = new Key(spoken.client, header.getOperationId());
        SimNetwork.@Nullable Stretch before = answeredOn.put(key, stream);
        if (answeredOn.size() > REMEMBERED) {
            answeredOn.remove(answeredOn.keySet().iterator().next());
        }
        if (reply.hasError()) {
            if (request.hasCommitBlocks()
                    && reply.getError().getReason() == Reason.REASON_DEVICE_MISMATCH) {
                world.reach(Probe.COMMIT_OF_ANOTHER_LIFE_REFUSED);
            }
            return;
        }
        if (request.hasReturnLayout() && request.getReturnLayout().hasDevice()) {
            world.reach(Probe.DEVICE_RETURNED);
        }
        if (before != null
                && before.serverIncarnation() != stream.serverIncarnation()
                && request.hasCommitBlocks()) {
            world.reach(Probe.COMMIT_ANSWERED_AGAIN);
        }
        if (waitedForSpace.remove(key)) {
            world.reach(Probe.SPACE_TAKEN_BACK);
        }
    }

    private void reattached(ReattachResponse response) {
        for (ReattachResponse.VolumeResult volume : response.getVolumesList()) {
            for (ReattachResponse.LayoutResult layout : volume.getLayoutsList()) {
                if (layout.hasError()) {
                    world.reach(Probe.REATTACH_REFUSED);
                } else if (layout.getLayout().getRangesCount() > 0) {
                    world.reach(Probe.REATTACH_RESTATED);
                }
            }
        }
    }

    private void refused(Reply reply) {
        switch (reply.getError().getReason()) {
            case REASON_GRACE -> world.reach(Probe.GRACE_REFUSED);
            case REASON_NO_SPACE -> world.reach(Probe.NO_SPACE_REFUSED);
            case REASON_READ_ONLY -> world.reach(Probe.READ_ONLY_REFUSED);
            default -> {}
        }
    }

    // ---- from the volume

    /** A batch is done, or none can be: whether the volume has its state. */
    void hasState(int incarnation, boolean has) {
        if (!has) {
            withoutState = incarnation;
        } else {
            if (withoutState == incarnation) {
                world.reach(Probe.JOURNAL_REBUILT);
            }
            withoutState = -1;
        }
    }

    void batch(VolumeTables tables) {
        Set<Long> nowOverdue = new HashSet<>();
        Set<Long> nowLapsed = new HashSet<>();
        for (ClientEntry client : tables.clients()) {
            long id = client.record().id().value();
            if (client.ended().isPresent()) {
                if (overdue.contains(id)) {
                    world.reach(Probe.REVOKED_OVERDUE);
                }
                continue;
            }
            if (client.isOverdue()) {
                nowOverdue.add(id);
            }
            if (client.isLapsed()) {
                nowLapsed.add(id);
            } else if (lapsed.contains(id)) {
                world.reach(Probe.LAPSED_RENEWED);
            }
        }
        overdue = nowOverdue;
        lapsed = nowLapsed;
        if (tables.waiting().size() > 0) {
            for (FileNode file : tables.files()) {
                tables.waiting().on(file.id()).forEach(this::waits);
            }
        }
    }

    private void waits(Waiter waiter) {
        long client = waiter.origin().client().value();
        long operation = waiter.origin().operationId();
        if (waiter.forSpace()) {
            waitedForSpace.add(new Key(client, operation));
            return;
        }
        if (!waited.add(new Key(client, operation))) {
            return;
        }
        for (Spoken spoken : streams.values()) {
            Request.BodyCase kind =
                    spoken.client == client ? spoken.operations.get(operation) : null;
            if (kind == Request.BodyCase.TRUNCATE) {
                world.reach(Probe.TRUNCATE_RECALLED);
            } else if (kind == Request.BodyCase.DEALLOCATE) {
                world.reach(Probe.PUNCH_RECALLED);
            } else if (kind == Request.BodyCase.COMMIT_BLOCKS) {
                world.reach(Probe.SWAP_WAITED);
            }
        }
    }
}
