package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.AttachSessionRequest;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionRef;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A session's stream on which many requests are under way at a time. */
final class PipelinedStream implements AutoCloseable, StreamObserver<ServerMessage> {
    private static final long PATIENCE_SECONDS = 20;

    private final Map<Long, CompletableFuture<Reply>> waiting = new ConcurrentHashMap<>();
    private final StreamObserver<ClientMessage> out;
    private long messageId;

    private PipelinedStream(Channel channel) {
        this.out = SessionsGrpc.newStub(channel).stream(this);
    }

    static PipelinedStream attach(Channel channel, SessionRef session) throws Exception {
        PipelinedStream stream = new PipelinedStream(channel);
        Reply attached =
                stream.send(
                                Request.newBuilder()
                                        .setAttachSession(
                                                AttachSessionRequest.newBuilder()
                                                        .setSession(session)))
                        .getFirst();
        assertTrue(attached.hasAttachSession(), attached::toString);
        return stream;
    }

    /** Sends the requests, each in a message of its own, waiting for none; then for all replies. */
    List<Reply> send(Request.Builder... requests) throws Exception {
        List<CompletableFuture<Reply>> asked = new ArrayList<>();
        for (Request.Builder request : requests) {
            CompletableFuture<Reply> reply = new CompletableFuture<>();
            waiting.put(++messageId, reply);
            asked.add(reply);
            out.onNext(
                    ClientMessage.newBuilder()
                            .addRequests(request.setMessageId(messageId))
                            .build());
        }
        List<Reply> replies = new ArrayList<>();
        for (CompletableFuture<Reply> reply : asked) {
            replies.add(reply.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        }
        return replies;
    }

    @Override
    public void onNext(ServerMessage message) {
        for (Reply reply : message.getRepliesList()) {
            CompletableFuture<Reply> asked = waiting.remove(reply.getMessageId());
            if (asked == null) {
                throw new AssertionError("a reply to nothing: " + reply);
            }
            asked.complete(reply);
        }
    }

    @Override
    public void onError(Throwable failure) {
        waiting.values().forEach(reply -> reply.completeExceptionally(failure));
    }

    @Override
    public void onCompleted() {
        onError(new IllegalStateException("the server has ended the stream"));
    }

    @Override
    public void close() {
        out.onCompleted();
    }
}
