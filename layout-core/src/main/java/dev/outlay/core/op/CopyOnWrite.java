package dev.outlay.core.op;

import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.state.Coexistence;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Committed blocks that are not written in place: a writer gets each as a pair, the source and a
 * fresh destination for the same bytes of the file, fills the destination and commits it.
 *
 * <p>Not written in place are blocks in several maps, blocks that an ended client may still read
 * through a mapping (it would see later bytes), and, where a writer asks for ATOMIC, all committed
 * ones. Source: RFC 5663 2.3.4.
 */
final class CopyOnWrite {

    private CopyOnWrite() {}

    /**
     * A piece of a file as a writer gets it.
     *
     * @param main what is mapped there, flagged SHARED if it is not written in place
     * @param copy the destination of the pair; null where there is none
     * @param lacks whether blocks have to be found before it can be granted: under a hole, or to
     *     copy to
     */
    record Piece(Extent main, @Nullable Extent copy, boolean lacks) {
        ByteRange range() {
            return main.range();
        }

        /** As it is answered: the source first. */
        List<Extent> extents() {
            return copy == null ? List.of(main) : List.of(main, copy);
        }
    }

    /** All of {@code range} in pieces, in order. */
    static List<Piece> pieces(VolumeTables tables, FileNode file, ByteRange range, boolean atomic) {
        List<Extent> extents = file.extents().slice(range);
        List<Piece> pieces = new ArrayList<>(extents.size());
        for (Extent extent : extents) {
            for (Extent main : Coexistence.parts(tables, extent)) {
                boolean copies =
                        main.state() == ExtentState.WRITTEN && (atomic || main.has(Extent.SHARED));
                if (file.fresh().isEmpty()) {
                    pieces.add(new Piece(main, null, copies || main.isHole()));
                    continue;
                }
                for (Extent copy : file.fresh().slice(main.range())) {
                    pieces.add(
                            copy.isHole()
                                    ? new Piece(
                                            main.slice(copy.range()), null, copies || main.isHole())
                                    : new Piece(main.slice(copy.range()), copy, false));
                }
            }
        }
        return pieces;
    }

    /** Whether any of these bytes of a file must not be written in place. */
    static boolean isProtected(VolumeTables tables, FileNode file, ByteRange bytes) {
        return file.extents().mapped(bytes).stream()
                .flatMap(e -> Coexistence.parts(tables, e).stream())
                .anyMatch(e -> e.has(Extent.SHARED));
    }

    /**
     * Whether what was told to a writer still leads to its blocks: no pair has been committed since
     * by which others have taken their place.
     */
    static boolean stands(FileNode file, List<Extent> told) {
        for (int i = 0; i < told.size(); i++) {
            Extent extent = told.get(i);
            boolean isCopy = i > 0 && extent.range().equals(told.get(i - 1).range());
            ExtentMap map = isCopy ? file.fresh() : file.extents();
            if (extent.hasAddress() && !liesIn(map, extent)) {
                return false;
            }
        }
        return true;
    }

    private static boolean liesIn(ExtentMap map, Extent told) {
        long at = told.fileOffset();
        for (Extent now : map.mapped(told.range())) {
            if (now.fileOffset() != at
                    || now.device() != told.device()
                    || now.deviceOffset() - at != told.deviceOffset() - told.fileOffset()) {
                return false;
            }
            at = now.end();
        }
        return at == told.end();
    }

    /** The bytes of {@code range} for which blocks wait beside the map. */
    static List<ByteRange> copied(FileNode file, ByteRange range) {
        List<ByteRange> copied = new ArrayList<>();
        ExtentMap fresh = file.fresh();
        if (!fresh.isEmpty()) {
            fresh.mapped(range).forEach(e -> copied.add(e.range()));
        }
        return copied;
    }
}
