package dev.outlay.core.op;

import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.CopyOnWrite.Piece;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * MapBlocks for RW: up to the first byte that somebody else holds, fresh blocks under the holes and
 * what is mapped as it is. Conflicts are looked for before anything is planned, so that a refused
 * call leaks no block.
 */
final class MapForWrite {

    private final MapContext map;
    private final VolumeTables tables;
    private final MapBlocks ask;
    private final FileNode file;
    private final ClientId caller;
    private final @Nullable Layout own;

    /** What has filled the fresh blocks with zeros; null if nothing has. */
    private final @Nullable Work zeroing;

    MapForWrite(MapContext map, @Nullable Work zeroing) {
        this.zeroing = zeroing;
        this.map = map;
        this.tables = map.tables();
        this.ask = map.ask();
        this.file = map.file();
        this.caller = map.caller();
        this.own = map.own();
    }

    Decision decide(ByteRange range) {
        List<Held> others = new ArrayList<>();
        for (Held held : Grants.ofOthers(tables, file, caller, range)) {
            if (!isOwnFormerReader(held)) {
                others.addAll(InTheWay.of(tables, file, held, asked()));
            }
        }
        Optional<ClientId> lapsed = Grants.lapsedHolder(others);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        Coverage need =
                new Coverage(
                        ask.flags().noAllocate() ? ask.minLength() : Math.max(ask.minLength(), 1));
        Barrier barrier = barrier(range, others);
        long end = barrier == null ? range.end() : barrier.at();
        if (end == range.start()) {
            throw Objects.requireNonNull(barrier).why();
        }
        List<Piece> pieces = cut(layOut(new ByteRange(range.start(), end), need), need);
        if (Zeroing.isOn(tables)) {
            pieces = Zeroing.asMuchAsAtOnce(tables, pieces, need.bytes());
        }
        if (barrier != null && !need.stopped()) {
            need.stop(barrier.why());
        }
        for (Piece piece : pieces) {
            if (piece.lacks()) {
                break;
            }
            need.covered(piece.range().length());
        }
        need.check();
        if (Zeroing.isOn(tables) && zeroing == null) {
            Work work = Zeroing.work(tables, file, ask, own, pieces);
            if (work != null) {
                return Decision.awaitWork(List.of(new Fact.WorkIntended(work)), work.id());
            }
        }
        List<LayoutRange> granted = new ArrayList<>(pieces.size());
        List<Extent> told = new ArrayList<>(pieces.size());
        for (Piece piece : pieces) {
            if (!piece.lacks()) {
                granted.add(granted(piece));
            }
            for (Extent extent : told(piece)) {
                told.add(MapContext.shown(extent));
            }
        }
        return map.answer(allocations(pieces), granted, told);
    }

    /** For stores that are to be seen at once by a commit, what no commit named is unwritten. */
    private List<Extent> told(Piece piece) {
        return Zeroing.isOn(tables) && !ask.flags().atomic()
                ? Zeroing.shown(piece).toList()
                : piece.extents();
    }

    /** As many pieces as the answer may hold; a pair is not torn. */
    private List<Piece> cut(List<Piece> pieces, Coverage need) {
        int extents = 0;
        for (int i = 0; i < pieces.size(); i++) {
            extents += pieces.get(i).extents().size();
            if (extents > map.maxExtents()) {
                need.stop(map.tooSmall());
                return pieces.subList(0, i);
            }
        }
        return pieces;
    }

    /** An overwrite that leaves the committed bytes alone bears readers of them beside it. */
    private LayoutRange granted(Piece piece) {
        boolean replaces = ask.flags().atomic() && piece.main().state() == ExtentState.WRITTEN;
        return new LayoutRange(piece.range(), replaces ? GrantKind.RW_ATOMIC : GrantKind.RW);
    }

    private List<Fact> allocations(List<Piece> pieces) {
        List<Extent> mapped = new ArrayList<>(pieces.size());
        List<Extent> copies = new ArrayList<>(0);
        for (Piece piece : pieces) {
            Extent copy = piece.copy();
            if (copy != null && copy.has(Extent.NEW)) {
                copies.add(copy.withFlags(0));
            } else if (piece.main().has(Extent.NEW)) {
                mapped.add(piece.main().withFlags(0));
            }
        }
        List<Fact> facts = new ArrayList<>(1);
        if (!mapped.isEmpty()) {
            facts.add(new Fact.ExtentsAllocated(file.id(), mapped, caller.value()));
        }
        if (!copies.isEmpty()) {
            facts.add(new Fact.CopiesAllocated(file.id(), copies, caller.value()));
        }
        return facts;
    }

    private GrantKind asked() {
        return ask.flags().atomic() ? GrantKind.RW_ATOMIC : GrantKind.RW;
    }

    /** READ grants of the caller's own former incarnation do not bar its new one. */
    private boolean isOwnFormerReader(Held held) {
        return !held.kind().isWriter()
                && held.holder().ended().isPresent()
                && held.holder()
                        .record()
                        .isSameOwner(Objects.requireNonNull(tables.client(caller)).record());
    }

    /** The first byte that cannot be granted, and why. */
    private record Barrier(long at, Refusal why) {
        static @Nullable Barrier first(@Nullable Barrier a, @Nullable Barrier b) {
            return a == null || (b != null && b.at < a.at) ? b : a;
        }
    }

    private @Nullable Barrier barrier(ByteRange range, List<Held> others) {
        Barrier barrier = null;
        List<ByteRange> ahead = Waiting.allAhead(tables, file, ask, range, true);
        if (!others.isEmpty() || !ahead.isEmpty()) {
            long at =
                    Stream.concat(others.stream().map(Held::range), ahead.stream())
                            .mapToLong(ByteRange::start)
                            .min()
                            .orElseThrow();
            ByteRange needed = map.needed(range);
            List<Held> inTheWay = Grants.notBehind(others, ahead, needed);
            barrier = new Barrier(at, new Conflict(file, needed, true, inTheWay));
        }
        List<Extent> mapped = tables.anyHasToMove() ? file.extents().mapped(range) : List.of();
        for (Extent extent : mapped) {
            if (extent.has(Extent.AT_RISK)) {
                String what =
                        "bytes "
                                + extent.range()
                                + " could still be overwritten by a client that ended without its own"
                                + " word; they can be read, but not granted for RW in place";
                // In grace they are not moved yet, whatever space there is.
                Refusal why =
                        tables.isInGrace()
                                ? grace(what + ", and they are moved once grace is over")
                                : new Refusal(Reason.NO_SPACE, what);
                barrier = Barrier.first(barrier, new Barrier(extent.fileOffset(), why));
                break;
            }
        }
        return Barrier.first(barrier, graceBarrier(range));
    }

    /**
     * In grace nothing inside end of file is granted RW but to the client the journal names for it.
     * Who holds it ATOMIC is named for that alone: readers may be beside it, and may restate what
     * they hold.
     */
    private @Nullable Barrier graceBarrier(ByteRange range) {
        long end =
                Math.min(
                        range.end(),
                        Math.ceilDiv(file.sizeBytes(), tables.blockSize()) * tables.blockSize());
        if (!tables.isInGrace() || end <= range.start()) {
            return null;
        }
        long at = range.start();
        if (own != null) {
            for (LayoutRange held : own.within(new ByteRange(range.start(), end))) {
                if (held.kind().compareTo(asked()) < 0 || held.range().start() > at) {
                    break;
                }
                at = held.range().end();
            }
        }
        return at >= end
                ? null
                : new Barrier(
                        at, grace("readers may still restate what they hold inside end of file"));
    }

    private static Refusal grace(String why) {
        return new Refusal(
                new Reply.Failure(
                        Reason.GRACE,
                        "the server has just restarted: " + why,
                        Grants.CONFLICT_RETRY_MILLIS));
    }

    /** The pieces of a range that nobody bars, with fresh blocks (unless told not to). */
    private List<Piece> layOut(ByteRange range, Coverage need) {
        List<Piece> pieces = CopyOnWrite.pieces(tables, file, range, ask.flags().atomic());
        if (zeroing != null) {
            return Zeroing.zeroed(pieces, zeroing, own);
        }
        return ask.flags().noAllocate()
                ? pieces
                : new FreshBlocks(tables, file, ask.flags().alignHuge())
                        .fill(range, pieces, need.bytes());
    }
}
