package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Committing one file: flush what was stored, then name it to the server. Called inside the file's
 * gate.
 *
 * <p>Only whole blocks that are filled to the last byte are named, each at the address it was
 * mapped to. A commit of more ranges than one request may name is several: each is all or nothing,
 * in the order of the file.
 */
final class FileCommits {

    private final FileContext context;
    private final LayoutCache layout;

    FileCommits(FileContext context) {
        this.context = context;
        this.layout = context.layout();
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

    /** Makes what was written durable, and leaves it to be committed. */
    void flush() throws IOException {
        checkLost();
        List<Mapping.Piece> pieces = layout.flushPieces(context.blockSize());
        try {
            var _ = flush(pieces);
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
        commitAll(
                layout.commitPieces(context.blockSize()).stream()
                        .filter(piece -> ranges.stream().anyMatch(piece.range()::overlaps))
                        .toList(),
                Why.RECALLED);
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
        for (int from = 0; from < pieces.size(); from += most) {
            List<Mapping.Piece> some = pieces.subList(from, Math.min(from + most, pieces.size()));
            try {
                commit(some);
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
        }
        if (failed != null) {
            throw why == Why.RECALLED ? failed : told(failed);
        }
    }

    private static boolean isPassing(IOException e) {
        return e instanceof OutlayException refused && refused.isPassing();
    }

    private void checkLost() throws OutlayException {
        List<ByteRange> lost = layout.takeLost();
        if (!lost.isEmpty()) {
            throw OutlayException.of(
                    Reason.EXPIRED,
                    words(lost) + ": a grant on it is gone, or its device failed",
                    WRITE_AGAIN);
        }
    }

    private static final String WRITE_AGAIN = "write it again";

    /** The failure, and what is lost by it: it is told once. */
    private IOException told(IOException e) {
        List<ByteRange> lost = isPassing(e) ? List.of() : layout.takeLost();
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
                OutlayException told =
                        OutlayException.of(
                                refused.reason().orElseThrow(),
                                refused.what() + "; " + words(lost),
                                refused.whatToDo().isEmpty() ? WRITE_AGAIN : refused.whatToDo());
                told.initCause(refused);
                yield told;
            }
            default ->
                    new IOException(e.getMessage() + "; " + words(lost) + " - " + WRITE_AGAIN, e);
        };
    }

    private String words(List<ByteRange> lost) {
        return "what was written to file "
                + context.file()
                + " at "
                + lost
                + " and not committed is lost";
    }

    private void commit(List<Mapping.Piece> pieces) throws IOException {
        Durability durability = flush(pieces);
        Stateid stateid = layout.stateid().orElse(null);
        if (stateid == null) {
            // Lost meanwhile; the ranges are among the lost ones.
            return;
        }
        CommitRequest request = request(pieces, durability, stateid);
        CommittedBlocks committed;
        try {
            committed = send(request);
        } catch (OutlayException e) {
            if (isFinal(e)) {
                drop(pieces, e);
            }
            throw e;
        }
        context.serverSize(committed.attributes().sizeBytes());
        pieces.forEach(piece -> layout.settledWrites(piece.range()));
    }

    /** These can never be committed. */
    private void drop(List<Mapping.Piece> pieces, OutlayException why) {
        if (why.is(Reason.BAD_STATEID)) {
            // The layout has ended without a word reaching us.
            layout.clear();
        } else {
            layout.giveUp(pieces.stream().map(Mapping.Piece::range).toList());
        }
    }

    /** A seqid that a re-attach has overtaken is no reason to fail. */
    private CommittedBlocks send(CommitRequest request) throws OutlayException {
        try {
            return context.remote().commitBlocks(context.volume(), request);
        } catch (OutlayException e) {
            Stateid now = layout.stateid().orElse(null);
            if (!e.is(Reason.OLD_STATEID) || now == null || now.equals(request.stateid())) {
                throw e;
            }
            return context.remote().commitBlocks(context.volume(), request.with(now));
        }
    }

    /** Whether the same bytes can never be committed: the server says they are not ours. */
    private static boolean isFinal(OutlayException e) {
        return e.is(Reason.BAD_LAYOUT)
                || e.is(Reason.BAD_STATEID)
                || e.is(Reason.BAD_IOMODE)
                || e.is(Reason.STALE_MAP)
                || e.is(Reason.STALE_FILE)
                || e.is(Reason.DEVICE_MISMATCH);
    }

    /**
     * Makes the pieces durable; the weakest durability of their devices counts.
     *
     * <p>After a failure nobody knows what of the range the storage has kept, so that to flush
     * again proves nothing: all of the pieces is lost, the bytes have to be written again. What was
     * to be seen at once is lost at once.
     */
    private Durability flush(List<Mapping.Piece> pieces) throws IOException {
        Durability weakest = Durability.SYNC_MAPPED;
        Set<Integer> flushed = new HashSet<>();
        try {
            for (Mapping.Piece piece : joined(pieces)) {
                Mapping mapping = piece.mapping();
                if (!flushed.contains(mapping.device())) {
                    ByteRange range = piece.range();
                    Device device = context.device(mapping, range.start(), range.length());
                    Durability reached = flush(device, mapping, range);
                    weakest = reached.atLeast(weakest) ? weakest : reached;
                    if (device.flushesAll()) {
                        flushed.add(mapping.device());
                    }
                }
            }
        } catch (IOException e) {
            if (!isPassing(e)) {
                lose(pieces);
            }
            throw e;
        }
        return weakest;
    }

    private Durability flush(Device device, Mapping mapping, ByteRange range) throws IOException {
        Durability reached = device.flush(mapping.deviceOffset(range.start()), range.length());
        if (!layout.isUnfailed(mapping.device(), device.failedFlushes())) {
            throw new IOException(
                    "cannot flush device %d of volume '%s': a flush of it has failed since this was stored, and the system tells that only once"
                            .formatted(mapping.device(), context.volume()));
        }
        return reached;
    }

    private void lose(List<Mapping.Piece> pieces) {
        List<ByteRange> ranges = new ArrayList<>();
        pieces.forEach(piece -> ranges.add(piece.range()));
        if (pieces.stream().anyMatch(FileCommits::replaces)) {
            // Under a grant that was RW before, nothing tells who wanted that at once.
            layout.commitPieces(context.blockSize()).stream()
                    .filter(FileCommits::replaces)
                    .forEach(piece -> ranges.add(piece.range()));
        }
        layout.giveUp(ranges);
    }

    /** Whether its commit puts other blocks in the place of committed ones. */
    private static boolean replaces(Mapping.Piece piece) {
        return piece.mapping().isUnwritten() && piece.mapping().copiedFrom().isPresent();
    }

    /** Neighbours on the file that are neighbours on the device too are flushed together. */
    private static List<Mapping.Piece> joined(List<Mapping.Piece> pieces) {
        List<Mapping.Piece> joined = new ArrayList<>();
        for (Mapping.Piece piece : pieces) {
            Mapping.Piece last = joined.isEmpty() ? null : joined.getLast();
            if (last != null
                    && last.range().end() == piece.range().start()
                    && last.mapping().isSamePlace(piece.mapping())) {
                joined.set(
                        joined.size() - 1,
                        new Mapping.Piece(
                                new ByteRange(last.range().start(), piece.range().end()),
                                last.mapping()));
            } else {
                joined.add(piece);
            }
        }
        return joined;
    }

    private CommitRequest request(
            List<Mapping.Piece> pieces, Durability durability, Stateid stateid) {
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
        ByteRange all =
                new ByteRange(pieces.getFirst().range().start(), pieces.getLast().range().end());
        return new CommitRequest(
                context.file(),
                stateid,
                ranges,
                layout.epoch(),
                durability,
                lastWritten(all),
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
