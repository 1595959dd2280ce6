package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client's end of a session's stream that reads as much as it is told to. */
final class TestStream implements ClientResponseObserver<ClientMessage, ServerMessage> {
    private static final long WAIT_SECONDS = 20;

    private final boolean reads;
    private final BlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
    private final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    private final BlockingQueue<ServerMessage> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> ended = new CompletableFuture<>();
    private ClientCallStreamObserver<ClientMessage> call;

    /**
     * @param reads whether messages are taken as they come, or one for each {@link #readOn}
     */
    private TestStream(boolean reads) {
        this.reads = reads;
    }

    static TestStream open(Channel channel, boolean reads) {
        TestStream stream = new TestStream(reads);
        var _ = SessionsGrpc.newStub(channel).stream(stream);
        return stream;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ClientMessage> observer) {
        call = observer;
        if (!reads) {
            observer.disableAutoRequestWithInitial(1);
        }
    }

    @Override
    public void onNext(ServerMessage message) {
        messages.add(message);
        replies.addAll(message.getRepliesList());
        notices.addAll(message.getNoticesList());
    }

    @Override
    public void onError(Throwable failure) {
        ended.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
        ended.complete(Status.OK);
    }

    void readOn(int more) {
        call.request(more);
    }

    void send(Request.Builder... requests) {
        ClientMessage.Builder message = ClientMessage.newBuilder();
        for (Request.Builder request : requests) {
            message.addRequests(request);
        }
        send(message.build());
    }

    void send(ClientMessage message) {
        call.onNext(message);
    }

    void completeSending() {
        call.onCompleted();
    }

    Reply reply() throws InterruptedException {
        return taken(replies, "no reply");
    }

    Notice notice() throws InterruptedException {
        return taken(notices, "no notice");
    }

    ServerMessage message() throws InterruptedException {
        return taken(messages, "no message");
    }

    private static <T> T taken(BlockingQueue<T> queue, String otherwise)
            throws InterruptedException {
        T next = queue.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertNotNull(next, otherwise);
        return next;
    }

    Status status() throws Exception {
        return ended.get(WAIT_SECONDS, TimeUnit.SECONDS);
    }
}
