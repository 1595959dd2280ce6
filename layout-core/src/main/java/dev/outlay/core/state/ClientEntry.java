package dev.outlay.core.state;

import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A client as the volume knows it: who it is, whether it has ended, the answers kept for its
 * retries, where it holds layouts.
 */
public final class ClientEntry {

    final ClientRecord record;
    @Nullable EndCause ended;
    boolean lapsed;
    boolean reattached;
    long answeredThrough;
    long durablyAnsweredThrough;
    final KeptAnswers durableAnswers = new KeptAnswers();
    final KeptAnswers volatileAnswers = new KeptAnswers();
    final TreeSet<FileId> files = new TreeSet<>();
    final NavigableMap<Long, Recall> recalls = new TreeMap<>();

    ClientEntry(ClientRecord record) {
        this.record = record;
    }

    public ClientRecord record() {
        return record;
    }

    public Optional<EndCause> ended() {
        return Optional.ofNullable(ended);
    }

    /** Whether its lease is over: what it holds stands until somebody needs it. */
    public boolean isLapsed() {
        return lapsed;
    }

    /** Whether it has been heard of since the server started. */
    public boolean isReattached() {
        return reattached;
    }

    /** Operations up to this one will never be executed again. */
    public long answeredThrough() {
        return answeredThrough;
    }

    public Optional<Reply.Kept> answer(long operationId) {
        Reply.Kept durable = durableAnswers.get(operationId);
        return Optional.ofNullable(durable != null ? durable : volatileAnswers.get(operationId));
    }

    /** How many answers are kept once the client has acknowledged those up to {@code through}. */
    public int outstandingAfter(long through) {
        long acknowledged = Math.max(answeredThrough, through);
        return durableAnswers.after(acknowledged) + volatileAnswers.after(acknowledged);
    }

    /** Files on which it holds a layout; a view, to be read before anything is applied. */
    public Set<FileId> files() {
        return Collections.unmodifiableSet(files);
    }

    /** What it has been asked to give back and has not, the oldest first. */
    public Collection<Recall> recalls() {
        return recalls.isEmpty() ? List.of() : Collections.unmodifiableCollection(recalls.values());
    }

    public Optional<Recall> recall(long id) {
        return Optional.ofNullable(recalls.get(id));
    }

    /** The open recall of ranges of this file. */
    public Optional<Recall> recallOf(FileId file) {
        if (recalls.isEmpty()) {
            return Optional.empty();
        }
        return recalls.values().stream()
                .filter(
                        r ->
                                r.scope() instanceof RecallScope.Ranges scope
                                        && scope.file().equals(file))
                .findFirst();
    }

    /** Whether a recall is overdue: its lease is not to be renewed. */
    public boolean isOverdue() {
        return recalls.values().stream().anyMatch(Recall::overdue);
    }

    void acknowledge(long through) {
        answeredThrough = Math.max(answeredThrough, through);
        volatileAnswers.removeThrough(answeredThrough);
    }

    void keep(long operationId, long through, Reply.Kept reply, boolean durable) {
        acknowledge(through);
        if (durable) {
            durablyAnsweredThrough = Math.max(durablyAnsweredThrough, through);
            durableAnswers.removeThrough(durablyAnsweredThrough);
            durableAnswers.put(operationId, reply);
        } else {
            volatileAnswers.put(operationId, reply);
        }
    }
}
