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
import java.util.TreeSet;
import java.util.stream.Stream;
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
        List<Held> writers = new ArrayList<>();
        for (Held held : Grants.ofOthers(tables, file, caller, range)) {
            writers.addAll(InTheWay.of(tables, file, held, GrantKind.READ));
        }
        List<ByteRange> ahead = Waiting.allAhead(tables, file, ask, range, false);
        Coverage need = new Coverage(Math.min(ask.minLength(), range.length()));
        List<Extent> extents = new ArrayList<>();
        List<LayoutRange> granted = new ArrayList<>();
        for (Extent extent : Grants.shown(tables, file, range)) {
            for (Extent piece : split(extent, writers, ahead)) {
                Held writer = holderOf(piece, writers);
                boolean waitedFor = overlapsAny(piece, ahead);
                if ((writer != null || waitedFor) && piece.state() == ExtentState.WRITTEN) {
                    if (writer != null && isLapsed(writer)) {
                        return Revocation.step(
                                tables, writer.holder().record().id(), EndCause.EXPIRED, ask);
                    }
                    need.stop(conflict(range, writers, ahead));
                } else if (extents.size() == map.maxExtents()) {
                    need.stop(map.tooSmall());
                }
                if (need.stopped()) {
                    break;
                }
                extents.add(visible(piece));
                need.covered(piece.length());
                if (writer == null && !waitedFor) {
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
    static Extent visible(Extent extent) {
        return extent.state() == ExtentState.WRITTEN
                ? MapContext.shown(extent)
                : extent.withoutAddress().withFlags(0);
    }

    private static boolean isLapsed(Held writer) {
        return writer.holder().isLapsed() && writer.holder().ended().isEmpty();
    }

    /**
     * Who writes to committed bytes of the range, unless somebody in front asks for them already.
     */
    private Conflict conflict(ByteRange range, List<Held> writers, List<ByteRange> ahead) {
        ByteRange needed = map.needed(range);
        List<Held> inTheWay =
                Grants.notBehind(writers, ahead, needed).stream()
                        .filter(
                                w ->
                                        file.extents().mapped(w.range()).stream()
                                                .anyMatch(e -> e.state() == ExtentState.WRITTEN))
                        .toList();
        return new Conflict(file, needed, false, inTheWay);
    }

    /** Pieces of which each is held, or waited for, by one client whole or not at all. */
    private static List<Extent> split(Extent extent, List<Held> writers, List<ByteRange> ahead) {
        if (writers.isEmpty() && ahead.isEmpty()) {
            return List.of(extent);
        }
        TreeSet<Long> cuts = new TreeSet<>();
        Stream.concat(writers.stream().map(Held::range), ahead.stream())
                .filter(extent.range()::overlaps)
                .forEach(
                        range -> {
                            cuts.add(Math.max(range.start(), extent.fileOffset()));
                            cuts.add(Math.min(range.end(), extent.end()));
                        });
        cuts.add(extent.end());
        List<Extent> pieces = new ArrayList<>();
        long at = extent.fileOffset();
        for (long cut : cuts) {
            if (cut > at) {
                pieces.add(extent.slice(new ByteRange(at, cut)));
                at = cut;
            }
        }
        return pieces;
    }

    private static @Nullable Held holderOf(Extent piece, List<Held> writers) {
        for (Held writer : writers) {
            if (writer.range().overlaps(piece.range())) {
                return writer;
            }
        }
        return null;
    }

    private static boolean overlapsAny(Extent piece, List<ByteRange> ranges) {
        for (ByteRange range : ranges) {
            if (range.overlaps(piece.range())) {
                return true;
            }
        }
        return false;
    }
}
