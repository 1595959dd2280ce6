package dev.outlay.core.op;

import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.CopyOnWrite.Piece;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeSettings.Allocation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Zeros before an RW grant, on a volume that hands out zeros: in fresh blocks, those to copy to
 * included, and in kept ones, which hold what their last writer left there uncommitted.
 *
 * <p>The device comes first: fresh blocks are reserved, the range is blocked, and the completion
 * records allocation and grant. A crash before leaves nothing. If something else has changed
 * meanwhile, the request is decided anew.
 */
final class Zeroing {

    private Zeroing() {}

    static boolean isOn(VolumeTables tables) {
        return tables.settings().allocation() == Allocation.ZEROED;
    }

    /** The pieces that one piece of work may zero, but never less than is needed. */
    static List<Piece> asMuchAsAtOnce(VolumeTables tables, List<Piece> pieces, long neededBytes) {
        if (pieces.isEmpty()) {
            return pieces;
        }
        long block = tables.blockSize();
        long most = Math.max(neededBytes, tables.limits().rewriteBytes());
        long start = pieces.getFirst().range().start();
        ByteRange range = ByteRange.ofLength(start, Math.ceilDiv(most, block) * block);
        List<Piece> some = new ArrayList<>();
        for (Piece piece : pieces) {
            if (piece.range().overlaps(range)) {
                some.add(slice(piece, range));
            }
        }
        return some;
    }

    private static Piece slice(Piece piece, ByteRange range) {
        Extent copy = piece.copy();
        return new Piece(
                piece.main().slice(range), copy == null ? null : copy.slice(range), piece.lacks());
    }

    /** The work to be done before these pieces are granted; null if they hold what they should. */
    static @Nullable Work work(
            VolumeTables tables,
            FileNode file,
            MapBlocks ask,
            @Nullable Layout own,
            List<Piece> pieces) {
        List<Task> tasks =
                needed(pieces, own).stream().<Task>map(range -> new Task.Zero(range)).toList();
        if (tasks.isEmpty()) {
            return null;
        }
        List<Extent> fresh =
                pieces.stream()
                        .map(Zeroing::target)
                        .filter(extent -> extent.has(Extent.NEW))
                        .map(extent -> extent.withFlags(0))
                        .toList();
        ByteRange blocked =
                new ByteRange(pieces.getFirst().range().start(), pieces.getLast().range().end());
        return new Work(
                tables.nextVolatileWork(),
                file.id(),
                blocked,
                false,
                tasks,
                fresh,
                new Continuation.Grant(ask));
    }

    /** The blocks of a piece that its holder stores to. */
    private static Extent target(Piece piece) {
        Extent copy = piece.copy();
        return copy == null ? piece.main() : copy;
    }

    /** What a grant of these pieces needs zeroed: all never committed that is not held already. */
    private static List<DeviceRange> needed(List<Piece> pieces, @Nullable Layout own) {
        List<DeviceRange> needed = new ArrayList<>();
        for (Piece piece : pieces) {
            Extent target = target(piece);
            if (piece.lacks() || target.state() != ExtentState.UNWRITTEN) {
                continue;
            }
            if (target.has(Extent.NEW)) {
                needed.add(target.deviceRange());
            } else {
                notHeld(own, target.range())
                        .forEach(range -> needed.add(target.slice(range).deviceRange()));
            }
        }
        return needed;
    }

    /** The parts of a range that the caller does not hold for RW: those it holds it may fill. */
    private static List<ByteRange> notHeld(@Nullable Layout own, ByteRange range) {
        RangeSet held = new RangeSet();
        if (own != null) {
            for (LayoutRange mine : own.within(range)) {
                if (mine.kind().isWriter()) {
                    held.add(mine.range());
                }
            }
        }
        return held.gapsWithin(range);
    }

    /** As they are told to their holder: never committed blocks hold the zeros a reader finds. */
    static Stream<Extent> shown(Piece piece) {
        return piece.copy() == null && piece.main().state() == ExtentState.UNWRITTEN
                ? Stream.of(written(piece.main()))
                : piece.extents().stream();
    }

    private static Extent written(Extent e) {
        return new Extent(
                e.fileOffset(),
                e.length(),
                ExtentState.WRITTEN,
                e.device(),
                e.deviceOffset(),
                e.flags());
    }

    // ---- completion

    /** The zeros are there: grants what waited for them, unless it has to be decided anew. */
    static Decision finish(
            VolumeTables tables, FileNode file, Work work, MapBlocks ask, List<Fact> completed) {
        if (file.isChangedBesides(work)) {
            // The caller has given back meanwhile what the server zeros now; it is decided anew.
            return Decision.answer(completed, new Reply.Done());
        }
        try {
            ExactlyOnce.stillAsked(tables, ask.origin());
            Decision granted = MapBlocksOp.grant(tables, ask, work.blocked(), work);
            if (granted.outcome() instanceof Decision.Outcome.Answer(Reply.Mapped mapped)) {
                List<Fact> facts = new ArrayList<>(completed);
                facts.addAll(granted.facts());
                return ExactlyOnce.keep(tables, facts, ask.origin(), mapped);
            }
        } catch (Refusal changed) {
            // Whoever asked asks again, and is told then.
        }
        return Decision.answer(completed, new Reply.Done());
    }

    /**
     * The same pieces with the fresh blocks of {@code work}.
     *
     * @throws Refusal if blocks have come or gone meanwhile, or hold bytes the caller has given
     *     back
     */
    static List<Piece> zeroed(List<Piece> pieces, Work work, @Nullable Layout own) {
        if (work.then() instanceof Continuation.Grant(MapBlocks ask) && ask.flags().noAllocate()) {
            return checkedZeros(pieces, work, own);
        }
        RangeSet lacking = new RangeSet();
        pieces.stream().filter(Piece::lacks).forEach(piece -> lacking.add(piece.range()));
        RangeSet fresh = new RangeSet();
        work.fresh().forEach(extent -> fresh.add(extent.range()));
        if (!lacking.ranges().equals(fresh.ranges())) {
            throw changed(work);
        }
        List<Extent> blocks = work.fresh().stream().map(e -> e.withFlags(Extent.NEW)).toList();
        return checkedZeros(FreshBlocks.merge(pieces, blocks), work, own);
    }

    private static List<Piece> checkedZeros(List<Piece> pieces, Work work, @Nullable Layout own) {
        Map<Integer, RangeSet> zeros = new HashMap<>();
        work.zero()
                .forEach(
                        range ->
                                zeros.computeIfAbsent(range.device(), d -> new RangeSet())
                                        .add(new ByteRange(range.start(), range.end())));
        for (DeviceRange range : needed(pieces, own)) {
            RangeSet there = zeros.get(range.device());
            if (there == null || !there.containsAll(new ByteRange(range.start(), range.end()))) {
                throw changed(work);
            }
        }
        return pieces;
    }

    private static Refusal changed(Work work) {
        return new Refusal(
                Reason.TRY_LATER,
                "bytes "
                        + work.blocked()
                        + " have changed while blocks for them were being zeroed");
    }
}
