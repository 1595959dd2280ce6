package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Commits of one file that go on by themselves, while the file is written further.
 *
 * <p>A commit takes what it covers out of what was written when it is asked for. One thread at a
 * time makes such commits durable, and sends each without waiting for the answer, so that the next
 * is made durable meanwhile; all that is asked for while it is at one goes together in the next.
 * What is stored again to blocks under way counts as written anew, for a further commit: those
 * blocks are filled, so what others may come to see of it in between is the file's own, as after
 * any store in place. What a commit does not settle comes back when it is over.
 *
 * <p>A commit names blocks as they were granted: whoever gives blocks up, or has to know that
 * nothing is under way, {@linkplain #settle settles} first, inside the file's gate, where no
 * further commit begins. It waits for no free thread: what nobody has begun it does itself.
 */
final class CommitsAhead {

    /** With so many on their way, further ones are put together. */
    private static final int MOST_UNANSWERED = 4;

    private final FileContext context;
    private final LayoutCache layout;
    private final FileCommits commits;
    private final FileFlush flush;

    /** Begun and not over, in order. */
    private final Deque<Turn> underWay = new ArrayDeque<>();

    /** Asked for and not begun. */
    private @Nullable Turn next;

    private boolean flushing;
    private volatile boolean idle = true;

    /** One commit, of all who asked for it before it began. Guarded by the outer object. */
    private static final class Turn {
        private final WrittenBytes.Taken taken = new WrittenBytes.Taken();
        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private final CompletableFuture<Void> told = new CompletableFuture<>();

        /** Requests without an answer; to make it durable and send them counts as one. */
        private int unanswered = 1;

        private @Nullable IOException failure;
    }

    CommitsAhead(FileContext context) {
        this.context = context;
        this.layout = context.layout();
        this.commits = new FileCommits(context);
        this.flush = new FileFlush(context);
    }

    /**
     * Begins to commit all that was written. Inside the file's gate.
     *
     * @return completes when that, and all that was under way before, is committed; fails if
     *     something of it is not
     */
    CompletableFuture<Void> begin() {
        CompletableFuture<Void> told;
        synchronized (this) {
            Turn turn = next == null ? asked() : next;
            layout.take(turn.taken);
            told = turn.told.copy();
        }
        context.work(this::run);
        return told;
    }

    private Turn asked() {
        Turn turn = new Turn();
        next = turn;
        idle = false;
        CompletableFuture<?>[] all = new CompletableFuture<?>[underWay.size() + 1];
        int i = 0;
        for (Turn before : underWay) {
            all[i++] = before.over;
        }
        all[i] = turn.over;
        // What depends on it may be anything, and is not to hold up answers.
        var _ =
                CompletableFuture.allOf(all)
                        .whenComplete((_, failure) -> context.work(() -> tell(turn, failure)));
        return turn;
    }

    private static void tell(Turn turn, @Nullable Throwable failure) {
        if (failure == null) {
            turn.told.complete(null);
        } else {
            turn.told.completeExceptionally(cause(failure));
        }
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
        return cause == null ? failure : cause;
    }

    /**
     * Waits until nothing is under way any more. Inside the file's gate.
     *
     * @throws OutlayException if the answer to something does not come in time
     */
    void settle() throws OutlayException {
        while (!idle) {
            run();
            Turn oldest;
            synchronized (this) {
                oldest = underWay.peekFirst();
            }
            if (oldest != null) {
                context.session().settle(oldest.over);
            }
        }
    }

    // ---- one after the other

    /** Begins what has not begun, unless somebody else is at it, or too much is unanswered. */
    private void run() {
        for (Turn turn = beginNext(); turn != null; turn = beginNext()) {
            try {
                flushAndSend(turn);
            } finally {
                synchronized (this) {
                    flushing = false;
                }
                answered(turn);
            }
        }
    }

    private synchronized @Nullable Turn beginNext() {
        Turn turn = next;
        if (turn == null || flushing || underWay.size() >= MOST_UNANSWERED) {
            return null;
        }
        next = null;
        flushing = true;
        underWay.addLast(turn);
        return turn;
    }

    private void flushAndSend(Turn turn) {
        int most = Math.max(1, context.session().limits().getRangesPerCommit());
        List<Mapping.Piece> pieces = layout.pieces(turn.taken, context.blockSize());
        try {
            for (int from = 0; from < pieces.size(); from += most) {
                List<Mapping.Piece> some =
                        pieces.subList(from, Math.min(from + most, pieces.size()));
                Durability durability =
                        flush.flush(
                                some,
                                (device, failed) -> layout.isUnfailed(turn.taken, device, failed));
                send(turn, some, durability);
            }
        } catch (IOException e) {
            failed(turn, e);
        }
    }

    private void send(Turn turn, List<Mapping.Piece> pieces, Durability durability) {
        Optional<Stateid> stateid = layout.stateid();
        OptionalLong end = layout.end(turn.taken, Mapping.Piece.around(pieces));
        if (stateid.isEmpty() || end.isEmpty()) {
            // Lost meanwhile.
            return;
        }
        synchronized (this) {
            turn.unanswered++;
        }
        send(
                turn,
                pieces,
                commits.request(
                        pieces, durability, stateid.get(), OptionalLong.of(end.getAsLong() - 1)));
    }

    private void send(Turn turn, List<Mapping.Piece> pieces, CommitRequest request) {
        var _ =
                context.remote()
                        .commitBlocksAhead(context.volume(), request)
                        .whenComplete(
                                (committed, failure) -> {
                                    boolean over = true;
                                    try {
                                        if (failure == null) {
                                            committed(turn, pieces, committed);
                                        } else {
                                            over = refused(turn, pieces, request, failure);
                                        }
                                    } finally {
                                        if (over) {
                                            answered(turn);
                                        }
                                    }
                                });
    }

    private void committed(Turn turn, List<Mapping.Piece> pieces, CommittedBlocks answer) {
        context.serverSize(answer.attributes().sizeBytes());
        pieces.forEach(piece -> layout.settledWrites(turn.taken, piece.range()));
    }

    /** Returns false if it is sent anew: a seqid that was overtaken is no reason to fail. */
    private boolean refused(
            Turn turn, List<Mapping.Piece> pieces, CommitRequest request, Throwable failure) {
        OutlayException why = refusal(cause(failure));
        Optional<Stateid> now = layout.stateid();
        if (why.is(Reason.OLD_STATEID) && now.isPresent() && !now.get().equals(request.stateid())) {
            send(turn, pieces, request.with(now.get()));
            return false;
        }
        if (FileCommits.isFinal(why)) {
            commits.drop(pieces, why);
        }
        failed(turn, why);
        return true;
    }

    private static OutlayException refusal(Throwable failure) {
        if (failure instanceof OutlayException refused) {
            return refused.again();
        }
        OutlayException senseless =
                OutlayException.of(
                        Reason.INTERNAL,
                        "the answer to a commit makes no sense: " + failure.getMessage());
        senseless.initCause(failure);
        return senseless;
    }

    private synchronized void failed(Turn turn, IOException why) {
        turn.failure = turn.failure == null ? why : turn.failure;
    }

    /** One thing less is to be waited for. */
    private void answered(Turn turn) {
        boolean settled;
        List<ByteRange> lost;
        boolean more;
        synchronized (this) {
            if (--turn.unanswered > 0) {
                return;
            }
            settled = layout.isSettled(turn.taken);
            lost = layout.over(turn.taken);
            underWay.remove(turn);
            more = next != null;
            idle = underWay.isEmpty() && !more;
        }
        IOException failure = failure(turn, settled, lost);
        if (failure == null) {
            turn.over.complete(null);
        } else {
            turn.over.completeExceptionally(failure);
        }
        if (more) {
            context.work(this::run);
        }
    }

    private @Nullable IOException failure(Turn turn, boolean settled, List<ByteRange> lost) {
        IOException why = turn.failure;
        if (why != null && !FileCommits.isPassing(why)) {
            return commits.told(why, lost);
        }
        if (!lost.isEmpty()) {
            return commits.lost(lost);
        }
        if (why == null && !settled) {
            return OutlayException.of(Reason.INTERNAL, "a commit came to nothing", "commit again");
        }
        return why;
    }
}
