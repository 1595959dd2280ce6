package dev.outlay.server.rpc;

import com.google.protobuf.CodedOutputStream;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.ServerMessage;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a stream has to send: replies and notices in one order, several to a message when they are
 * ready together, no faster than the client takes them.
 *
 * <p>Used by the stream's loop alone. What is added is sent by a later task of the loop, so that
 * all that is answered by one batch of a volume travels together.
 */
final class Outbox {
    /** Called when the outbox is empty again, and when the client has not read for too long. */
    interface Listener {
        void sent();

        void stalled(String why);
    }

    /** Bytes of a field's tag and length beside the reply itself, at most. */
    private static final int FRAMING_BYTES = 8;

    private final ServerCallStreamObserver<ServerMessage> out;
    private final ScheduledExecutorService loop;
    private final StreamLimits limits;
    private final Listener listener;

    /** Replies and notices; a notice stands between the replies it came between. */
    private final ArrayDeque<Item> waiting = new ArrayDeque<>();

    private long waitingBytes;
    private long messagesSent;
    private boolean flushing;
    private boolean closed;
    private @Nullable ScheduledFuture<?> watch;

    private sealed interface Item {
        int bytes();

        record OfReply(Reply reply, int bytes) implements Item {}

        record OfNotice(Notice notice, int bytes) implements Item {}
    }

    Outbox(
            ServerCallStreamObserver<ServerMessage> out,
            ScheduledExecutorService loop,
            StreamLimits limits,
            Listener listener) {
        this.out = out;
        this.loop = loop;
        this.limits = limits;
        this.listener = listener;
    }

    void add(Reply reply) {
        add(new Item.OfReply(reply, framed(reply.getSerializedSize())));
    }

    void add(Notice notice) {
        add(new Item.OfNotice(notice, framed(notice.getSerializedSize())));
    }

    private static int framed(int bytes) {
        return bytes + Math.min(FRAMING_BYTES, 1 + CodedOutputStream.computeUInt32SizeNoTag(bytes));
    }

    private void add(Item item) {
        if (closed) {
            return;
        }
        waiting.add(item);
        waitingBytes += item.bytes();
        if (waitingBytes > limits.messageBytes()) {
            flush();
        }
        if (waitingBytes > limits.queuedBytes()) {
            listener.stalled(
                    waitingBytes + " bytes of answers wait, more than " + limits.queuedBytes());
        } else if (!flushing && !waiting.isEmpty()) {
            flushing = true;
            loop.execute(this::flush);
        }
    }

    /** What is added from now on waits for the caller's {@link #flush}. */
    void gather() {
        flushing = true;
    }

    /** Sends what the client is ready for. */
    void flush() {
        flushing = false;
        while (!closed && !waiting.isEmpty() && out.isReady()) {
            messagesSent++;
            out.onNext(next());
        }
        if (closed) {
            return;
        }
        if (waiting.isEmpty()) {
            listener.sent();
        } else if (watch == null) {
            watch();
        }
    }

    /** As many items as fit in a message: replies first, then notices. */
    private ServerMessage next() {
        ServerMessage.Builder message = ServerMessage.newBuilder();
        long bytes = 0;
        while (!waiting.isEmpty()) {
            Item item = waiting.peek();
            boolean empty = bytes == 0;
            bytes += item.bytes();
            if (!empty && bytes > limits.messageBytes()) {
                break;
            }
            switch (item) {
                case Item.OfReply of -> {
                    if (message.getNoticesCount() > 0) {
                        return message.build();
                    }
                    message.addReplies(of.reply());
                }
                case Item.OfNotice of -> message.addNotices(of.notice());
            }
            waiting.remove();
            waitingBytes -= item.bytes();
        }
        return message.build();
    }

    /** Looks again after a while: a client that has taken nothing until then does not read. */
    private void watch() {
        long before = messagesSent;
        watch =
                loop.schedule(
                        () -> {
                            watch = null;
                            if (closed || waiting.isEmpty()) {
                                return;
                            }
                            if (messagesSent != before) {
                                watch();
                                return;
                            }
                            listener.stalled(
                                    "nothing was read for "
                                            + limits.stall().toMillis()
                                            + " ms while "
                                            + waiting.size()
                                            + " answers wait");
                        },
                        limits.stall().toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    int size() {
        return waiting.size();
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Drops what was not sent. */
    void close() {
        closed = true;
        waiting.clear();
        waitingBytes = 0;
        if (watch != null) {
            watch.cancel(false);
            watch = null;
        }
    }
}
