package dev.outlay.client;

import dev.outlay.client.device.DeviceException;
import dev.outlay.client.session.Call;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Committing one file: flush what was stored, then name it to the server. Called inside the file's
 * gate.
 *
 * <p>Only whole blocks that are filled to the last byte are named, each at the address it was
 * mapped to. A commit of more ranges than one request may name is several: each is all or nothing,
 * in the order of the file.
 *
 * <p>A commit that puts other blocks in the place of committed ones is answered once their readers
 * have given them back, and a reader may be a client that waits for just that from this one. So the
 * application waits for the answer outside the gate, and a recall, which does not hold up what
 * comes after it by a lock, waits inside, when nothing is left here that others could wait for.
 */
final class FileCommits {

    /** A flush of a range that is as small may be waited for by others. */
    private static final long SMALL_BYTES = 1 << 20;

    private final FileContext context;
    private final LayoutCache layout;
    private final FileFlush flush;

    FileCommits(FileContext context) {
        this.context = context;
        this.layout = context.layout();
        this.flush = new FileFlush(context);
    }

    /**
     * Commits all that was written; without any it asks nobody.
     *
     * @throws OutlayException if some of it is lost, because the grant on it is; or the refusal of
     *     the server, and then what was written remains to be committed unless it never can be
     */
    void commit() throws IOException {
        checkLost();
        commitAll(layout.commitPieces(context.blockSize()), Why.ASKED);
        checkLost();
    }

    /** As {@link #commit}, before everything is given back: what can be saved now is. */
    void commitLast() throws IOException {
        commitAll(layout.commitPieces(context.blockSize()), Why.CLOSING);
        checkLost();
    }

    /** Whether the next commit puts other blocks in the place of committed ones. */
    boolean replaces() {
        return replaces(layout.commitPieces(context.blockSize()));
    }

    /** As {@link #replaces()}, of a commit of what was written in these ranges. */
    boolean replacesWithin(List<ByteRange> ranges) {
        return replaces(piecesOn(ranges));
    }

    private static boolean replaces(List<Mapping.Piece> pieces) {
        return pieces.stream().anyMatch(FileFlush::replaces);
    }

    private List<Mapping.Piece> piecesOn(List<ByteRange> ranges) {
        return layout.commitPieces(context.blockSize()).stream()
                .filter(piece -> ranges.stream().anyMatch(piece.range()::overlaps))
                .toList();
    }

    /** Makes what was written durable, and leaves it to be committed. */
    void flush() throws IOException {
        Mapping.Piece only = layout.onlyFlushPiece(context.blockSize());
        if (only == null) {
            flushPieces();
            return;
        }
        try {
            flush.flush(only, layout::isUnfailed);
        } catch (IOException e) {
            throw told(e);
        }
        layout.flushed(only);
    }

    private void flushPieces() throws IOException {
        checkLost();
        List<Mapping.Piece> pieces = layout.flushPieces(context.blockSize());
        try {
            var _ = flush.flush(pieces, layout::isUnfailed);
        } catch (IOException e) {
            throw told(e);
        }
        layout.flushed(pieces);
    }

    /**
     * Commits what was written in these ranges, because they are to be given back. Nobody of the
     * application hears how this ends: what it loses is told by the next commit.
     */
    void commitWithin(List<ByteRange> ranges) throws IOException {
        commitAll(piecesOn(ranges), Why.RECALLED);
    }

    /** Why a commit is made. */
    private enum Why {
        /** The application wants it; after a failure it may want it again. */
        ASKED,
        /** It is the last one; a failure reaches the application. */
        CLOSING,
        /** It is the last one, and nobody of the application hears how it ends. */
        RECALLED
    }

    private void commitAll(List<Mapping.Piece> pieces, Why why) throws IOException {
        int most = Math.max(1, context.session().limits().getRangesPerCommit());
        if (pieces.size() > most && pieces.stream().anyMatch(p -> p.mapping().isAtomic())) {
            throw OutlayException.of(
                    Reason.TOO_LARGE,
                    pieces.size()
                            + " pieces of file "
                            + context.file()
                            + " are to change all at once, more than one commit may name, "
                            + most,
                    "commit more often");
        }
        IOException failed = null;
        List<Mapping.Piece> rest = pieces;
        while (!rest.isEmpty()) {
            List<Mapping.Piece> some = rest.subList(0, Math.min(most, rest.size()));
            boolean replaces = replaces(some);
            try {
                commit(some, why);
            } catch (IOException e) {
                if (why == Why.RECALLED && !isPassing(e)) {
                    some.forEach(
                            piece -> layout.writtenWithin(piece.range()).forEach(layout::lost));
                }
                if (why == Why.ASKED || isPassing(e)) {
                    throw why == Why.RECALLED ? e : told(e);
                }
                // The others may fare better.
                failed = failed == null ? e : failed;
            }
            rest = rest.subList(some.size(), rest.size());
            if (replaces && !rest.isEmpty()) {
                // Recalls may have committed some of them meanwhile.
                rest = piecesOn(rest.stream().map(Mapping.Piece::range).toList());
            }
        }
        if (failed != null) {
            throw why == Why.RECALLED ? failed : told(failed);
        }
    }

    static boolean isPassing(IOException e) {
        return e instanceof OutlayException refused && refused.isPassing();
    }

    private void checkLost() throws OutlayException {
        List<ByteRange> lost = layout.takeLost();
        if (!lost.isEmpty()) {
            throw lost(lost);
        }
    }

    /** Says that bytes are lost. */
    OutlayException lost(List<ByteRange> lost) {
        return OutlayException.of(
                Reason.EXPIRED,
                words(lost) + ": a grant on it is gone, or its device failed",
                WRITE_AGAIN);
    }

    private static final String WRITE_AGAIN = "write it again";

    /** The failure, and what is lost by it: it is told once. */
    IOException told(IOException e) {
        return told(e, isPassing(e) && !isFull(e) ? List.of() : layout.takeLost());
    }

    /** What was gathered does not outlast this. */
    private static boolean isFull(IOException e) {
        return e instanceof OutlayException refused && refused.is(Reason.NO_SPACE);
    }

    /** A failure, and what is lost by it. */
    IOException told(IOException e, List<ByteRange> lost) {
        if (lost.isEmpty()) {
            return e;
        }
        return switch (e) {
            case DeviceException failed ->
                    failed.with(
                            words(lost)
                                    + ", in whole or in part - see that the device works, then "
                                    + WRITE_AGAIN);
            case OutlayException refused -> {
                String what = refused.what() + "; " + words(lost);
                OutlayException told =
                        refused.reason()
                                .map(reason -> OutlayException.of(reason, what, advice(refused)))
                                .orElseGet(() -> OutlayException.noAnswer(what, WRITE_AGAIN));
                told.initCause(refused);
                yield told;
            }
            default ->
                    new IOException(e.getMessage() + "; " + words(lost) + " - " + WRITE_AGAIN, e);
        };
    }

    /** The same call may succeed, and bring nothing back. */
    private static String advice(OutlayException refused) {
        if (isFull(refused)) {
            return "free space or add a device, then " + WRITE_AGAIN;
        }
        return refused.isPassing() || refused.whatToDo().isEmpty()
                ? WRITE_AGAIN
                : refused.whatToDo();
    }

    private String words(List<ByteRange> lost) {
        return "what was written to file "
                + context.file()
                + " at "
                + lost
                + " and not committed is lost";
    }

    private void commit(List<Mapping.Piece> pieces, Why why) throws IOException {
        Part part = new Part(pieces);
        try {
            send(part);
        } catch (IOException e) {
            if (!isPassing(e)) {
                flush.lose(pieces);
            }
            throw e;
        }
        if (!part.isSent()) {
            // Lost meanwhile; the ranges are among the lost ones.
            return;
        }
        if (!part.replaces) {
            answered(part);
            return;
        }
        context.swaps().sent(pieces, part.over);
        if (why == Why.RECALLED) {
            swapped(part);
        } else {
            context.awaitOutside(() -> swapped(part));
        }
    }

    /** Waits for the answer, and enters it. */
    private Part answered(Part part) throws OutlayException {
        CommittedBlocks committed;
        try {
            committed = part.answer();
        } catch (OutlayException e) {
            if (isFinal(e)) {
                drop(part.pieces, e);
            }
            throw e;
        }
        context.serverSize(committed.attributes().sizeBytes());
        part.settled();
        return part;
    }

    /** As {@link #answered}; who waits for the answer too may have to wait longer. */
    private Part swapped(Part part) throws OutlayException {
        Optional<CompletableFuture<?>> underWay = Optional.empty();
        try {
            return answered(part);
        } catch (OutlayException e) {
            underWay = e.underWay();
            throw e;
        } finally {
            part.over(underWay);
        }
    }

    /**
     * Together with others, where they can share something; a large flush that is for nobody else
     * holds up nobody else.
     */
    private void send(Part part) throws IOException {
        if (part.sharesFlush() || Mapping.Piece.bytes(part.pieces) <= SMALL_BYTES) {
            context.commit(part);
        } else {
            var _ = part.send(part.flush(new HashSet<>()));
        }
    }

    /** What is flushed and committed at once. */
    private final class Part implements SharedCommits.Part {
        private final List<Mapping.Piece> pieces;
        private final boolean replaces;

        /** These are set by the thread that sends, before it tells anybody that it has. */
        private @Nullable CommitRequest request;

        private @Nullable Call call;

        /** Done once the answer is entered, or there will be none. */
        private final CompletableFuture<Void> over = new CompletableFuture<>();

        private boolean settled;

        Part(List<Mapping.Piece> pieces) {
            this.pieces = pieces;
            this.replaces = FileCommits.replaces(pieces);
        }

        boolean sharesFlush() throws IOException {
            for (Mapping.Piece piece : pieces) {
                if (!flush.device(piece).flushesAll()) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public Durability flush(Set<Integer> flushed) throws IOException {
            return flush.makeDurable(pieces, layout::isUnfailed, flushed);
        }

        @Override
        public Optional<CompletableFuture<?>> send(Durability reached) {
            Stateid stateid = layout.stateid().orElse(null);
            if (stateid == null) {
                return Optional.empty();
            }
            CommitRequest fresh =
                    request(pieces, reached, stateid, lastWritten(Mapping.Piece.around(pieces)));
            Call sent = sent(fresh);
            request = fresh;
            call = sent;
            return replaces ? Optional.empty() : Optional.of(sent.future());
        }

        boolean isSent() {
            return call != null;
        }

        /** A seqid that a re-attach has overtaken is no reason to fail. */
        CommittedBlocks answer() throws OutlayException {
            CommitRequest sent = Objects.requireNonNull(request, "sent");
            try {
                return context.remote().committed(Objects.requireNonNull(call, "sent"));
            } catch (OutlayException e) {
                Stateid now = layout.stateid().orElse(null);
                if (!e.is(Reason.OLD_STATEID) || now == null || now.equals(sent.stateid())) {
                    throw e;
                }
                return context.remote().committed(sent(sent.with(now)));
            }
        }

        /** Where others wait for the answer, it is entered as soon as it comes. */
        private Call sent(CommitRequest ask) {
            Call sent = context.remote().commit(context.volume(), ask);
            if (replaces) {
                var _ =
                        sent.future()
                                .thenAccept(
                                        _ -> {
                                            settled();
                                            over.complete(null);
                                        });
            }
            return sent;
        }

        /** What it covers is committed: entered once, by whoever has the answer first. */
        synchronized void settled() {
            if (!settled) {
                settled = true;
                pieces.forEach(piece -> layout.settledWrites(piece.range()));
            }
        }

        /**
         * Nobody waits for the answer here any more.
         *
         * @param underWay what may still be answered
         */
        void over(Optional<CompletableFuture<?>> underWay) {
            if (underWay.isEmpty()) {
                over.complete(null);
                return;
            }
            var _ =
                    underWay.get()
                            .whenComplete(
                                    (_, failure) -> {
                                        // What succeeds is entered first.
                                        if (failure != null) {
                                            over.complete(null);
                                        }
                                    });
        }
    }

    /** These can never be committed. */
    void drop(List<Mapping.Piece> pieces, OutlayException why) {
        if (why.is(Reason.BAD_STATEID)) {
            // The layout has ended without a word reaching us.
            layout.clear();
        } else {
            layout.giveUp(pieces.stream().map(Mapping.Piece::range).toList());
        }
    }

    /** Whether the same bytes can never be committed: the server says they are not ours. */
    static boolean isFinal(OutlayException e) {
        return e.is(Reason.BAD_LAYOUT)
                || e.is(Reason.BAD_STATEID)
                || e.is(Reason.BAD_IOMODE)
                || e.is(Reason.STALE_MAP)
                || e.is(Reason.STALE_FILE)
                || e.is(Reason.DEVICE_MISMATCH);
    }

    CommitRequest request(
            List<Mapping.Piece> pieces,
            Durability durability,
            Stateid stateid,
            OptionalLong lastWritten) {
        List<CommitRequest.Range> ranges = new ArrayList<>();
        Map<Integer, Long> incarnations = new TreeMap<>();
        for (Mapping.Piece piece : pieces) {
            Mapping mapping = piece.mapping();
            ranges.add(
                    new CommitRequest.Range(
                            piece.range().start(),
                            piece.range().length(),
                            mapping.device(),
                            mapping.deviceOffset(piece.range().start())));
            incarnations.put(mapping.device(), context.access().incarnation(mapping.device()));
        }
        return new CommitRequest(
                context.file(),
                stateid,
                ranges,
                layout.epoch(),
                durability,
                lastWritten,
                OptionalLong.empty(),
                incarnations);
    }

    /**
     * The last byte that the application wrote there; the filling around it is no part of the file.
     */
    private OptionalLong lastWritten(ByteRange range) {
        List<ByteRange> written = layout.writtenWithin(range);
        return written.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(written.getLast().end() - 1);
    }
}
