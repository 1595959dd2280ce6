package dev.outlay.server.rpc;

import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.SessionException;
import dev.outlay.server.engine.SessionGrant;
import dev.outlay.server.engine.Sessions;
import dev.outlay.v1.AttachSessionResponse;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.SessionLimits;
import dev.outlay.v1.SessionRef;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Who may speak: opens sessions, checks who a message comes from, and counts its lease. Any thread.
 */
final class Admission {
    private static final int MAX_IO_MILLIS = 3_600_000;

    private final Sessions sessions;
    private final Limits limits;
    private final SessionLimits limitsOnWire;

    /**
     * @param messageBytes longest message, either way
     */
    Admission(Sessions sessions, Limits limits, int messageBytes) {
        this.sessions = sessions;
        this.limits = limits;
        this.limitsOnWire = WireReplies.limits(limits, messageBytes);
    }

    /** A session just opened, and what its client is told. */
    record Opened(Session session, boolean renewed, OpenSessionResponse answer) {
        /** How the client will name itself from now on. */
        SessionRef ref() {
            return SessionRef.newBuilder()
                    .setClientId(answer.getClientId())
                    .setSecret(answer.getSecret())
                    .build();
        }
    }

    Opened open(OpenSessionRequest request) throws SessionException {
        Fields.text("owner", request.getOwner(), limits.ownerBytes());
        if (request.getIncarnation() == 0) {
            throw RequestRefused.invalid("incarnation is missing or 0");
        }
        SessionGrant grant =
                sessions.open(
                        Caller.PRINCIPAL,
                        request.getOwner(),
                        request.getIncarnation(),
                        Fields.within("max_io_millis", request.getMaxIoMillis(), 1, MAX_IO_MILLIS),
                        Integer.toUnsignedLong(request.getRequestedLeaseMillis()),
                        request.hasProcess()
                                ? Optional.of(WireFencing.process("process", request.getProcess()))
                                : Optional.empty());
        Session session = grant.session();
        return new Opened(
                session,
                grant.renewed(),
                OpenSessionResponse.newBuilder()
                        .setClientId(session.id().value())
                        .setSecret(Fields.id(grant.secretHigh(), grant.secretLow()))
                        .setLeaseMillis((int) session.leaseMillis())
                        .setServerId(
                                Fields.id(
                                        sessions.serverId().getMostSignificantBits(),
                                        sessions.serverId().getLeastSignificantBits()))
                        .setServerIncarnation(sessions.serverIncarnation())
                        .setLimits(limitsOnWire)
                        .build());
    }

    /** The session that a client's own word of its end names. */
    Session authenticateLast(SessionRef ref) throws SessionException {
        ByteBuffer secret = secret(ref);
        return sessions.authenticateLast(ref.getClientId(), secret.getLong(), secret.getLong());
    }

    /** The session that a message names. */
    Session authenticate(SessionRef ref) throws SessionException {
        ByteBuffer secret = secret(ref);
        return sessions.authenticate(ref.getClientId(), secret.getLong(), secret.getLong());
    }

    private static ByteBuffer secret(SessionRef ref) {
        if (ref.getClientId() == 0) {
            throw new RequestRefused(
                    Reason.NO_SESSION, "session.client_id is missing or 0: this needs a session");
        }
        return Fields.id("session.secret", ref.getSecret());
    }

    AttachSessionResponse attached(Session session) {
        return AttachSessionResponse.newBuilder()
                .setLeaseMillis((int) session.leaseMillis())
                .setServerId(
                        Fields.id(
                                sessions.serverId().getMostSignificantBits(),
                                sessions.serverId().getLeastSignificantBits()))
                .setServerIncarnation(sessions.serverIncarnation())
                .setLimits(limitsOnWire)
                .addAllReattachVolumes(session.owed())
                .build();
    }

    /** Renews the lease; false if it is no longer renewed. */
    CompletableFuture<Boolean> touch(Session session, long receivedNanos) {
        return sessions.touch(session, receivedNanos);
    }
}
