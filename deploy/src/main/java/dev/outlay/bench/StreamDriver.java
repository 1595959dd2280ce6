package dev.outlay.bench;

import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One stream, kept busy: each {@link Lane} has one message under way at a time, and sends its next
 * when all of the last is answered. Replies arrive on the connection's thread, and the next message
 * leaves from there. The same for a server and for an echo.
 */
final class StreamDriver {

    private static final long PATIENCE_SECONDS = 60;

    private final StreamObserver<ClientMessage> out;
    private final CompletableFuture<Void> broken = new CompletableFuture<>();
    private final Consumer<Notice> notices;
    private final Map<Long, CompletableFuture<Reply>> asked = new HashMap<>();
    private long lastId;
    private @Nullable Drive drive;

    /** What is asked for, one message after the other. */
    interface Lane {
        /** The requests of the next message, without their ids. */
        List<Request.Builder> next();

        /** One of the last message's replies. */
        void answered(Reply reply);
    }

    /** How a drive went. */
    static final class Run {
        private final long replies;
        private final double seconds;
        private final double[] tookNanos;

        /**
         * @param tookNanos of each message sent, to the last of its replies; empty if not asked for
         */
        private Run(long replies, double seconds, double[] tookNanos) {
            this.replies = replies;
            this.seconds = seconds;
            this.tookNanos = tookNanos;
        }

        long replies() {
            return replies;
        }

        double repliesPerSecond() {
            return replies / seconds;
        }

        /**
         * The median time of so many messages in a row, in microseconds; of more than one if there
         * is one lane only.
         */
        double medianMicros(int row) {
            double[] rows = new double[tookNanos.length / row];
            for (int i = 0; i < rows.length * row; i++) {
                rows[i / row] += tookNanos[i];
            }
            return Rounds.median(rows) / 1e3;
        }
    }

    StreamDriver(
            ManagedChannel channel,
            MethodDescriptor<ClientMessage, ServerMessage> method,
            Consumer<Notice> notices) {
        this.notices = notices;
        out =
                ClientCalls.asyncBidiStreamingCall(
                        channel.newCall(method, CallOptions.DEFAULT), new Inbound());
    }

    /** Sends one request and waits for its reply, which must be no error. */
    Reply ask(Request.Builder request) throws Exception {
        return await(begin(request));
    }

    /** Sends requests in one message and waits for their replies, which must be no errors. */
    List<Reply> ask(List<Request.Builder> requests) throws Exception {
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        synchronized (this) {
            ClientMessage.Builder message = ClientMessage.newBuilder();
            for (Request.Builder request : requests) {
                replies.add(expect(message, request));
            }
            out.onNext(message.build());
        }
        List<Reply> answers = new ArrayList<>();
        for (CompletableFuture<Reply> reply : replies) {
            answers.add(await(reply));
        }
        return answers;
    }

    /** Sends one request. Any thread. */
    synchronized CompletableFuture<Reply> begin(Request.Builder request) {
        ClientMessage.Builder message = ClientMessage.newBuilder();
        CompletableFuture<Reply> reply = expect(message, request);
        out.onNext(message.build());
        return reply;
    }

    private CompletableFuture<Reply> expect(
            ClientMessage.Builder message, Request.Builder request) {
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        long id = ++lastId;
        asked.put(id, reply);
        message.addRequests(request.setMessageId(id));
        return reply;
    }

    private Reply await(CompletableFuture<Reply> reply) throws Exception {
        var _ = CompletableFuture.anyOf(reply, broken).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return checked(reply.get());
    }

    static Reply checked(Reply reply) {
        if (reply.hasError()) {
            throw new IllegalStateException(
                    "the server refused: "
                            + reply.getError().getReason()
                            + ", "
                            + reply.getError().getMessage());
        }
        return reply;
    }

    /**
     * Keeps all lanes busy for a while.
     *
     * @param timed whether to take the time of each message
     */
    Run drive(List<? extends Lane> lanes, long nanos, boolean timed) throws Exception {
        Drive running = new Drive(lanes, nanos, timed);
        synchronized (this) {
            drive = running;
            for (int lane = 0; lane < lanes.size(); lane++) {
                running.send(lane);
            }
        }
        var _ = CompletableFuture.anyOf(running.over, broken).get();
        synchronized (this) {
            drive = null;
        }
        return running.result();
    }

    private final class Drive {
        /** Ids under way at a time are nearer to each other than this. */
        private static final int IDS = 1 << 17;

        private final List<? extends Lane> lanes;
        private final int[] laneOf;
        private final int[] owed;
        private final long[] sentAt;
        private final boolean timed;
        private final long start = System.nanoTime();
        private final long deadline;
        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private double[] took = new double[1 << 10];
        private int sent;
        private long replies;
        private int busy;
        private long end;

        Drive(List<? extends Lane> lanes, long nanos, boolean timed) {
            this.lanes = lanes;
            this.timed = timed;
            laneOf = new int[lanes.size() == 1 ? 1 : IDS];
            owed = new int[lanes.size()];
            sentAt = new long[lanes.size()];
            busy = lanes.size();
            deadline = start + nanos;
        }

        private void send(int lane) {
            ClientMessage.Builder message = ClientMessage.newBuilder();
            List<Request.Builder> requests = lanes.get(lane).next();
            owed[lane] = requests.size();
            for (Request.Builder request : requests) {
                long id = ++lastId;
                laneOf[place(id)] = lane;
                message.addRequests(request.setMessageId(id));
            }
            if (timed) {
                sentAt[lane] = System.nanoTime();
            }
            out.onNext(message.build());
        }

        private int place(long id) {
            return (int) (id & (laneOf.length - 1));
        }

        void answered(Reply reply) {
            int lane = laneOf[place(reply.getMessageId())];
            lanes.get(lane).answered(checked(reply));
            replies++;
            if (--owed[lane] > 0) {
                return;
            }
            long now = System.nanoTime();
            if (timed) {
                if (sent == took.length) {
                    took = Arrays.copyOf(took, 2 * sent);
                }
                took[sent++] = now - sentAt[lane];
            }
            if (now < deadline) {
                send(lane);
            } else if (--busy == 0) {
                end = now;
                over.complete(null);
            }
        }

        Run result() {
            return new Run(replies, (end - start) / 1e9, Arrays.copyOf(took, sent));
        }
    }

    private final class Inbound implements StreamObserver<ServerMessage> {
        @Override
        public void onNext(ServerMessage message) {
            try {
                message.getNoticesList().forEach(notices);
                synchronized (StreamDriver.this) {
                    take(message);
                }
            } catch (RuntimeException e) {
                broken.completeExceptionally(e);
            }
        }

        private void take(ServerMessage message) {
            Drive running = drive;
            for (Reply reply : message.getRepliesList()) {
                CompletableFuture<Reply> waits =
                        asked.isEmpty() ? null : asked.remove(reply.getMessageId());
                if (waits != null) {
                    waits.complete(reply);
                } else if (running != null) {
                    running.answered(reply);
                }
            }
        }

        @Override
        public void onError(Throwable failure) {
            broken.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            broken.completeExceptionally(new IllegalStateException("the stream has ended"));
        }
    }
}
