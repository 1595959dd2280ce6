package dev.outlay.server.engine;

import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One client as the server knows it while it runs: its lease and the volumes it has joined. Every
 * field but those volumes is guarded by the session's own lock, which is never held while waiting.
 */
public final class Session {

    private final ClientRecord record;
    private final Set<String> joined = ConcurrentHashMap.newKeySet();
    private final Set<String> unanswered = new TreeSet<>();
    private final Set<String> owed = new TreeSet<>();
    private long deadlineNanos;
    private boolean lapsed;
    private boolean unsettled;
    private boolean endUntold;
    private @Nullable EndCause ended;
    private String endedWhy = "";
    private CompletableFuture<Void> lapse = CompletableFuture.completedFuture(null);
    private CompletableFuture<Boolean> revival = CompletableFuture.completedFuture(true);

    Session(ClientRecord record, long deadlineNanos) {
        this.record = record;
        this.deadlineNanos = deadlineNanos;
    }

    public ClientId id() {
        return record.id();
    }

    public String owner() {
        return record.owner();
    }

    public String principal() {
        return record.principal();
    }

    public long leaseMillis() {
        return record.leaseMillis();
    }

    ClientRecord record() {
        return record;
    }

    /** How long after the receipt of a message the server may act: lease and longest I/O. */
    private long patienceNanos() {
        return (record.leaseMillis() + record.maxIoMillis()) * 1_000_000;
    }

    /**
     * Counts the lease from {@code receivedNanos}; false if a recall is overdue, if a re-attach is
     * owed, or if it has lapsed or ended and other steps are needed.
     */
    synchronized boolean extend(long receivedNanos) {
        if (lapsed || ended != null || !unanswered.isEmpty() || !owed.isEmpty()) {
            return false;
        }
        deadlineNanos = Math.max(deadlineNanos, receivedNanos + patienceNanos());
        return true;
    }

    /** Whether the lease may be renewed as far as {@code volume} is concerned. */
    synchronized void allowRenewals(String volume, boolean allowed) {
        if (allowed) {
            unanswered.remove(volume);
        } else {
            unanswered.add(volume);
        }
    }

    /** Whether a recall is overdue somewhere, so that nothing renews the lease. */
    synchronized boolean owesRecall() {
        return !unanswered.isEmpty();
    }

    synchronized long deadlineNanos() {
        return deadlineNanos;
    }

    /**
     * Whether the lease is over at {@code nowNanos}; from then on what is held is courtesy. True
     * once.
     */
    synchronized boolean lapseIfDue(long nowNanos) {
        if (lapsed || nowNanos < deadlineNanos) {
            return false;
        }
        lapsed = true;
        return true;
    }

    /** Whether some volume has not taken the end or the lapse of this client yet. */
    synchronized boolean isUnsettled() {
        return unsettled || endUntold;
    }

    synchronized void unsettled(boolean still) {
        unsettled = still;
    }

    /** Whether some volume has not taken yet that the client was superseded or revoked. */
    synchronized boolean isEndUntold() {
        return endUntold;
    }

    synchronized void endUntold(boolean still) {
        endUntold = still;
    }

    /** Whether its lease is over, so that what it holds is courtesy. */
    public synchronized boolean hasLapsed() {
        return lapsed;
    }

    synchronized boolean isLapsed() {
        return lapsed;
    }

    /** The lease runs again; a volume that has not heard of its end yet need not hear of it. */
    synchronized void revived(long receivedNanos) {
        lapsed = false;
        unsettled = false;
        deadlineNanos = receivedNanos + patienceNanos();
    }

    /**
     * Begins to tell the volumes that the lease is over; empty if it is not over any more, or is
     * being revived. A volume hears of one or the other: told of the end behind the revival, it
     * would give up what the client has just been told that it keeps.
     */
    synchronized Optional<CompletableFuture<Void>> beginLapse() {
        if (!lapsed || !revival.isDone()) {
            return Optional.empty();
        }
        lapse = new CompletableFuture<>();
        return Optional.of(lapse);
    }

    /** Completes once the volumes have answered what {@link #beginLapse} began last. */
    synchronized CompletableFuture<Void> lapse() {
        return lapse;
    }

    /**
     * Begins to revive a lapsed lease; empty if that is under way, or if the volumes are just being
     * told that it is over, and {@link #revival} tells how it ends.
     */
    synchronized Optional<CompletableFuture<Boolean>> beginRevival() {
        if (!revival.isDone()) {
            return Optional.empty();
        }
        if (!lapse.isDone()) {
            revival = CompletableFuture.completedFuture(false);
            return Optional.empty();
        }
        revival = new CompletableFuture<>();
        return Optional.of(revival);
    }

    /** How the newest revival ends: whether everything was still held. */
    synchronized CompletableFuture<Boolean> revival() {
        return revival;
    }

    public synchronized Optional<EndCause> ended() {
        return Optional.ofNullable(ended);
    }

    /** Ends the session; false if it had ended before. */
    synchronized boolean end(EndCause cause) {
        return end(cause, "");
    }

    /** As {@link #end(EndCause)}, with a reason for the client. */
    synchronized boolean end(EndCause cause, String why) {
        if (ended != null) {
            return false;
        }
        ended = cause;
        endedWhy = why;
        return true;
    }

    /** Why it has ended, for its client; empty if the cause says all. */
    synchronized String endedWhy() {
        return endedWhy;
    }

    // ---- re-attach

    /**
     * The volume has lost what the client holds there beside the journal: until the client has
     * restated it, its lease is not renewed.
     */
    synchronized void owe(String volume) {
        joined.add(volume);
        owed.add(volume);
    }

    /** The client has restated what it holds in the volume. */
    synchronized void settled(String volume) {
        owed.remove(volume);
    }

    /** The volumes that wait for this client's re-attach, by name. */
    public synchronized List<String> owed() {
        return List.copyOf(owed);
    }

    /** Marks the volume as joined; false if it was already. */
    boolean join(String volume) {
        return !joined.contains(volume) && joined.add(volume);
    }

    void forgetJoin(String volume) {
        joined.remove(volume);
    }

    /** By rising name. */
    public List<String> joinedVolumes() {
        return joined.stream().sorted().toList();
    }
}
