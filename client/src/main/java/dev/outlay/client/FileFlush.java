package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Making durable what was stored in one file. Called inside the file's gate, or by whoever makes
 * the commits of several files while their owners wait inside.
 */
final class FileFlush {

    private final FileContext context;
    private final LayoutCache layout;

    FileFlush(FileContext context) {
        this.context = context;
        this.layout = context.layout();
    }

    /** Whether no flush of a device has failed since the stores that are made durable. */
    @FunctionalInterface
    interface Unfailed {
        /** Whether that is so, if {@code failed} flushes of the device have failed by now. */
        boolean test(int device, long failed);
    }

    /**
     * Makes the pieces durable; the weakest durability of their devices counts.
     *
     * <p>After a failure nobody knows what of the range the storage has kept, so that to flush
     * again proves nothing: all of the pieces is lost, the bytes have to be written again. What was
     * to be seen at once is lost at once.
     *
     * @param stored tells whether a flush of a device has failed since they were stored
     */
    Durability flush(List<Mapping.Piece> pieces, Unfailed stored) throws IOException {
        try {
            return makeDurable(pieces, stored, new HashSet<>());
        } catch (IOException e) {
            if (!FileCommits.isPassing(e)) {
                lose(pieces);
            }
            throw e;
        }
    }

    /** As {@link #flush(List, Unfailed)}, of one piece. */
    void flush(Mapping.Piece piece, Unfailed stored) throws IOException {
        try {
            Device device = device(piece);
            var _ = flush(device, piece);
            checkUnfailed(device, piece.mapping().device(), stored);
        } catch (IOException e) {
            if (!FileCommits.isPassing(e)) {
                lose(List.of(piece));
            }
            throw e;
        }
    }

    /**
     * As {@link #flush(List, Unfailed)}, but nothing is lost by a failure yet.
     *
     * @param flushed devices of which all is durable already; takes those of which it is now
     */
    Durability makeDurable(List<Mapping.Piece> pieces, Unfailed stored, Set<Integer> flushed)
            throws IOException {
        Durability weakest = Durability.SYNC_MAPPED;
        for (Mapping.Piece piece : joined(pieces)) {
            Device device = device(piece);
            int index = piece.mapping().device();
            Durability reached = device.durability();
            if (!flushed.contains(index)) {
                reached = flush(device, piece);
                if (device.flushesAll()) {
                    flushed.add(index);
                }
            }
            checkUnfailed(device, index, stored);
            weakest = reached.atLeast(weakest) ? weakest : reached;
        }
        return weakest;
    }

    /** Where a piece lies. */
    Device device(Mapping.Piece piece) throws IOException {
        ByteRange range = piece.range();
        return context.device(piece.mapping(), range.start(), range.length());
    }

    private static Durability flush(Device device, Mapping.Piece piece) throws IOException {
        ByteRange range = piece.range();
        return device.flush(piece.mapping().deviceOffset(range.start()), range.length());
    }

    private void checkUnfailed(Device device, int index, Unfailed stored) throws IOException {
        long failed = device.failedFlushes();
        if (failed > 0 && !stored.test(index, failed)) {
            throw new IOException(
                    "cannot flush device %d of volume '%s': a flush of it has failed since this was stored, and the system tells that only once"
                            .formatted(index, context.volume()));
        }
    }

    /** What is not durable, and never will be. */
    void lose(List<Mapping.Piece> pieces) {
        List<ByteRange> ranges = new ArrayList<>();
        pieces.forEach(piece -> ranges.add(piece.range()));
        if (pieces.stream().anyMatch(FileFlush::replaces)) {
            // Under a grant that was RW before, nothing tells who wanted that at once.
            layout.commitPieces(context.blockSize()).stream()
                    .filter(FileFlush::replaces)
                    .forEach(piece -> ranges.add(piece.range()));
        }
        layout.giveUp(ranges);
    }

    /** Whether its commit puts other blocks in the place of committed ones. */
    static boolean replaces(Mapping.Piece piece) {
        return piece.mapping().isUnwritten() && piece.mapping().copiedFrom().isPresent();
    }

    /** Neighbours on the file that are neighbours on the device too are flushed together. */
    private static List<Mapping.Piece> joined(List<Mapping.Piece> pieces) {
        if (pieces.size() <= 1) {
            return pieces;
        }
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
}
