package dev.outlay.server.rpc;

import dev.outlay.server.engine.SessionException;
import dev.outlay.v1.AcknowledgeRecallRequest;
import dev.outlay.v1.AcknowledgeRecallResponse;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.EndClientRequest;
import dev.outlay.v1.EndClientResponse;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.RenewResponse;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** Sessions: their life, call by call, and the stream. */
final class SessionsService extends SessionsGrpc.SessionsImplBase {
    private final UnaryCalls calls;
    private final Operations operations;
    private final Admission admission;
    private final Loops loops;
    private final SessionStream.Parts streamParts;

    SessionsService(
            UnaryCalls calls,
            Operations operations,
            Admission admission,
            Loops loops,
            SessionStream.Parts streamParts) {
        this.calls = calls;
        this.operations = operations;
        this.admission = admission;
        this.loops = loops;
        this.streamParts = streamParts;
    }

    @Override
    public void openSession(
            OpenSessionRequest request, StreamObserver<OpenSessionResponse> answer) {
        calls.ofAnybody(
                "OpenSession",
                answer,
                caller -> {
                    try {
                        Admission.Opened opened = admission.open(request);
                        return CompletableFuture.completedFuture(
                                opened.renewed()
                                        ? opened.answer()
                                        : opened.answer().toBuilder().setLeaseMillis(0).build());
                    } catch (SessionException e) {
                        return CompletableFuture.failedFuture(e);
                    }
                });
    }

    @Override
    public void renew(RenewRequest request, StreamObserver<RenewResponse> answer) {
        calls.ofClient(
                "Renew",
                request.getSession(),
                answer,
                caller -> operations.renew(caller, request).on(caller.loop()));
    }

    @Override
    public void reattach(ReattachRequest request, StreamObserver<ReattachResponse> answer) {
        calls.reattach(
                "Reattach",
                request.getSession(),
                answer,
                caller -> operations.reattach(caller, request).on(caller.loop()));
    }

    @Override
    public void acknowledgeRecall(
            AcknowledgeRecallRequest request, StreamObserver<AcknowledgeRecallResponse> answer) {
        calls.ofClient(
                "AcknowledgeRecall",
                request.getSession(),
                answer,
                caller -> operations.acknowledgeRecall(caller, request).on(caller.loop()));
    }

    @Override
    public void endClient(EndClientRequest request, StreamObserver<EndClientResponse> answer) {
        calls.lastOfClient(
                "EndClient",
                request.getSession(),
                answer,
                caller -> operations.endClient(caller, request).on(caller.loop()));
    }

    @Override
    public StreamObserver<ClientMessage> stream(StreamObserver<ServerMessage> out) {
        return SessionStream.begin(
                (ServerCallStreamObserver<ServerMessage>) out, loops.current(), streamParts);
    }
}
