package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to its answer, over as many messages and connections as that takes. All
 * but the future is guarded by the session's lock.
 */
public final class Call {

    /** What becomes of a call when its stream breaks. */
    enum Kind {
        /** Opens or attaches the session: sent first, not repeated. */
        HANDSHAKE,
        /** Restates layouts: sent before all others, not repeated. */
        REATTACH,
        /** Renews when nothing else does: not repeated. */
        KEEPALIVE,
        /** Repeated on the next stream. */
        ORDINARY
    }

    /** Follows a call from attempt to attempt. */
    public interface Attempts {
        /** It is about to be sent; with the session's lock held. */
        void sending();

        /** It was refused and will be sent again; with the session's lock held. */
        void refused();

        /** As {@link #refused}, later, without the lock. */
        void afterRefusal();
    }

    private static final Attempts NOBODY =
            new Attempts() {
                @Override
                public void sending() {
                    // Nobody follows.
                }

                @Override
                public void refused() {
                    // Nobody follows.
                }

                @Override
                public void afterRefusal() {
                    // Nobody follows.
                }
            };

    private final Kind kind;
    private final Optional<String> volume;
    private final Function<OperationHeader, Request.Builder> body;
    private final Consumer<Reply> onReply;
    private final long deadlineNanos;
    private final CompletableFuture<Reply> future = new CompletableFuture<>();

    private Attempts attempts = NOBODY;
    private @Nullable Request request;
    private long operationId;
    private long firstSentNanos;
    private boolean sent;
    private int refusals;
    private int sessionRefusals;

    private Call(
            Kind kind,
            Optional<String> volume,
            Function<OperationHeader, Request.Builder> body,
            Consumer<Reply> onReply,
            long deadlineNanos) {
        this.kind = kind;
        this.volume = volume;
        this.body = body;
        this.onReply = onReply;
        this.deadlineNanos = deadlineNanos;
    }

    /** A request that changes nothing in a volume, and needs no operation id. */
    static Call plain(Kind kind, Request.Builder body, Consumer<Reply> onReply, long deadline) {
        return new Call(kind, Optional.empty(), _ -> body, onReply, deadline);
    }

    /** A request under an operation id of its volume. */
    static Call mutation(
            String volume,
            Function<OperationHeader, Request.Builder> body,
            Consumer<Reply> onReply,
            long deadline) {
        return new Call(Kind.ORDINARY, Optional.of(volume), body, onReply, deadline);
    }

    /** The same, followed by {@code by}. */
    Call followed(Attempts by) {
        attempts = by;
        return this;
    }

    Attempts attempts() {
        return attempts;
    }

    /** The reply, without an error; or {@link OutlayException}. */
    public CompletableFuture<Reply> future() {
        return future;
    }

    /** Until when it is worth repeating. */
    long deadlineNanos() {
        return deadlineNanos;
    }

    Kind kind() {
        return kind;
    }

    /** The volume whose operation id it takes. */
    Optional<String> volume() {
        return volume;
    }

    /** Whether it has what it needs to be sent. */
    boolean isPrepared() {
        return request != null;
    }

    /** Fixes what is sent, this time and every further time. */
    void prepare(OperationHeader header) {
        operationId = header.getOperationId();
        request = body.apply(header).build();
    }

    Request request() {
        if (request == null) {
            throw new IllegalStateException("not prepared");
        }
        return request;
    }

    long operationId() {
        return operationId;
    }

    /** It goes out now. */
    void sending(long nowNanos) {
        if (!sent) {
            sent = true;
            attempts.sending();
            firstSentNanos = nowNanos;
        }
    }

    boolean isSent() {
        return sent;
    }

    /** When the message that the next answer is to was first sent. */
    long firstSentNanos() {
        return firstSentNanos;
    }

    /**
     * The server has answered that it should come again: the next message is a new one, and the
     * lease is counted from that.
     */
    int refused() {
        sent = false;
        attempts.refused();
        return ++refusals;
    }

    /** As {@link #refused}, because the session was not known. */
    int sessionRefused() {
        sent = false;
        attempts.refused();
        return ++sessionRefusals;
    }

    /** The answer. Called without the session's lock. */
    void succeed(Reply reply) {
        try {
            onReply.accept(reply);
            future.complete(reply);
        } catch (RuntimeException e) {
            future.completeExceptionally(e);
        }
    }

    /** There will be no answer, or a refusal. Called without the session's lock. */
    void fail(OutlayException why) {
        future.completeExceptionally(why);
    }

    /** The file it asks to map; 0: it is no request for a grant. */
    long mapsFile() {
        return request != null && request.hasMapBlocks() ? request.getMapBlocks().getFileId() : 0;
    }

    /** What is asked for, for messages. */
    String name() {
        return request == null
                ? "a request"
                : request.getBodyCase().name().toLowerCase(java.util.Locale.ROOT);
    }
}
