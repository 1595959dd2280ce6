package dev.outlay.client.session;

import com.google.protobuf.ByteString;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.v1.AttachSessionRequest;
import dev.outlay.v1.AttachSessionResponse;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.Request;
import dev.outlay.v1.SessionRef;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Who this client is to its server, and who the server is. Guarded by the session's lock.
 *
 * <p>The incarnation is chosen here, client id and secret are given by the server when the session
 * is opened. All three stay over any number of streams.
 */
final class SessionIdentity {

    private final RandomGenerator random;
    private long incarnation;
    private long clientId;
    private ByteString secret = ByteString.EMPTY;
    private ByteString serverId = ByteString.EMPTY;
    private long serverIncarnation;

    SessionIdentity(SessionConfig config, RandomGenerator random) {
        this.random = random;
        config.known()
                .ifPresentOrElse(
                        known -> {
                            incarnation = known.incarnation();
                            clientId = known.clientId();
                            secret = known.secret();
                        },
                        this::renew);
    }

    /** Becomes another client, one that has no session yet. */
    void renew() {
        long fresh = random.nextLong();
        incarnation = fresh == 0 ? 1 : fresh;
        clientId = 0;
        secret = ByteString.EMPTY;
    }

    /** The first request of a stream: opens the session, or attaches to it. */
    Request.Builder handshake(SessionConfig config) {
        if (clientId != 0) {
            SessionRef session =
                    SessionRef.newBuilder().setClientId(clientId).setSecret(secret).build();
            return Request.newBuilder()
                    .setAttachSession(AttachSessionRequest.newBuilder().setSession(session));
        }
        OpenSessionRequest.Builder open =
                OpenSessionRequest.newBuilder()
                        .setOwner(config.owner())
                        .setIncarnation(incarnation)
                        .setMaxIoMillis(config.maxIoMillis())
                        .setRequestedLeaseMillis(config.leaseMillis());
        config.process().ifPresent(process -> open.setProcess(toWire(process)));
        return Request.newBuilder().setOpenSession(open);
    }

    private static dev.outlay.v1.ProcessIdentity toWire(ProcessIdentity process) {
        return dev.outlay.v1.ProcessIdentity.newBuilder()
                .setHost(process.host())
                .setBootId(process.bootId())
                .setPidNamespace(process.pidNamespace())
                .setPid(process.pid())
                .setStartTicks(process.startTicks())
                .build();
    }

    void opened(OpenSessionResponse answer) {
        clientId = answer.getClientId();
        secret = answer.getSecret();
        serverId = answer.getServerId();
        serverIncarnation = answer.getServerIncarnation();
    }

    void attached(AttachSessionResponse answer) {
        serverId = answer.getServerId();
        serverIncarnation = answer.getServerIncarnation();
    }

    void serverIncarnation(long now) {
        serverIncarnation = now;
    }

    long incarnation() {
        return incarnation;
    }

    ByteString serverId() {
        return serverId;
    }

    long serverIncarnation() {
        return serverIncarnation;
    }

    /** What another process needs to go on. */
    SessionConfig.Known known(Map<String, Long> nextOperationIds) {
        return new SessionConfig.Known(incarnation, clientId, secret, nextOperationIds);
    }
}
