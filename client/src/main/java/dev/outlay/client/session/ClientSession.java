package dev.outlay.client.session;

import com.google.protobuf.ByteString;
import dev.outlay.client.OutlayException;
import dev.outlay.client.WireErrors;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Notice;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.ReattachRequest;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Recall;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionLimits;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session with a server, from its opening to its end, over any number of streams.
 *
 * <p>Any thread may ask; nobody waits but in {@link #await} and {@link #requireLease}. All state is
 * under one lock, which is never held while a message is sent or an answer handed over: these are
 * put in a queue that one thread at a time works off, whichever comes by. So requests that come
 * while a message is being written go out together in the next one, and answers are handed over in
 * the order in which they came.
 *
 * <p>Phases of a stream: {@code CONNECTING} until the session is opened or attached, {@code
 * SETTLING} until what is held is restated, {@code READY}. Between two streams the session is
 * {@code WAITING}. {@code DEAD} is final: the server has ended this client, or it has ended itself.
 */
public final class ClientSession {

    private static final Logger LOG = LoggerFactory.getLogger(ClientSession.class);

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long FIRST_TICK_MILLIS = 1_000;
    private static final long SHORTEST_TICK_MILLIS = 20;
    private static final long LONGEST_TICK_MILLIS = 5_000;

    /** So often is the clock looked at during one lease. */
    private static final int TICKS_PER_LEASE = 10;

    /** A lease is renewed when one part in this many of it is gone. */
    private static final int RENEW_PART = 3;

    private static final long SETTLE_TIMEOUT_MILLIS = 5_000;
    private static final int MAX_SESSION_REFUSALS = 5;
    private static final int OPEN_TIMEOUT_MILLIS = 5_000;

    private enum Phase {
        WAITING,
        CONNECTING,
        SETTLING,
        READY,
        DEAD
    }

    private final SessionConfig config;
    private final Transport transport;
    private final MonotonicClock clock;
    private final Scheduler scheduler;
    private final LayoutHolder layouts;
    private final LeaseState lease;
    private final Backoff retryBackoff;
    private final Backoff connectBackoff;
    private final CompletableFuture<Void> opened = new CompletableFuture<>();
    private final Calls calls;
    private final Pump pump = new Pump(this, this::nextSend);
    private final SessionMessages messages;
    private final SessionIdentity identity;

    private Phase phase = Phase.WAITING;
    private long phaseSinceNanos;
    private long streamNumber;
    private Transport.@Nullable Stream stream;
    private int connectAttempts;
    private long reconnectMillis;
    private int unsettled;

    /** How often what is held had to be restated. */
    private long settlements;

    /** Volumes that the server wants re-attached, over and above those that were written to. */
    private final Set<String> owed = new TreeSet<>();

    private boolean restateNothing;
    private boolean restateAgain;
    private boolean ending;
    private int leaseMillis;
    private @Nullable OutlayException lastTrouble;
    private @Nullable OutlayException dead;

    /**
     * A session that is not begun.
     *
     * @param random for the incarnation, which must not be guessed, and for jitter
     */
    public ClientSession(
            SessionConfig config,
            Transport transport,
            MonotonicClock clock,
            Scheduler scheduler,
            RandomGenerator random,
            LayoutHolder layouts) {
        this.config = config;
        this.transport = transport;
        this.clock = clock;
        this.scheduler = scheduler;
        this.layouts = layouts;
        this.messages = new SessionMessages(config);
        this.lease = new LeaseState(clock);
        this.retryBackoff = new Backoff(random, 10, 1_000);
        this.connectBackoff = new Backoff(random, 20, 2_000);
        Map<String, Long> ids =
                config.known().map(SessionConfig.Known::nextOperationIds).orElse(Map.of());
        this.calls = new Calls(ids, (call, why) -> pump.add(() -> call.fail(why)));
        this.identity = new SessionIdentity(config, random);
    }

    // ---- begin and end

    /** Begins to connect. */
    public void start() {
        synchronized (this) {
            connect();
        }
        pump.run();
        tick();
    }

    /** Waits until the session is open, but not long for a server that cannot be reached. */
    public void awaitOpen() throws OutlayException {
        boolean inTime = await(opened, Math.min(config.deadlineMillis(), OPEN_TIMEOUT_MILLIS));
        OutlayException why;
        synchronized (this) {
            why = dead != null ? dead : lastTrouble;
        }
        if (!inTime || opened.isCompletedExceptionally()) {
            throw why != null ? why.again() : messages.noAnswer("open_session", why);
        }
    }

    /** The client's own word that it has ended: everything is given back. */
    public Call end() {
        synchronized (this) {
            ending = true;
        }
        return query(SessionMessages.end());
    }

    /** Stops without a word to the server; what is unanswered fails. */
    public void stop() {
        synchronized (this) {
            if (dead == null) {
                die(SessionMessages.closed());
            }
        }
        pump.run();
    }

    // ---- ask

    /** Sends a request that changes nothing. */
    public Call query(Request.Builder body) {
        return submit(Call.plain(Call.Kind.ORDINARY, body, _ -> {}, deadline()));
    }

    /**
     * Sends a request that changes something in a volume, under the next operation id.
     *
     * @param body makes the request from its header; called once
     * @param onReply takes the answer, also one for which nobody waits any more; answers are handed
     *     over one at a time, in the order they came, and it must not block
     */
    public Call mutate(
            String volume,
            Function<OperationHeader, Request.Builder> body,
            Consumer<Reply> onReply) {
        return submit(Call.mutation(volume, body, onReply, deadline()));
    }

    /** As {@link #mutate(String, Function, Consumer)}, followed from attempt to attempt. */
    public Call mutate(
            String volume,
            Function<OperationHeader, Request.Builder> body,
            Consumer<Reply> onReply,
            Call.Attempts attempts) {
        return submit(Call.mutation(volume, body, onReply, deadline()).followed(attempts));
    }

    /**
     * Sends what {@code asking} asks for in one message, as far as one holds it. It must not wait.
     */
    public void together(Runnable asking) {
        pump.runAfter(asking);
    }

    /** Says that a recall has arrived; nobody waits for the answer. */
    public void acknowledge(String volume, long recall) {
        var _ = query(SessionMessages.acknowledge(volume, recall));
    }

    /**
     * What stood in the way of requests is gone: those that wait for their next attempt are sent
     * now.
     *
     * @param file of requests for grants; 0: any
     */
    public void retry(String volume, long file) {
        synchronized (this) {
            calls.delayedOn(volume, file).forEach(calls::add);
        }
        pump.run();
    }

    private Call submit(Call call) {
        synchronized (this) {
            if (dead != null) {
                OutlayException why = dead;
                pump.add(() -> call.fail(why.again()));
            } else {
                calls.add(call);
            }
        }
        pump.run();
        return call;
    }

    /** Waits for the answer, until the deadline of the call. */
    public Reply await(Call call) throws OutlayException {
        long left = Math.ceilDiv(call.deadlineNanos() - clock.nanos(), NANOS_PER_MILLI);
        boolean answered;
        try {
            answered = await(call.future(), Math.max(left, 1));
        } catch (OutlayException e) {
            throw e.underWay(call.future());
        }
        if (!answered) {
            OutlayException why;
            synchronized (this) {
                OutlayException trouble = phase == Phase.READY ? null : lastTrouble;
                why = messages.noAnswer(call.name(), trouble);
                if (calls.withdraw(call)) {
                    pump.add(() -> call.fail(why.again()));
                } else {
                    why.underWay(call.future());
                }
            }
            pump.run();
            throw why;
        }
        if (call.future().isCompletedExceptionally()) {
            Throwable failure = call.future().exceptionNow();
            throw failure instanceof OutlayException refused
                    ? refused.again()
                    : SessionMessages.senseless(call.name(), failure);
        }
        return call.future().resultNow();
    }

    /**
     * Waits until it is known what has become of an earlier request.
     *
     * @throws OutlayException if that is not known within a deadline
     */
    public void settle(CompletableFuture<?> earlier) throws OutlayException {
        if (!await(earlier, config.deadlineMillis())) {
            throw messages.noAnswer("an earlier change of the file", null);
        }
    }

    /**
     * Waits until the lease is valid, renewing it where it is over.
     *
     * @throws OutlayException if that fails within the deadline
     */
    public void requireLease() throws OutlayException {
        if (!lease.isValid()) {
            await(query(SessionMessages.renew()));
            lease.check();
        }
    }

    /** Renews the lease now, and waits for the answer. */
    public void renew() throws OutlayException {
        await(query(SessionMessages.renew()));
    }

    public LeaseState lease() {
        return lease;
    }

    public synchronized SessionLimits limits() {
        return calls.limits();
    }

    /** Why nothing can be done any more; empty while the session lives. */
    public synchronized Optional<OutlayException> dead() {
        return Optional.ofNullable(dead);
    }

    /** What another process needs to go on with the session. */
    public synchronized SessionConfig.Known known() {
        return identity.known(calls.nextOperationIds());
    }

    public synchronized ByteString serverId() {
        return identity.serverId();
    }

    public synchronized long serverIncarnation() {
        return identity.serverIncarnation();
    }

    /** The clock of leases and deadlines. */
    public long nanos() {
        return clock.nanos();
    }

    /** How long a call is repeated. */
    public int deadlineMillis() {
        return config.deadlineMillis();
    }

    public synchronized int leaseMillis() {
        return leaseMillis;
    }

    // ---- streams

    private @Nullable Runnable nextSend() {
        Transport.Stream out = stream;
        if (out == null || !out.isReady()) {
            return null;
        }
        ClientMessage message = calls.next(phase == Phase.READY, clock.nanos()).orElse(null);
        return message == null ? null : () -> out.send(message);
    }

    private void connect() {
        phase(Phase.CONNECTING);
        long number = ++streamNumber;
        Request.Builder handshake = identity.handshake(config);
        calls.addUrgent(Call.plain(Call.Kind.HANDSHAKE, handshake, _ -> {}, Long.MAX_VALUE));
        pump.add(
                () -> {
                    Transport.Stream begun = transport.open(new Incoming(number));
                    boolean wanted;
                    synchronized (this) {
                        wanted = number == streamNumber && phase != Phase.WAITING && dead == null;
                        if (wanted) {
                            stream = begun;
                        }
                    }
                    if (!wanted) {
                        begun.close();
                    }
                });
    }

    /** Gives the present stream up; the next one begins after a while. */
    private void lose(OutlayException why) {
        if (phase == Phase.WAITING || dead != null) {
            return;
        }
        lastTrouble = why;
        LOG.info("event=stream-lost server={} reason=\"{}\"", config.server(), why.what());
        closeStream();
        calls.streamLost();
        phase(Phase.WAITING);
        long delay = connectBackoff.millis(++connectAttempts, reconnectMillis);
        reconnectMillis = 0;
        long number = streamNumber;
        after(
                delay,
                () -> {
                    if (number == streamNumber && phase == Phase.WAITING) {
                        connect();
                    }
                });
    }

    private void closeStream() {
        Transport.Stream old = stream;
        stream = null;
        if (old != null) {
            pump.add(old::close);
        }
    }

    private void die(OutlayException why) {
        dead = why;
        phase(Phase.DEAD);
        lease.end();
        layouts.voided(why);
        closeStream();
        calls.drain().forEach(call -> pump.add(() -> call.fail(why.again())));
        pump.add(() -> opened.completeExceptionally(why));
    }

    private void phase(Phase next) {
        phase = next;
        phaseSinceNanos = clock.nanos();
    }

    /** What one stream brings; a stream that was given up is not heard. */
    private final class Incoming implements Transport.Listener {
        private final long number;

        Incoming(long number) {
            this.number = number;
        }

        @Override
        public void message(ServerMessage message) {
            synchronized (ClientSession.this) {
                for (Reply reply : message.getRepliesList()) {
                    if (isPresent()) {
                        take(reply);
                    }
                }
                for (Notice notice : message.getNoticesList()) {
                    if (isPresent()) {
                        take(notice);
                    }
                }
            }
            pump.run();
        }

        @Override
        public void ready() {
            pump.run();
        }

        @Override
        public void broken(OutlayException why) {
            synchronized (ClientSession.this) {
                if (isPresent()) {
                    lose(why);
                }
            }
            pump.run();
        }

        private boolean isPresent() {
            return number == streamNumber && phase != Phase.WAITING && dead == null;
        }
    }

    // ---- what the server says

    private void take(Reply reply) {
        Call call = calls.take(reply.getMessageId()).orElse(null);
        if (call == null) {
            return;
        }
        if (reply.hasRenew()) {
            leaseLength(reply.getRenew().getLeaseMillis());
            identity.serverIncarnation(reply.getRenew().getServerIncarnation());
            for (Recall recall : reply.getRenew().getRecallsList()) {
                tell(Notice.newBuilder().setRecall(recall).build());
            }
            owe(reply.getRenew().getReattachVolumesList());
        } else if (reply.hasOpenSession()) {
            leaseLength(reply.getOpenSession().getLeaseMillis());
        } else if (reply.hasAttachSession()) {
            leaseLength(reply.getAttachSession().getLeaseMillis());
            owed.addAll(reply.getAttachSession().getReattachVolumesList());
        } else if (reply.hasReattach()) {
            leaseLength(reply.getReattach().getLeaseMillis());
        }
        if (reply.getLeaseRenewed()) {
            lease.renewed(call.firstSentNanos());
        }
        switch (call.kind()) {
            case HANDSHAKE -> handshake(reply);
            case REATTACH -> reattached(reply);
            case KEEPALIVE, ORDINARY -> answer(call, reply);
        }
    }

    private void leaseLength(int millis) {
        leaseMillis = millis;
        lease.length(millis);
    }

    private void take(Notice notice) {
        if (notice.hasLeaseEnding()) {
            Reason reason = WireErrors.reason(notice.getLeaseEnding().getReason());
            die(OutlayException.of(reason, notice.getLeaseEnding().getMessage()));
        } else if (notice.hasShuttingDown()) {
            reconnectMillis = notice.getShuttingDown().getRetryAfterMillis();
        } else if (notice.hasReattach()) {
            owe(List.of(notice.getReattach().getVolume()));
        } else {
            tell(notice);
        }
    }

    /** Hands a notice over, in turn with the answers. */
    private void tell(Notice notice) {
        pump.add(() -> layouts.told(notice));
    }

    /** The server has lost what it did not journal of these volumes: restate it, on this stream. */
    private void owe(List<String> volumes) {
        if (volumes.isEmpty()) {
            return;
        }
        LOG.info("event=reattach-asked server={} volumes={}", config.server(), volumes);
        owed.addAll(volumes);
        if (phase == Phase.READY) {
            settle();
        } else if (phase == Phase.SETTLING) {
            restateAgain = true;
        }
    }

    // ---- handshake

    private void handshake(Reply reply) {
        if (reply.hasOpenSession()) {
            identity.opened(reply.getOpenSession());
            calls.limits(reply.getOpenSession().getLimits());
            settle();
        } else if (reply.hasAttachSession()) {
            identity.attached(reply.getAttachSession());
            calls.limits(reply.getAttachSession().getLimits());
            settle();
        } else {
            refusedHandshake(
                    reply.hasError()
                            ? WireErrors.exception(reply.getError())
                            : SessionMessages.unexpected("the opening of a session"));
        }
    }

    private void refusedHandshake(OutlayException why) {
        Reason reason = why.reason().orElse(Reason.INTERNAL);
        boolean forgotten = reason == Reason.EXPIRED || reason == Reason.NO_SESSION;
        if (forgotten && !isUsed()) {
            // There is nothing that could be lost: begin anew.
            identity.renew();
            lose(why);
        } else if (reason.errorClass() == Reason.ErrorClass.RETRY) {
            reconnectMillis = why.retryAfterMillis();
            lose(why);
        } else {
            die(why);
        }
    }

    /** Whether the server may hold anything for this client. */
    private boolean isUsed() {
        return config.known().isPresent() || !calls.nextOperationIds().isEmpty();
    }

    // ---- settling

    /**
     * Restates what is held, in turn with the answers that have come; without anything to restate
     * the session is ready then.
     */
    private void settle() {
        phase(Phase.SETTLING);
        restateAgain = false;
        long mine = ++settlements;
        pump.add(
                () -> {
                    synchronized (this) {
                        if (mine == settlements && phase == Phase.SETTLING) {
                            restate();
                        }
                    }
                });
    }

    private void restate() {
        List<ReattachRequest.Volume> held = restateNothing ? List.of() : layouts.restate();
        Map<String, Long> volumes = calls.answeredThrough();
        owed.forEach(volume -> volumes.putIfAbsent(volume, 0L));
        List<ReattachRequest> requests =
                Reattachment.requests(identity.incarnation(), volumes, held, calls.limits());
        unsettled = requests.size();
        for (ReattachRequest request : requests) {
            Request.Builder body = Request.newBuilder().setReattach(request);
            calls.addUrgent(Call.plain(Call.Kind.REATTACH, body, _ -> {}, Long.MAX_VALUE));
        }
        if (requests.isEmpty()) {
            settled();
        }
    }

    private void reattached(Reply reply) {
        if (reply.hasError() || !reply.hasReattach()) {
            refusedReattach(
                    reply.hasError()
                            ? WireErrors.exception(reply.getError())
                            : SessionMessages.unexpected("a re-attach"));
            return;
        }
        for (ReattachResponse.VolumeResult result : reply.getReattach().getVolumesList()) {
            Reason refused =
                    result.hasError() ? WireErrors.reason(result.getError().getReason()) : null;
            if (refused == Reason.READ_ONLY) {
                settleVolumeLater(result);
                continue;
            }
            if (refused != null && refused.errorClass() == Reason.ErrorClass.RETRY) {
                settleLater(WireErrors.exception(result.getError()));
                return;
            }
            layouts.settle(result);
            owed.remove(result.getVolume());
        }
        if (--unsettled == 0) {
            settled();
        }
    }

    private void refusedReattach(OutlayException why) {
        Reason reason = why.reason().orElse(Reason.INTERNAL);
        switch (reason.errorClass()) {
            case RETRY -> settleLater(why);
            case STATE_LOST -> die(why);
            case CLIENT, SERVER -> {
                if (restateNothing) {
                    die(why);
                    return;
                }
                LOG.warn("event=reattach-refused reason=\"{}\"", why.what());
                layouts.voided(why);
                restateNothing = true;
                lose(why);
            }
        }
    }

    /**
     * One volume cannot take part now, the others can: what is held on it stands on both sides,
     * since such a volume grants nothing to anybody, and is restated when it is back.
     */
    private void settleVolumeLater(ReattachResponse.VolumeResult result) {
        OutlayException why = WireErrors.exception(result.getError());
        LOG.warn("event=reattach-delayed volume={} reason=\"{}\"", result.getVolume(), why.what());
        long number = streamNumber;
        after(
                Math.max(why.retryAfterMillis(), SHORTEST_TICK_MILLIS),
                () -> {
                    if (number == streamNumber && phase == Phase.READY) {
                        owe(List.of(result.getVolume()));
                    }
                });
    }

    /** Tries on a new stream, where replies of this attempt cannot disturb. */
    private void settleLater(OutlayException why) {
        reconnectMillis = why.retryAfterMillis();
        lose(why);
    }

    private void settled() {
        if (restateAgain) {
            settle();
            return;
        }
        phase(Phase.READY);
        connectAttempts = 0;
        restateNothing = false;
        calls.delayed().forEach(calls::add);
        pump.add(() -> opened.complete(null));
    }

    // ---- answers

    private void answer(Call call, Reply reply) {
        if (!reply.hasError()) {
            calls.answered(call);
            pump.add(() -> call.succeed(reply));
            return;
        }
        OutlayException refused = WireErrors.exception(reply.getError());
        Reason reason = refused.reason().orElse(Reason.INTERNAL);
        boolean renewal = call.request().hasRenew();
        switch (reason) {
            case TRY_LATER, GRACE, RESOURCE_EXHAUSTED, RECALL_CONFLICT, RETURN_CONFLICT ->
                    later(call, refused);
            case SHUTTING_DOWN -> {
                call.refused();
                calls.add(call);
                reconnectMillis = Math.max(reconnectMillis, refused.retryAfterMillis());
                lose(refused);
            }
            case NO_SESSION -> {
                if (call.sessionRefused() > MAX_SESSION_REFUSALS) {
                    fail(call, refused);
                } else {
                    calls.add(call);
                    if (phase == Phase.READY) {
                        settle();
                    }
                }
            }
            case FENCED -> {
                fail(call, refused);
                die(refused);
            }
            case EXPIRED -> {
                fail(call, refused);
                if (renewal) {
                    die(refused);
                } else if (!reply.getLeaseRenewed()) {
                    // The answer alone may be what is gone: a renewal tells.
                    calls.add(keepalive());
                }
            }
            default -> fail(call, refused);
        }
    }

    private void fail(Call call, OutlayException why) {
        calls.answered(call);
        pump.add(() -> call.fail(why));
    }

    private void later(Call call, OutlayException refused) {
        int attempt = call.refused();
        pump.add(call.attempts()::afterRefusal);
        if (waitsForOwnReturn(call, refused)) {
            calls.delay(call);
            return;
        }
        long delay = retryBackoff.millis(attempt, refused.retryAfterMillis());
        if (clock.nanos() + delay * NANOS_PER_MILLI - call.deadlineNanos() > 0) {
            fail(call, refused);
            return;
        }
        calls.delay(call);
        after(
                delay,
                () -> {
                    if (calls.isDelayed(call)) {
                        calls.add(call);
                    }
                });
    }

    /** Whether this client's own answer to a recall is what the call waits for. */
    private boolean waitsForOwnReturn(Call call, OutlayException refused) {
        boolean conflict = refused.is(Reason.RECALL_CONFLICT) || refused.is(Reason.RETURN_CONFLICT);
        return conflict
                && call.volume().isPresent()
                && layouts.isRecalled(call.volume().get(), call.mapsFile());
    }

    // ---- renewal

    /** Looks at the clock, and does so again after a while. */
    private void tick() {
        long again;
        synchronized (this) {
            if (dead != null) {
                return;
            }
            watch();
            long part = leaseMillis / TICKS_PER_LEASE;
            again =
                    leaseMillis == 0
                            ? FIRST_TICK_MILLIS
                            : Math.clamp(part, SHORTEST_TICK_MILLIS, LONGEST_TICK_MILLIS);
        }
        pump.run();
        scheduler.schedule(again, this::tick);
    }

    private void watch() {
        long now = clock.nanos();
        switch (phase) {
            case CONNECTING, SETTLING -> {
                if (now - phaseSinceNanos > SETTLE_TIMEOUT_MILLIS * NANOS_PER_MILLI) {
                    lose(messages.silent());
                }
            }
            case READY -> {
                Call waiting = calls.keepalive().orElse(null);
                long part = lease.lengthNanos() / RENEW_PART;
                if (waiting != null) {
                    if (now - waiting.deadlineNanos() > 0) {
                        lose(messages.silent());
                    }
                } else if (now - lease.renewedNanos() >= part && !ending) {
                    calls.add(keepalive());
                }
            }
            case WAITING, DEAD -> {}
        }
    }

    /** A renewal that has to be answered while there is lease left. */
    private Call keepalive() {
        return Call.plain(
                Call.Kind.KEEPALIVE,
                SessionMessages.renew(),
                _ -> {},
                clock.nanos() + lease.lengthNanos() / RENEW_PART);
    }

    // ---- small matters

    /** Runs a step under the lock after a while. */
    private void after(long delayMillis, Runnable step) {
        pump.add(
                () ->
                        scheduler.schedule(
                                delayMillis,
                                () -> {
                                    synchronized (this) {
                                        step.run();
                                    }
                                    pump.run();
                                }));
    }

    private long deadline() {
        return clock.nanos() + config.deadlineMillis() * NANOS_PER_MILLI;
    }

    private boolean await(CompletableFuture<?> future, long timeoutMillis) throws OutlayException {
        try {
            return scheduler.await(future, timeoutMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw messages.interrupted(e);
        }
    }
}
