package dev.outlay.core.op;

import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * MapBlocks for READ: committed bytes with their address, everything else as zeros without one. An
 * uncommitted range that somebody else holds for RW comes without a grant, good for one read.
 */
final class MapForRead {

    private final MapContext map;
    private final VolumeTables tables;
    private final MapBlocks ask;
    private final FileNode file;
    private final ClientId caller;

    MapForRead(MapContext map) {
        this.map = map;
        this.tables = map.tables();
        this.ask = map.ask();
        this.file = map.file();
        this.caller = map.caller();
    }

    Decision decide(ByteRange asked) {
        long end =
                Math.min(
                        asked.end(),
                        Math.ceilDiv(file.sizeBytes(), tables.blockSize()) * tables.blockSize());
        if (end <= asked.start()) {
            return Decision.answer(
                    new Reply.Mapped(
                            map.stateidNow(),
                            List.of(),
                            List.of(),
                            file.mapEpoch(),
                            asked.start(),
                            file.sizeBytes()));
        }
        ByteRange range = new ByteRange(asked.start(), end);
        List<Held> writers =
                Grants.ofOthers(tables, file, caller, range).stream()
                        .filter(h -> h.kind() == GrantKind.RW)
                        .toList();
        Coverage need = new Coverage(Math.min(ask.minLength(), range.length()));
        List<Extent> extents = new ArrayList<>();
        List<LayoutRange> granted = new ArrayList<>();
        for (Extent extent : file.extents().slice(range)) {
            for (Extent piece : splitByHolder(extent, writers)) {
                Held writer = holderOf(piece, writers);
                if (writer != null && piece.state() == ExtentState.WRITTEN) {
                    if (writer.holder().isLapsed()) {
                        return Revocation.step(
                                tables, writer.holder().record().id(), EndCause.EXPIRED, ask);
                    }
                    need.stop(Grants.conflict(writer));
                } else if (extents.size() == map.maxExtents()) {
                    need.stop(map.tooSmall());
                }
                if (need.stopped()) {
                    break;
                }
                extents.add(visible(piece));
                need.covered(piece.length());
                if (writer == null) {
                    boolean mapped = ask.flags().mapped() && piece.state() == ExtentState.WRITTEN;
                    granted.add(
                            new LayoutRange(
                                    piece.range(),
                                    mapped ? GrantKind.READ_MAPPED : GrantKind.READ));
                }
            }
            if (need.stopped()) {
                break;
            }
        }
        need.check();
        return map.answer(List.of(), granted, extents);
    }

    /** What a reader is told: an address only for committed bytes. */
    private static Extent visible(Extent extent) {
        return extent.state() == ExtentState.WRITTEN
                ? MapContext.shown(extent)
                : extent.withoutAddress().withFlags(0);
    }

    private static List<Extent> splitByHolder(Extent extent, List<Held> writers) {
        List<Extent> pieces = new ArrayList<>();
        long at = extent.fileOffset();
        for (Held writer : writers) {
            if (writer.range().overlaps(extent.range())) {
                ByteRange held = writer.range().intersect(extent.range());
                if (held.start() > at) {
                    pieces.add(extent.slice(new ByteRange(at, held.start())));
                }
                pieces.add(extent.slice(held));
                at = held.end();
            }
        }
        if (at < extent.end()) {
            pieces.add(extent.slice(new ByteRange(at, extent.end())));
        }
        return pieces;
    }

    private static @Nullable Held holderOf(Extent piece, List<Held> writers) {
        return writers.stream()
                .filter(w -> w.range().overlaps(piece.range()))
                .findFirst()
                .orElse(null);
    }
}
