package dev.outlay.core.op;

import dev.outlay.core.op.CopyOnWrite.Piece;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import java.util.ArrayList;
import java.util.List;

/** Plans fresh blocks for what a writer lacks: under holes, and to copy to. */
final class FreshBlocks {

    private static final long HUGE_PAGE = 2 << 20;

    private final VolumeTables tables;
    private final FileNode file;
    private final boolean alignHuge;

    FreshBlocks(VolumeTables tables, FileNode file, boolean alignHuge) {
        this.tables = tables;
        this.file = file;
        this.alignHuge = alignHuge;
    }

    /**
     * The pieces of {@code range} with blocks for all they lacked, up to the first that nothing is
     * left for; at least {@code leastBytes} from the start.
     *
     * @throws Shortage if there are not blocks enough
     */
    List<Piece> fill(ByteRange range, List<Piece> pieces, long leastBytes) {
        List<ByteRange> lacking = new ArrayList<>(pieces.size());
        for (Piece piece : pieces) {
            if (piece.lacks()) {
                lacking.add(piece.range());
            }
        }
        if (lacking.isEmpty()) {
            return pieces;
        }
        long block = tables.blockSize();
        long least = Math.ceilDiv(range.start() + leastBytes, block) * block;
        long end = range.end();
        List<ByteRange> wanted = lacking;
        List<Extent> fresh = plan(wanted);
        while (fresh.isEmpty() && !wanted.isEmpty()) {
            if (end <= least) {
                throw noSpace(range, wanted);
            }
            long half = new ByteRange(0, (end - range.start()) / 2).alignOutward(block).end();
            end = Math.max(least, range.start() + half);
            wanted = upTo(lacking, end);
            fresh = wanted.isEmpty() ? List.of() : plan(wanted);
        }
        return merge(pieces, fresh);
    }

    private Refusal noSpace(ByteRange range, List<ByteRange> wanted) {
        long bytes = wanted.stream().mapToLong(ByteRange::length).sum();
        return new Shortage(
                file,
                range,
                bytes,
                "no "
                        + bytes
                        + " bytes are free for file "
                        + file.id()
                        + " at "
                        + range.start()
                        + ": "
                        + tables.free().freeBytes()
                        + " of "
                        + tables.spaceUse().total()
                        + " bytes are");
    }

    private List<Extent> plan(List<ByteRange> holes) {
        long bytes = Placement.bytes(holes);
        if (!Relocation.leavesEnough(tables, bytes)) {
            return List.of();
        }
        long alignment = alignHuge ? Math.max(HUGE_PAGE, tables.blockSize()) : tables.blockSize();
        return Placement.fresh(tables, file, holes, alignment, Extent.NEW);
    }

    /** The part of the holes before {@code end}, for when there is no space for all of them. */
    private static List<ByteRange> upTo(List<ByteRange> holes, long end) {
        return holes.stream()
                .filter(hole -> hole.start() < end)
                .map(hole -> new ByteRange(hole.start(), Math.min(hole.end(), end)))
                .toList();
    }

    /** The pieces with the fresh extents where they belong, up to the first that stays lacking. */
    static List<Piece> merge(List<Piece> pieces, List<Extent> fresh) {
        List<Piece> all = new ArrayList<>(pieces.size());
        int next = 0;
        for (Piece piece : pieces) {
            if (!piece.lacks()) {
                all.add(piece);
                continue;
            }
            long filled = piece.range().start();
            while (next < fresh.size() && fresh.get(next).fileOffset() < piece.range().end()) {
                Extent blocks = fresh.get(next++);
                filled = blocks.end();
                all.add(
                        piece.main().isHole()
                                ? new Piece(blocks, null, false)
                                : new Piece(piece.main().slice(blocks.range()), blocks, false));
            }
            if (filled < piece.range().end()) {
                break;
            }
        }
        return all;
    }
}
