package dev.outlay.server.engine;

import dev.outlay.core.command.Command;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.core.value.Reason;
import dev.outlay.server.config.ServerConfig;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clients of the server and their leases. A lease is per client and server, counted on a clock
 * that runs through suspend from the receipt of each message; it lives here and not in any journal.
 * After a restart the clients of all journals are here again, each with a whole lease and its
 * longest I/O to come back in.
 *
 * <p>Thread-safe. No call waits: what a volume has to say comes by future. When a lease is over,
 * {@link #expireDue} tells the volumes; one thread calls that in time ({@link LeaseTimer}), a
 * simulation calls it itself.
 */
public final class Sessions {

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    private static final long RETRY_NANOS = 1_000_000_000;
    private static final CompletableFuture<Boolean> RENEWED =
            CompletableFuture.completedFuture(true);

    private final ServerConfig config;
    private final ServerIdentity identity;
    private final MonotonicClock clock;
    private final VolumeLookup volumes;
    private final RandomGenerator random;
    private final Map<ClientId, Session> byId = new HashMap<>();
    private final Map<Owner, Session> byOwner = new HashMap<>();
    private final Map<ClientId, long[]> secrets = new HashMap<>();
    private final PriorityQueue<Due> due =
            new PriorityQueue<>(Comparator.comparingLong(Due::nanos));

    private record Owner(String principal, String name) {}

    private record Due(long nanos, Session session) {}

    /**
     * @param random for ids and secrets: cryptographically strong, but in simulations
     */
    public Sessions(
            ServerConfig config,
            ServerIdentity identity,
            MonotonicClock clock,
            VolumeLookup volumes,
            RandomGenerator random) {
        this.config = config;
        this.identity = identity;
        this.clock = clock;
        this.volumes = volumes;
        this.random = random;
        volumes.all().forEach(this::remember);
        volumes.listen(
                new VolumeEngine.Listener() {
                    @Override
                    public void told(VolumeEngine volume, Notice notice) {
                        if (notice instanceof Notice.ClientProven proof) {
                            proven(volume.name(), proof.client());
                        }
                    }

                    @Override
                    public void renewals(VolumeEngine volume, ClientId client, boolean allowed) {
                        allowRenewals(volume.name(), client, allowed);
                    }

                    @Override
                    public void graceBegan(VolumeEngine volume, Collection<ClientId> awaited) {
                        reattachWanted(volume.name(), awaited);
                    }

                    @Override
                    public void graceEnded(
                            VolumeEngine volume,
                            Collection<ClientId> back,
                            Collection<ClientId> lost) {
                        reattachOver(volume.name(), back, lost);
                    }

                    @Override
                    public void writable(VolumeEngine volume) {
                        settleNow();
                    }
                });
        volumes.retryUnavailable(this::remember);
    }

    /**
     * A client that does not answer a recall in time is not renewed, so that its lease runs out.
     */
    private void allowRenewals(String volume, ClientId client, boolean allowed) {
        Session session;
        synchronized (this) {
            session = byId.get(client);
        }
        if (session != null) {
            LOG.info(
                    "client={} event=renewals-{} volume={}",
                    client,
                    allowed ? "resumed" : "stopped",
                    volume);
            session.allowRenewals(volume, allowed);
        }
    }

    /** Clients of a journal: each has its lease anew from now. */
    private synchronized void remember(VolumeEngine volume) {
        for (VolumeEngine.RememberedClient known : volume.rememberedClients()) {
            boolean expired = known.ended().filter(EndCause.EXPIRED::equals).isPresent();
            Session session =
                    byId.computeIfAbsent(
                            known.record().id(),
                            id -> {
                                Session fresh = new Session(known.record(), clock.nanos());
                                fresh.extend(clock.nanos());
                                return fresh;
                            });
            if (known.ended().isPresent()) {
                session.join(volume.name());
            } else {
                session.owe(volume.name());
            }
            if (!expired) {
                due.add(new Due(session.deadlineNanos(), session));
            }
            if (known.ended().isPresent()) {
                // Expired, it has no lease to wait for: it is here to be told that it is fenced.
                session.end(known.ended().get());
            } else {
                byOwner.put(new Owner(known.record().principal(), known.record().owner()), session);
            }
        }
    }

    public UUID serverId() {
        return identity.id();
    }

    public long serverIncarnation() {
        return identity.incarnation();
    }

    // ---- open, authenticate, end

    /**
     * Opens a session. The same incarnation gets the same session again, and its lease anew if it
     * may be renewed now; another incarnation of the same owner supersedes the first, whose grants
     * are treated as revoked in every volume before the new one is heard there.
     *
     * @param maxIoMillis longest time one of the client's stores may be in flight, as it declares
     * @param requestedLeaseMillis 0 for the server's standard
     */
    public SessionGrant open(
            String principal,
            String owner,
            long incarnation,
            long maxIoMillis,
            long requestedLeaseMillis)
            throws SessionException {
        return open(
                principal, owner, incarnation, maxIoMillis, requestedLeaseMillis, Optional.empty());
    }

    /**
     * As above.
     *
     * @param process where the client runs, if it says so
     */
    public SessionGrant open(
            String principal,
            String owner,
            long incarnation,
            long maxIoMillis,
            long requestedLeaseMillis,
            Optional<ProcessIdentity> process)
            throws SessionException {
        checkOwner(owner);
        if (maxIoMillis < 0 || maxIoMillis > config.maxIo().toMillis()) {
            throw new SessionException(
                    Reason.INVALID_ARGUMENT,
                    "max_io_millis "
                            + maxIoMillis
                            + " must be between 0 and "
                            + config.maxIo().toMillis());
        }
        long lease = config.lease().grant(Duration.ofMillis(requestedLeaseMillis)).toMillis();
        Session superseded;
        SessionGrant grant;
        synchronized (this) {
            Session before = byOwner.get(new Owner(principal, owner));
            if (before != null && before.record().incarnation() == incarnation) {
                long[] secret = secrets.get(before.id());
                if (secret != null && before.ended().isEmpty()) {
                    boolean renewed = before.extend(clock.nanos());
                    return new SessionGrant(before, secret[0], secret[1], renewed);
                }
                throw new SessionException(
                        Reason.EXPIRED,
                        "this incarnation of '"
                                + owner
                                + "' had a session before the server restarted: re-attach it, or"
                                + " start with a new incarnation");
            }
            if (byId.size() >= config.limits().clients()) {
                throw new SessionException(
                        Reason.RESOURCE_EXHAUSTED,
                        "the server has "
                                + byId.size()
                                + " clients, as many as limits.clients allows");
            }
            superseded = before;
            grant = newSession(principal, owner, incarnation, lease, maxIoMillis, process);
        }
        if (superseded != null && superseded.end(EndCause.SUPERSEDED)) {
            LOG.info("client={} event=superseded by={}", superseded.id(), grant.session().id());
            tellEnd(superseded, EndCause.SUPERSEDED, _ -> {});
        }
        return grant;
    }

    private static void checkOwner(String owner) throws SessionException {
        int bytes = owner.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > Limits.DEFAULT.ownerBytes()) {
            throw new SessionException(
                    Reason.INVALID_ARGUMENT,
                    "the owner name has "
                            + bytes
                            + " bytes; it needs 1 to "
                            + Limits.DEFAULT.ownerBytes());
        }
    }

    private SessionGrant newSession(
            String principal,
            String owner,
            long incarnation,
            long leaseMillis,
            long maxIoMillis,
            Optional<ProcessIdentity> process) {
        long id = random.nextLong();
        while (id == 0 || byId.containsKey(new ClientId(id))) {
            id = random.nextLong();
        }
        long[] secret = {random.nextLong(), random.nextLong()};
        long[] digest = digest(secret[0], secret[1]);
        ClientRecord record =
                new ClientRecord(
                        new ClientId(id),
                        principal,
                        owner,
                        incarnation,
                        digest[0],
                        digest[1],
                        leaseMillis,
                        maxIoMillis,
                        process);
        Session session = new Session(record, clock.nanos());
        session.extend(clock.nanos());
        byId.put(session.id(), session);
        byOwner.put(new Owner(principal, owner), session);
        secrets.put(session.id(), secret);
        due.add(new Due(session.deadlineNanos(), session));
        return new SessionGrant(session, secret[0], secret[1], true);
    }

    /** The session that a message names, if its secret is right and it has not ended. */
    public Session authenticate(long clientId, long secretHigh, long secretLow)
            throws SessionException {
        Session session = known(clientId, secretHigh, secretLow);
        EndCause ended = session.ended().orElse(null);
        if (ended != null) {
            throw new SessionException(
                    ended == EndCause.OWN_WORD ? Reason.EXPIRED : Reason.FENCED,
                    "client "
                            + session.id()
                            + " has ended: "
                            + ended
                            + (session.endedWhy().isEmpty() ? "" : " - " + session.endedWhy()));
        }
        return session;
    }

    /**
     * The session that a client's own word of its end names: one that was revoked may still say so,
     * which is the proof that its quarantine waits for.
     */
    public Session authenticateLast(long clientId, long secretHigh, long secretLow)
            throws SessionException {
        Session session = known(clientId, secretHigh, secretLow);
        if (session.ended().filter(EndCause.OWN_WORD::equals).isPresent()) {
            throw new SessionException(
                    Reason.EXPIRED, "client " + session.id() + " has said already that it ended");
        }
        return session;
    }

    private Session known(long clientId, long secretHigh, long secretLow) throws SessionException {
        Session session;
        synchronized (this) {
            session = clientId == 0 ? null : byId.get(new ClientId(clientId));
        }
        long[] digest = digest(secretHigh, secretLow);
        if (session == null) {
            throw new SessionException(
                    Reason.EXPIRED,
                    "there is no session of client "
                            + Long.toHexString(clientId)
                            + ": its lease has ended");
        }
        if (session.record().secretHigh() != digest[0]
                || session.record().secretLow() != digest[1]) {
            throw new SessionException(
                    Reason.PERMISSION_DENIED,
                    "the secret does not belong to client " + session.id());
        }
        return session;
    }

    private static long[] digest(long high, long low) {
        try {
            ByteBuffer digest =
                    ByteBuffer.wrap(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(
                                            ByteBuffer.allocate(16)
                                                    .putLong(high)
                                                    .putLong(low)
                                                    .array()));
            return new long[] {digest.getLong(), digest.getLong()};
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /**
     * The client's own word that it has ended: everything it held is returned, and what it left in
     * quarantine when it was revoked is free.
     */
    public CompletableFuture<Void> end(Session session) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Consumer<List<Reply.Failure>> then =
                refused -> {
                    if (refused.isEmpty()) {
                        done.complete(null);
                    } else {
                        Reply.Failure why = refused.getFirst();
                        done.completeExceptionally(
                                new SessionException(why.reason(), why.message()));
                    }
                };
        if (session.end(EndCause.OWN_WORD)) {
            settle(session, then);
        } else {
            tellAll(
                    session,
                    new Command.EndClient(session.id(), EndCause.OWN_WORD),
                    replies -> then.accept(refusedForNow(replies)));
        }
        return done;
    }

    /**
     * A volume has forgotten the client, whose end is proven there. Where others still count on it
     * they are told that it has ended; with none left the session is forgotten.
     */
    private void proven(String volume, ClientId client) {
        Session session;
        synchronized (this) {
            session = byId.get(client);
        }
        if (session == null) {
            return;
        }
        session.forgetJoin(volume);
        session.end(EndCause.EXPIRED);
        settle(session, _ -> {});
    }

    /**
     * Ends a client on the word of an operator: every volume treats what it holds as revoked before
     * the future completes. Repeated, it changes nothing.
     */
    public CompletableFuture<Void> revoke(ClientId client) {
        Session session;
        synchronized (this) {
            session = byId.get(client);
        }
        if (session == null) {
            return CompletableFuture.failedFuture(
                    new SessionException(
                            Reason.NOT_FOUND, "there is no client " + client + " on this server"));
        }
        if (session.end(EndCause.REVOKED)) {
            LOG.info("client={} event=revoked owner=\"{}\"", client, session.owner());
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        tellEnd(
                session,
                EndCause.REVOKED,
                refused -> {
                    if (refused.isEmpty()) {
                        done.complete(null);
                    } else {
                        Reply.Failure why = refused.getFirst();
                        done.completeExceptionally(
                                new SessionException(why.reason(), why.message()));
                    }
                });
        return done;
    }

    /** All clients, those included that have ended and are remembered. */
    public synchronized List<Session> all() {
        return List.copyOf(byId.values());
    }

    /** What is left of a client's lease, not counting its longest I/O; 0 once it is over. */
    public long leaseLeftMillis(Session session) {
        long left = (session.deadlineNanos() - clock.nanos()) / 1_000_000;
        return session.ended().isPresent() || session.hasLapsed()
                ? 0
                : Math.clamp(left - session.record().maxIoMillis(), 0, session.leaseMillis());
    }

    private synchronized void forget(Session session) {
        byId.remove(session.id());
        secrets.remove(session.id());
        byOwner.remove(new Owner(session.record().principal(), session.owner()), session);
    }

    // ---- leases

    /**
     * Counts the lease of a client from the receipt of a message. A client whose lease had lapsed
     * is revived if every volume still has all it held; otherwise it has ended, whole.
     *
     * <p>While a volume waits for the client's re-attach nothing is renewed: that volume will let
     * go of what is not restated once lease and longest I/O have passed since it began to wait, and
     * by then the client must have stopped by its own clock. Who owes the answer to a recall is not
     * revived either: each conflict ends, also for those who ask again only now and then.
     *
     * @return whether the lease was renewed
     */
    public CompletableFuture<Boolean> touch(Session session, long receivedNanos) {
        if (session.extend(receivedNanos)) {
            return RENEWED;
        }
        if (session.ended().isPresent()
                || !session.isLapsed()
                || !session.owed().isEmpty()
                || session.owesRecall()) {
            return CompletableFuture.completedFuture(false);
        }
        return session.lapse()
                .thenCompose(
                        _ -> {
                            if (session.ended().isPresent()) {
                                return CompletableFuture.completedFuture(false);
                            }
                            session.beginRevival()
                                    .ifPresent(done -> revive(session, receivedNanos, done));
                            // Begun by an earlier message, it counts from that one alone.
                            return session.revival()
                                    .thenApply(whole -> whole && session.extend(receivedNanos));
                        });
    }

    private void revive(Session session, long receivedNanos, CompletableFuture<Boolean> done) {
        tellAll(
                session,
                new Command.ReviveClient(session.id()),
                replies -> {
                    boolean whole = replies.stream().noneMatch(Reply.Failure.class::isInstance);
                    boolean refused = !refusedForNow(replies).isEmpty();
                    if (whole) {
                        session.revived(receivedNanos);
                        schedule(session, session.deadlineNanos());
                    } else if (refused) {
                        // Nobody may have told the volumes meanwhile that the lease is over.
                        session.unsettled(true);
                    } else {
                        expire(session);
                    }
                    done.complete(whole);
                    if (refused) {
                        schedule(session, clock.nanos() + RETRY_NANOS);
                    }
                });
    }

    private void expire(Session session) {
        if (session.end(EndCause.EXPIRED)) {
            LOG.info("client={} event=expired", session.id());
            settle(session, _ -> {});
        }
    }

    private synchronized void schedule(Session session, long nanos) {
        due.add(new Due(nanos, session));
    }

    /**
     * Tells the volumes of every lease that is over at {@code nowNanos}; returns when to call next,
     * at the latest.
     */
    public long expireDue(long nowNanos) {
        List<Session> over = new ArrayList<>();
        long next = Long.MAX_VALUE;
        synchronized (this) {
            while (!due.isEmpty()) {
                Due first = due.peek();
                if (first.nanos > nowNanos) {
                    next = first.nanos;
                    break;
                }
                due.poll();
                if (!byId.containsKey(first.session.id())) {
                    continue;
                }
                if (first.session.lapseIfDue(nowNanos) || first.session.isUnsettled()) {
                    over.add(first.session);
                } else if (!first.session.isLapsed()) {
                    due.add(new Due(first.session.deadlineNanos(), first.session));
                }
            }
        }
        for (Session session : over) {
            LOG.info("client={} event=lease-over owner=\"{}\"", session.id(), session.owner());
            settle(session, _ -> {});
        }
        return next;
    }

    /**
     * Tells the volumes that the client has ended or that its lease is over, and forgets the
     * session where nothing more can come of it. A volume that cannot take it now is told again
     * later.
     *
     * @param then gets what refused for now; empty if all is settled
     */
    private void settle(Session session, Consumer<List<Reply.Failure>> then) {
        EndCause ended = session.ended().orElse(null);
        if (ended != null && session.isEndUntold()) {
            tellEnd(
                    session,
                    ended,
                    refused -> {
                        if (refused.isEmpty() && session.isLapsed()) {
                            settle(session, then);
                        } else {
                            then.accept(refused);
                        }
                    });
            return;
        }
        Optional<CompletableFuture<Void>> lapse =
                ended == null ? session.beginLapse() : Optional.empty();
        if (ended == null && lapse.isEmpty()) {
            // Whoever revives it tells the volumes if that does not succeed.
            then.accept(List.of());
            return;
        }
        Command command =
                ended == EndCause.OWN_WORD || ended == EndCause.EXPIRED
                        ? new Command.EndClient(session.id(), ended)
                        : new Command.LapseClient(session.id());
        tellAll(
                session,
                command,
                replies -> {
                    List<Reply.Failure> refused = refusedForNow(replies);
                    session.unsettled(!refused.isEmpty());
                    if (!refused.isEmpty()) {
                        schedule(session, clock.nanos() + RETRY_NANOS);
                    } else if (ended != null || holdsNothing(replies)) {
                        session.end(EndCause.EXPIRED);
                        // While a volume remembers the client it is told that it is fenced.
                        if (replies.stream().noneMatch(Reply.Remembered.class::isInstance)) {
                            forget(session);
                        }
                    }
                    lapse.ifPresent(told -> told.complete(null));
                    then.accept(refused);
                });
    }

    /**
     * Tells the volumes that the client was superseded or revoked; a volume that cannot take it now
     * is told again later.
     *
     * @param then gets what refused for now; empty if all have taken it
     */
    private void tellEnd(Session session, EndCause cause, Consumer<List<Reply.Failure>> then) {
        tellAll(
                session,
                new Command.EndClient(session.id(), cause),
                replies -> {
                    List<Reply.Failure> refused = refusedForNow(replies);
                    session.endUntold(!refused.isEmpty());
                    if (!refused.isEmpty()) {
                        schedule(session, clock.nanos() + RETRY_NANOS);
                    }
                    then.accept(refused);
                });
    }

    /** What volumes have refused for now is told to them again at the next look. */
    private synchronized void settleNow() {
        long now = clock.nanos();
        byId.values().stream()
                .filter(Session::isUnsettled)
                .forEach(session -> due.add(new Due(now, session)));
    }

    /** Volumes that are read-only, or stop. */
    private static List<Reply.Failure> refusedForNow(List<Reply> replies) {
        return replies.stream()
                .filter(Reply.Failure.class::isInstance)
                .map(Reply.Failure.class::cast)
                .filter(f -> f.reason().errorClass() == Reason.ErrorClass.RETRY)
                .toList();
    }

    /** A volume refuses to wait for a client that has ended there or held nothing. */
    private static boolean holdsNothing(List<Reply> replies) {
        return replies.stream()
                .allMatch(r -> r instanceof Reply.Failure || r instanceof Reply.Remembered);
    }

    // ---- commands

    /** Submits a client's command, after the volume has heard of the client. */
    public CompletableFuture<Reply> submit(Session session, VolumeEngine volume, Command command) {
        return submit(session, volume, command, false);
    }

    /**
     * Submits a client's command, after the volume has heard of the client.
     *
     * @param oneOfMany it came with many others, which are to be decided by another thread
     */
    public CompletableFuture<Reply> submit(
            Session session, VolumeEngine volume, Command command, boolean oneOfMany) {
        if (!session.join(volume.name())) {
            return oneOfMany ? volume.submitOneOfMany(command) : volume.submit(command);
        }
        CompletableFuture<Reply> asked = volume.submit(new Command.JoinClient(session.record()));
        CompletableFuture<Reply> result = volume.submit(command);
        return asked.thenCompose(
                reply -> {
                    if (reply instanceof Reply.Failure) {
                        session.forgetJoin(volume.name());
                        return asked;
                    }
                    return result;
                });
    }

    /** The client restates what it holds in a volume. */
    public CompletableFuture<Reply> reattach(
            Session session,
            long incarnation,
            VolumeEngine volume,
            Command.ReattachClient command) {
        if (incarnation != session.record().incarnation()) {
            return CompletableFuture.completedFuture(
                    Reply.Failure.of(
                            Reason.FENCED,
                            "client "
                                    + session.id()
                                    + " belongs to another process start of '"
                                    + session.owner()
                                    + "'"));
        }
        return submit(session, volume, command)
                .thenApply(
                        reply -> {
                            if (reply instanceof Reply.Reattached) {
                                session.settled(volume.name());
                            }
                            return reply;
                        });
    }

    // ---- grace

    /** Told of clients that have to restate what they hold. */
    public interface ReattachListener {
        /** Any thread; must not wait. */
        void reattach(ClientId client, String volume);
    }

    private volatile ReattachListener reattachListener = (client, volume) -> {};

    /** Who tells clients that they must re-attach; the newest counts. */
    public void tellReattach(ReattachListener listener) {
        reattachListener = listener;
    }

    private void reattachWanted(String volume, Collection<ClientId> awaited) {
        for (ClientId id : awaited) {
            Session session = known(id);
            if (session != null && session.ended().isEmpty()) {
                session.owe(volume);
                reattachListener.reattach(id, volume);
            }
        }
    }

    /** Who did not come back in time has expired whole (I10: it may still believe otherwise). */
    private void reattachOver(String volume, Collection<ClientId> back, Collection<ClientId> lost) {
        for (ClientId id : back) {
            Session session = known(id);
            if (session != null) {
                session.settled(volume);
            }
        }
        for (ClientId id : lost) {
            Session session = known(id);
            if (session == null) {
                continue;
            }
            session.settled(volume);
            if (session.end(
                    EndCause.EXPIRED, "it did not re-attach to volume '" + volume + "' in time")) {
                LOG.info("client={} event=expired volume={}", session.id(), volume);
                settle(session, _ -> {});
            }
        }
    }

    private synchronized @Nullable Session known(ClientId id) {
        return byId.get(id);
    }

    /**
     * Sends a command to every volume the client has joined; {@code then} gets all replies, on some
     * volume's thread.
     */
    private void tellAll(Session session, Command command, Consumer<List<Reply>> then) {
        List<CompletableFuture<Reply>> asked = new ArrayList<>();
        for (String name : session.joinedVolumes()) {
            volumes.find(name).ifPresent(volume -> asked.add(volume.submit(command)));
        }
        CompletableFuture<Void> all =
                CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new));
        var _ =
                all.thenRun(
                        () -> then.accept(asked.stream().map(CompletableFuture::join).toList()));
    }
}
