package dev.outlay.server.rpc;

import dev.outlay.core.value.ClientId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** The streams that are open, and which of them speaks for a client: the newest. Any thread. */
final class SessionStreams {
    private final Set<SessionStream> open = ConcurrentHashMap.newKeySet();
    private final Map<ClientId, SessionStream> byClient = new ConcurrentHashMap<>();
    private volatile boolean stopping;

    void begun(SessionStream stream) {
        open.add(stream);
        if (stopping) {
            stream.stop();
        }
    }

    /** From now on {@code stream} speaks for the client; an older one ends. */
    void bound(ClientId client, SessionStream stream) {
        SessionStream older = byClient.put(client, stream);
        if (older != null && older != stream) {
            older.supersede();
        }
    }

    /** Tells the client, if it has a stream, that it must re-attach to the volume. */
    void reattach(ClientId client, String volume) {
        SessionStream stream = byClient.get(client);
        if (stream != null) {
            stream.reattach(volume);
        }
    }

    void ended(Optional<ClientId> client, SessionStream stream) {
        open.remove(stream);
        client.ifPresent(id -> byClient.remove(id, stream));
    }

    /** Tells every stream that the server stops; completes when all have ended. */
    CompletableFuture<Void> stop() {
        stopping = true;
        SessionStream[] now = open.toArray(SessionStream[]::new);
        CompletableFuture<?>[] ends = new CompletableFuture<?>[now.length];
        for (int i = 0; i < now.length; i++) {
            ends[i] = now[i].whenEnded();
            now[i].stop();
        }
        return CompletableFuture.allOf(ends);
    }
}
