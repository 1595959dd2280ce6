package dev.outlay.server.rpc;

import dev.outlay.core.value.Reason;
import dev.outlay.server.engine.MonotonicClock;
import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.SessionException;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.LeaseEnding;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionRef;
import dev.outlay.v1.ShuttingDown;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of one client: requests in the order sent, replies in the order ready, errors among
 * them.
 *
 * <p>Everything here runs on the loop of the connection. What is answered meanwhile, at once or by
 * a volume's thread, waits for the next task of the loop, which sends all of it together. What a
 * client can make the server hold is bounded by {@link StreamLimits}: while too much is under way
 * no further message is read, and who does not read its answers is disconnected. When a stream ends
 * its session lives on.
 */
final class SessionStream implements StreamObserver<ClientMessage>, Outbox.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(SessionStream.class);
    private static final int RECONNECT_MILLIS = 1000;

    /** From so many in a message on it pays to wake the volume's thread to decide reads. */
    private static final int MANY_REQUESTS = 16;

    /** So many replies are sent before the next are made, so that the client has work meanwhile. */
    private static final int REPLIES_AT_ONCE = 64;

    private static final CompletableFuture<Boolean> NOT_RENEWED =
            CompletableFuture.completedFuture(false);

    private final ServerCallStreamObserver<ServerMessage> out;
    private final ScheduledExecutorService loop;
    private final Parts parts;
    private final Outbox outbox;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Answered in this order, and not yet in the outbox; any thread adds. */
    private final Queue<Awaited> answered = new ConcurrentLinkedQueue<>();

    /** Whether a task of the loop is on its way that takes them. */
    private final AtomicBoolean taking = new AtomicBoolean();

    /** What may be asked for more by what has arrived already. */
    private final List<VolumeEngine> asked = new ArrayList<>();

    private volatile @Nullable Bound bound;
    private long lastMessageId;
    private int unanswered;
    private boolean awaitingMessage;
    private boolean allReceived;
    private boolean stopping;
    private boolean leaseEndingTold;

    /** What all streams of a server share. */
    record Parts(
            Admission admission,
            StreamRequests requests,
            SessionStreams streams,
            ClientNotices notices,
            MonotonicClock clock,
            ServerMeters meters,
            StreamLimits limits) {}

    /** The session this stream speaks for. */
    private record Bound(Session session, SessionRef ref, Caller ofFew, Caller ofMany) {
        Bound(Session session, SessionRef ref, Executor loop, Consumer<VolumeEngine> asked) {
            this(
                    session,
                    ref,
                    new Caller(Optional.of(session), loop, false, asked),
                    new Caller(Optional.of(session), loop, true, asked));
        }
    }

    /** A request, who it is from, and whether the message it came with has renewed the lease. */
    private record Awaited(
            Bound by,
            Request request,
            StreamRequests.Asked<?> asked,
            CompletableFuture<Boolean> renewed,
            long received) {}

    private SessionStream(
            ServerCallStreamObserver<ServerMessage> out,
            ScheduledExecutorService loop,
            Parts parts) {
        this.out = out;
        this.loop = loop;
        this.parts = parts;
        this.outbox = new Outbox(out, loop, parts.limits(), this);
    }

    /** Begins a stream; to be called, on {@code loop}, before the call's handler returns. */
    static SessionStream begin(
            ServerCallStreamObserver<ServerMessage> out,
            ScheduledExecutorService loop,
            Parts parts) {
        SessionStream stream = new SessionStream(out, loop, parts);
        out.disableAutoRequest();
        out.setOnReadyHandler(stream.outbox::flush);
        out.setOnCancelHandler(stream::release);
        out.setOnCloseHandler(stream::release);
        parts.meters().streamOpened();
        parts.streams().begun(stream);
        stream.readOn();
        return stream;
    }

    /** Completes when the stream has ended, in whatever way. */
    CompletableFuture<Void> whenEnded() {
        return ended;
    }

    // ---- what the client sends

    @Override
    public void onNext(ClientMessage message) {
        if (ended.isDone()) {
            return;
        }
        awaitingMessage = false;
        long received = parts.clock().nanos();
        int count = message.getRequestsCount();
        if (count < 1 || count > parts.limits().requestsPerMessage()) {
            end(
                    Status.INVALID_ARGUMENT.withDescription(
                            "a message of "
                                    + count
                                    + " requests; it holds 1.."
                                    + parts.limits().requestsPerMessage()));
            return;
        }
        Bound by = bound;
        if (by == null) {
            begin(message, received);
        } else {
            serve(by, message, received);
        }
        readOn();
    }

    /** The first message: opens or attaches a session, and does nothing else. */
    private void begin(ClientMessage message, long received) {
        Request request = message.getRequests(0);
        boolean opens = request.hasOpenSession() || request.hasAttachSession();
        if (!opens || message.getRequestsCount() != 1) {
            end(
                    Status.UNAUTHENTICATED.withDescription(
                            "the first request must be open_session or attach_session, alone in"
                                    + " its message"));
            return;
        }
        unanswered++;
        try {
            checkMessageId(request);
            if (stopping) {
                throw shuttingDown();
            }
            if (request.hasOpenSession()) {
                Admission.Opened opened = parts.admission().open(request.getOpenSession());
                bind(opened.session(), opened.ref());
                Reply.Builder reply = Reply.newBuilder().setOpenSession(opened.answer());
                settle(request, reply, null, opened.renewed(), received);
            } else {
                SessionRef ref = request.getAttachSession().getSession();
                Session session = parts.admission().authenticate(ref);
                bind(session, ref);
                Reply.Builder reply =
                        Reply.newBuilder().setAttachSession(parts.admission().attached(session));
                settleWith(
                        parts.admission().touch(session, received), request, reply, null, received);
                parts.notices().tellAgain(session, this);
            }
        } catch (SessionException | RuntimeException e) {
            settle(request, Reply.newBuilder(), e, false, received);
        }
    }

    private void bind(Session session, SessionRef ref) {
        bound = new Bound(session, ref, loop, this::asked);
        if (parts.streams().bound(session.id(), this)) {
            parts.notices().cancelWaits(session);
        }
    }

    /** Says something unasked. Any thread; what is said by one thread keeps its order. */
    void tell(Notice notice) {
        try {
            loop.execute(
                    () -> {
                        if (!ended.isDone()) {
                            outbox.add(notice);
                        }
                    });
        } catch (RejectedExecutionException e) {
            LOG.debug("client={} event=told-after-the-end", name());
        }
    }

    private void serve(Bound by, ClientMessage message, long received) {
        CompletableFuture<Boolean> renewed = parts.admission().touch(by.session(), received);
        boolean many = message.getRequestsCount() >= MANY_REQUESTS;
        Caller caller = many ? by.ofMany() : by.ofFew();
        for (Request request : message.getRequestsList()) {
            unanswered++;
            Awaited awaited = new Awaited(by, request, ask(caller, request), renewed, received);
            if (awaited.asked().isDone()) {
                answered(awaited);
            } else {
                var _ = awaited.asked().outcome().whenComplete((_, _) -> answered(awaited));
            }
        }
    }

    /** Until the loop has read all that has arrived, there may be more for this volume. */
    private void asked(VolumeEngine volume) {
        if (asked.contains(volume)) {
            return;
        }
        try {
            if (asked.isEmpty()) {
                loop.execute(this::allRead);
            }
            asked.add(volume);
            volume.arriving();
        } catch (RejectedExecutionException e) {
            LOG.debug("client={} event=asked-after-the-end", name());
        }
    }

    private void allRead() {
        asked.forEach(VolumeEngine::arrived);
        asked.clear();
    }

    /** The answer is known. Any thread. */
    private void answered(Awaited awaited) {
        answered.add(awaited);
        takeSoon();
    }

    private void takeSoon() {
        if (taking.get() || taking.getAndSet(true)) {
            return;
        }
        try {
            loop.execute(this::takeAnswers);
        } catch (RejectedExecutionException e) {
            LOG.debug("client={} event=answered-after-the-end", name());
        }
    }

    private void takeAnswers() {
        taking.set(false);
        long now = parts.clock().nanos();
        outbox.gather();
        try {
            Awaited next = answered.poll();
            for (int taken = 1; next != null; taken++) {
                settle(next, now);
                next = taken < REPLIES_AT_ONCE ? answered.poll() : null;
            }
        } finally {
            outbox.flush();
        }
        if (!answered.isEmpty()) {
            takeSoon();
        }
    }

    private void settle(Awaited awaited, long now) {
        Reply.Builder reply = Reply.newBuilder();
        Throwable failure = null;
        try {
            awaited.asked().answer(reply);
        } catch (RuntimeException e) {
            failure = e;
        }
        CompletableFuture<Boolean> renewed =
                renewal(awaited.by(), awaited.request(), awaited.renewed(), awaited.received());
        if (isKnown(renewed)) {
            settle(
                    awaited.request(),
                    reply,
                    failure,
                    renewed.join(),
                    Duration.ofNanos(now - awaited.received()));
        } else {
            settleWith(renewed, awaited.request(), reply, failure, awaited.received());
        }
    }

    private static boolean isKnown(CompletableFuture<Boolean> renewed) {
        return renewed.isDone() && !renewed.isCompletedExceptionally();
    }

    /** A re-attach is what makes the lease renewable again. */
    private CompletableFuture<Boolean> renewal(
            Bound by, Request request, CompletableFuture<Boolean> renewed, long received) {
        if (request.hasEndClient()) {
            return NOT_RENEWED;
        }
        return request.hasReattach() ? parts.admission().touch(by.session(), received) : renewed;
    }

    private StreamRequests.Asked<?> ask(Caller caller, Request request) {
        try {
            checkMessageId(request);
            if (stopping) {
                throw shuttingDown();
            }
            return parts.requests().begin(caller, request);
        } catch (RuntimeException e) {
            return StreamRequests.Asked.failed(e);
        }
    }

    private void checkMessageId(Request request) {
        long id = request.getMessageId();
        if (Long.compareUnsigned(id, lastMessageId) <= 0) {
            throw RequestRefused.invalid(
                    "message_id "
                            + Long.toUnsignedString(id)
                            + " does not rise: the one before was "
                            + Long.toUnsignedString(lastMessageId));
        }
        lastMessageId = id;
    }

    private static RequestRefused shuttingDown() {
        return new RequestRefused(Reason.SHUTTING_DOWN, "the server is stopping");
    }

    @Override
    public void onError(Throwable failure) {
        release();
    }

    @Override
    public void onCompleted() {
        allReceived = true;
        endIfDone();
    }

    // ---- what the client is sent

    /** Sends the reply as soon as it is known whether the lease was renewed. */
    private void settleWith(
            CompletableFuture<Boolean> renewed,
            Request request,
            Reply.Builder reply,
            @Nullable Throwable failure,
            long received) {
        if (isKnown(renewed)) {
            settle(request, reply, failure, renewed.join(), received);
            return;
        }
        var _ =
                renewed.handleAsync(
                        (known, broken) -> {
                            settle(request, reply, failure, broken == null && known, received);
                            return null;
                        },
                        loop);
    }

    private void settle(
            Request request,
            Reply.Builder reply,
            @Nullable Throwable failure,
            boolean renewed,
            long received) {
        Duration took = Duration.ofNanos(parts.clock().nanos() - received);
        settle(request, reply, failure, renewed, took);
    }

    private void settle(
            Request request,
            Reply.Builder reply,
            @Nullable Throwable failure,
            boolean renewed,
            Duration took) {
        unanswered--;
        if (ended.isDone()) {
            return;
        }
        String outcome = ServerMeters.OK;
        if (failure != null) {
            ErrorDetail detail = ErrorMapping.detail(failure);
            reply.setError(detail);
            outcome = ErrorMapping.outcome(detail);
        }
        reply.setMessageId(request.getMessageId()).setLeaseRenewed(renewed);
        outbox.add(reply.build());
        Bound by = bound;
        if (by != null && reply.hasReattach()) {
            parts.notices().tellAgain(by.session(), this);
        }
        if (renewed) {
            parts.meters().renewed();
        } else if (!request.hasEndClient() && !stopping) {
            tellLeaseEnding();
        }
        parts.meters().answered(StreamRequests.name(request), outcome, took);
    }

    /** Says once why the lease is no longer renewed. */
    private void tellLeaseEnding() {
        Bound by = bound;
        if (by == null || leaseEndingTold) {
            return;
        }
        try {
            parts.admission().authenticate(by.ref());
        } catch (SessionException e) {
            ErrorDetail why = ErrorMapping.detail(e);
            leaseEndingTold = true;
            outbox.add(
                    Notice.newBuilder()
                            .setLeaseEnding(
                                    LeaseEnding.newBuilder()
                                            .setReason(why.getReason())
                                            .setMessage(why.getMessage()))
                            .build());
        }
    }

    @Override
    public void sent() {
        readOn();
        endIfDone();
    }

    @Override
    public void stalled(String why) {
        parts.meters().streamCut();
        LOG.warn("event=stream-cut client={} reason=\"{}\"", name(), why);
        end(Status.RESOURCE_EXHAUSTED.withDescription("the client does not read: " + why));
    }

    /** Asks for the next message unless enough is under way. */
    private void readOn() {
        boolean full = unanswered + outbox.size() >= parts.limits().unanswered();
        if (!awaitingMessage && !full && !ended.isDone()) {
            awaitingMessage = true;
            out.request(1);
        }
    }

    // ---- the end

    /** The server stops: what was taken is answered, then the stream ends. Any thread. */
    void stop() {
        loop.execute(
                () -> {
                    if (stopping || ended.isDone()) {
                        return;
                    }
                    stopping = true;
                    outbox.add(
                            Notice.newBuilder()
                                    .setShuttingDown(
                                            ShuttingDown.newBuilder()
                                                    .setRetryAfterMillis(RECONNECT_MILLIS))
                                    .build());
                });
    }

    /** A newer stream speaks for the client from now on. Any thread. */
    void supersede() {
        loop.execute(
                () -> end(Status.ABORTED.withDescription("the client has opened a newer stream")));
    }

    private void endIfDone() {
        if (ended.isDone() || unanswered > 0 || !outbox.isEmpty()) {
            return;
        }
        if (stopping) {
            end(Status.UNAVAILABLE.withDescription("the server is stopping: connect again"));
        } else if (allReceived) {
            release();
            out.onCompleted();
        }
    }

    private void end(Status status) {
        if (!ended.isDone()) {
            release();
            out.onError(status.asRuntimeException());
        }
    }

    /** Forgets what the stream held; its session lives on. */
    private void release() {
        if (ended.complete(null)) {
            outbox.close();
            Bound was = bound;
            boolean spoke =
                    parts.streams()
                            .ended(Optional.ofNullable(was).map(b -> b.session().id()), this);
            if (was != null && spoke) {
                parts.notices().cancelWaits(was.session());
            }
            parts.meters().streamClosed();
        }
    }

    private String name() {
        Bound now = bound;
        return now == null ? "none" : now.session().id().toString();
    }
}
