package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.EndClientResponse;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.ShuttingDown;
import io.grpc.stub.ServerCallStreamObserver;
import io.netty.channel.DefaultEventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutboxTest {
    private static final long WAIT_SECONDS = 20;
    private static final int MESSAGE_BYTES = 200;

    private final DefaultEventLoop loop = new DefaultEventLoop();
    private final Client client = new Client();
    private final CompletableFuture<String> stalled = new CompletableFuture<>();
    private int emptied;

    @AfterEach
    void stop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void whatIsReadyTogetherTravelsTogetherInOrder() throws Exception {
        Outbox outbox = outbox(1000, Duration.ofHours(1));
        onLoop(
                () -> {
                    outbox.add(reply(1));
                    outbox.add(reply(2));
                    outbox.add(notice());
                    outbox.add(reply(3));
                    return outbox.size();
                });
        List<ServerMessage> sent = onLoop(() -> List.copyOf(client.sent));
        assertEquals(2, sent.size(), "a notice stands after the replies it came after");
        assertEquals(List.of(1L, 2L), ids(sent.get(0)));
        assertEquals(1, sent.get(0).getNoticesCount());
        assertEquals(List.of(3L), ids(sent.get(1)));
        assertEquals(1, emptied);
    }

    @Test
    void messagesStayWithinTheirSize() throws Exception {
        Outbox outbox = outbox(100_000, Duration.ofHours(1));
        onLoop(
                () -> {
                    for (int i = 1; i <= 100; i++) {
                        outbox.add(reply(i));
                    }
                    return 0;
                });
        List<ServerMessage> sent = onLoop(() -> List.copyOf(client.sent));
        assertEquals(100, sent.stream().mapToInt(ServerMessage::getRepliesCount).sum());
        sent.forEach(m -> assertTrue(m.getSerializedSize() <= MESSAGE_BYTES, m::toString));
        assertTrue(sent.size() < 20, () -> sent.size() + " messages");
    }

    @Test
    void nothingIsSentUntilTheClientIsReady() throws Exception {
        client.ready = false;
        Outbox outbox = outbox(1000, Duration.ofHours(1));
        onLoop(
                () -> {
                    outbox.add(reply(1));
                    return 0;
                });
        assertEquals(0, onLoop(client.sent::size));
        onLoop(
                () -> {
                    client.ready = true;
                    outbox.flush();
                    return 0;
                });
        assertEquals(1, onLoop(client.sent::size));
        assertTrue(onLoop(outbox::isEmpty));
    }

    @Test
    void whoTakesNothingForTooLongIsReported() throws Exception {
        client.ready = false;
        Outbox outbox = outbox(1000, Duration.ofMillis(20));
        onLoop(
                () -> {
                    outbox.add(reply(1));
                    return 0;
                });
        String why = stalled.get(WAIT_SECONDS, TimeUnit.SECONDS);
        assertTrue(why.contains("nothing was read for 20 ms"), why);
    }

    @Test
    void whoLetsTooMuchPileUpIsReported() throws Exception {
        client.ready = false;
        Outbox outbox = outbox(1000, Duration.ofHours(1));
        onLoop(
                () -> {
                    for (int i = 1; i <= 200; i++) {
                        outbox.add(reply(i));
                    }
                    return 0;
                });
        assertTrue(stalled.get(WAIT_SECONDS, TimeUnit.SECONDS).contains("more than 1000"));
    }

    private Outbox outbox(long queuedBytes, Duration stall) {
        return new Outbox(
                client,
                loop,
                new StreamLimits(10, 10, queuedBytes, stall, MESSAGE_BYTES),
                new Outbox.Listener() {
                    @Override
                    public void sent() {
                        emptied++;
                    }

                    @Override
                    public void stalled(String why) {
                        stalled.complete(why);
                    }
                });
    }

    private <T> T onLoop(Callable<T> work) throws Exception {
        return loop.submit(work).get(WAIT_SECONDS, TimeUnit.SECONDS);
    }

    private static Reply reply(long id) {
        return Reply.newBuilder()
                .setMessageId(id)
                .setEndClient(EndClientResponse.getDefaultInstance())
                .build();
    }

    private static Notice notice() {
        return Notice.newBuilder().setShuttingDown(ShuttingDown.getDefaultInstance()).build();
    }

    private static List<Long> ids(ServerMessage message) {
        return message.getRepliesList().stream().map(Reply::getMessageId).toList();
    }

    /** A client that is ready or not, as told. */
    private static final class Client extends ServerCallStreamObserver<ServerMessage> {
        private final List<ServerMessage> sent = new ArrayList<>();
        private boolean ready = true;

        @Override
        public void onNext(ServerMessage message) {
            sent.add(message);
        }

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}
    }
}
