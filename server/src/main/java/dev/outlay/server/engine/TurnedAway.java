package dev.outlay.server.engine;

import dev.outlay.core.VolumeState;
import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The operations that were refused READ_ONLY. Who is told that gives up and goes on with the bytes
 * it had meant to commit, so no late copy of the request may be done once the volume takes changes
 * again: it gets the same answer. Kept beside the state, which may be missing while a volume is
 * read-only, and which forgets what was not durable when it is read back.
 *
 * <p>Bounded: a client is refused RESOURCE_EXHAUSTED, which is not final, once as many of its
 * refusals are kept as it may have operations outstanding. Not for concurrent use.
 */
final class TurnedAway {

    private static final class OfClient {
        /** What the client has acknowledged in requests that were refused. */
        private long through;

        private final NavigableMap<Long, Reply.Failure> later = new TreeMap<>();
    }

    private final int mostOfClient;
    private final Map<ClientId, OfClient> clients = new HashMap<>();

    TurnedAway(int mostOfClient) {
        this.mostOfClient = mostOfClient;
    }

    boolean isEmpty() {
        return clients.isEmpty();
    }

    /** What {@code mutation} was answered before, if it was turned away. */
    Optional<Reply.Failure> answer(Command.Mutation mutation) {
        Origin origin = mutation.origin();
        OfClient known = clients.get(origin.client());
        if (known == null) {
            return Optional.empty();
        }
        if (origin.operationId() <= known.through) {
            return Optional.of(
                    Reply.Failure.of(
                            Reason.EXPIRED,
                            "operation "
                                    + origin.operationId()
                                    + " is answered and forgotten: the client has acknowledged all"
                                    + " through "
                                    + known.through));
        }
        return Optional.ofNullable(known.later.get(origin.operationId()));
    }

    /** Turns {@code mutation} away with {@code why}, and says what it is to be answered. */
    Reply.Failure add(Command.Mutation mutation, Reply.Failure why) {
        Origin origin = mutation.origin();
        OfClient known = clients.computeIfAbsent(origin.client(), _ -> new OfClient());
        known.through = Math.max(known.through, origin.answeredThrough());
        known.later.headMap(known.through, true).clear();
        if (known.later.size() >= mostOfClient) {
            return new Reply.Failure(
                    Reason.RESOURCE_EXHAUSTED,
                    known.later.size()
                            + " answers wait to be acknowledged by answered_through, no more are"
                            + " kept; "
                            + why.message(),
                    why.retryAfterMillis());
        }
        known.later.put(origin.operationId(), why);
        return why;
    }

    /**
     * Forgets what {@code state} answers by itself, of the clients that ask for something in {@code
     * batch}: they have acknowledged it, or have ended.
     */
    void forget(VolumeState state, Collection<Submission> batch) {
        for (Submission submission : batch) {
            if (clients.isEmpty()) {
                return;
            }
            if (submission.command() instanceof Command.Mutation mutation) {
                clients.computeIfPresent(
                        mutation.origin().client(), (client, known) -> left(state, client, known));
            }
        }
    }

    /** As {@link #forget(VolumeState, Collection)}, of all clients. */
    void forget(VolumeState state) {
        clients.entrySet().removeIf(e -> left(state, e.getKey(), e.getValue()) == null);
    }

    private static @Nullable OfClient left(VolumeState state, ClientId client, OfClient known) {
        ClientEntry entry = state.tables().client(client);
        if (entry == null || entry.ended().isPresent()) {
            return null;
        }
        known.later.headMap(entry.answeredThrough(), true).clear();
        return known.later.isEmpty() && known.through <= entry.answeredThrough() ? null : known;
    }
}
