package dev.outlay.server.scenario;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.AcknowledgeRecallRequest;
import dev.outlay.v1.AttachSessionRequest;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Recall;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionRef;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A session's stream that hears what the server says unasked, and acknowledges recalls. */
final class NoticeStream implements AutoCloseable, StreamObserver<ServerMessage> {
    private static final long PATIENCE_SECONDS = 20;

    private final BlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
    private final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    private final StreamObserver<ClientMessage> out;
    private long messageId;

    private NoticeStream(Channel channel) {
        this.out = SessionsGrpc.newStub(channel).stream(this);
    }

    static NoticeStream attach(ScenarioServer server, SessionRef session) throws Exception {
        NoticeStream stream = new NoticeStream(server.channel());
        stream.send(
                Request.newBuilder()
                        .setAttachSession(AttachSessionRequest.newBuilder().setSession(session)));
        return stream;
    }

    private void send(Request.Builder request) throws InterruptedException {
        out.onNext(
                ClientMessage.newBuilder().addRequests(request.setMessageId(++messageId)).build());
        Reply reply = replies.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(reply, "no reply");
        assertTrue(!reply.hasError(), reply::toString);
    }

    /** The next thing that is said unasked. */
    Notice next() throws InterruptedException {
        Notice notice = notices.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(notice, "nothing is said");
        return notice;
    }

    /** The next recall, not acknowledged yet. */
    Recall recall() throws InterruptedException {
        Notice notice = next();
        assertTrue(notice.hasRecall(), notice::toString);
        return notice.getRecall();
    }

    void acknowledge(Recall recall) throws InterruptedException {
        send(
                Request.newBuilder()
                        .setAcknowledgeRecall(
                                AcknowledgeRecallRequest.newBuilder()
                                        .setVolume(recall.getVolume())
                                        .setRecallId(recall.getRecallId())));
    }

    boolean isQuiet() {
        return notices.isEmpty();
    }

    @Override
    public void onNext(ServerMessage message) {
        replies.addAll(message.getRepliesList());
        notices.addAll(message.getNoticesList());
    }

    @Override
    public void onError(Throwable failure) {
        // Whoever waits runs out of patience, and says for what.
    }

    @Override
    public void onCompleted() {
        // As above.
    }

    @Override
    public void close() {
        out.onCompleted();
    }
}
