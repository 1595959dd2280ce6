package dev.outlay.core.op;

import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.space.DeviceGoal;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * MapBlocks: where do these bytes belong?
 *
 * <p>Conflicts are looked for before anything is allocated, so that a refused call leaks no block.
 * A reader is told no address of bytes it may not see; a writer learns of an extent only with the
 * reply, which waits for allocation and grant to be durable.
 *
 * <p>Source: RFC 8881 18.43, RFC 5663 2.3; {@code xfs_fs_map_blocks} and {@code iomap_begin} in
 * Linux.
 */
final class MapBlocksOp {

    private static final long HUGE_PAGE = 2 << 20;

    private final VolumeTables tables;
    private final MapBlocks ask;
    private final FileNode file;
    private final ClientId caller;
    private final @Nullable Layout own;

    private MapBlocksOp(VolumeTables tables, MapBlocks ask) {
        this.tables = tables;
        this.ask = ask;
        this.file = Checks.file(tables, ask.file());
        this.caller = ask.origin().client();
        this.own = file.layoutOf(caller);
    }

    static Decision decide(VolumeTables tables, MapBlocks ask) {
        return new MapBlocksOp(tables, ask).decide();
    }

    private Decision decide() {
        ByteRange range = checkedRange();
        Fact.Work work = file.workOn(range);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        return ask.iomode() == IoMode.READ ? read(range) : write(range);
    }

    private ByteRange checkedRange() {
        ByteRange range = Checks.blocks(tables, ask.offset(), ask.length());
        if (ask.minLength() < 0 || ask.minLength() > ask.length()) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "min_length "
                            + ask.minLength()
                            + " must be between 0 and length "
                            + ask.length());
        }
        if (ask.maxExtents() < 1) {
            throw new Refusal(Reason.TOO_SMALL, "max_extents must be at least 1");
        }
        if (ask.flags().mapped() && ask.iomode() == IoMode.RW) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "the flag MAPPED goes with iomode READ: RW grants are durable anyway");
        }
        ask.stateid().ifPresent(sent -> Checks.stateid(own, sent, true));
        return range;
    }

    // ---- READ

    private Decision read(ByteRange asked) {
        long end =
                Math.min(
                        asked.end(),
                        Math.ceilDiv(file.sizeBytes(), tables.blockSize()) * tables.blockSize());
        if (end <= asked.start()) {
            return Decision.answer(
                    new Reply.Mapped(
                            stateidNow(),
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
        Need need = new Need(Math.min(ask.minLength(), range.length()));
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
                } else if (extents.size() == maxExtents()) {
                    need.stop(tooSmall());
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
        return answer(List.of(), granted, extents);
    }

    /** What a reader is told: an address only for committed bytes. */
    private static Extent visible(Extent extent) {
        return extent.state() == ExtentState.WRITTEN
                ? shown(extent)
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

    // ---- RW

    private Decision write(ByteRange range) {
        List<Held> others =
                Grants.ofOthers(tables, file, caller, range).stream()
                        .filter(h -> !isOwnFormerReader(h))
                        .toList();
        Optional<ClientId> lapsed = Grants.lapsedHolder(others);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        Need need =
                new Need(ask.flags().noAllocate() ? ask.minLength() : Math.max(ask.minLength(), 1));
        Barrier barrier = barrier(range, others);
        long end = barrier == null ? range.end() : barrier.at();
        if (end == range.start()) {
            throw Objects.requireNonNull(barrier).why();
        }
        List<Extent> extents = layOut(new ByteRange(range.start(), end), need);
        if (extents.size() > maxExtents()) {
            extents = extents.subList(0, maxExtents());
            need.stop(tooSmall());
        } else if (barrier != null) {
            need.stop(barrier.why());
        }
        for (Extent extent : extents) {
            if (extent.isHole()) {
                break;
            }
            need.covered(extent.length());
        }
        need.check();
        List<Extent> allocated =
                extents.stream().filter(e -> e.has(Extent.NEW)).map(e -> e.withFlags(0)).toList();
        List<LayoutRange> granted =
                extents.stream()
                        .filter(e -> !e.isHole())
                        .map(e -> new LayoutRange(e.range(), GrantKind.RW))
                        .toList();
        List<Fact> facts =
                allocated.isEmpty()
                        ? List.of()
                        : List.of(new Fact.ExtentsAllocated(file.id(), allocated, caller.value()));
        return answer(facts, granted, extents.stream().map(MapBlocksOp::shown).toList());
    }

    /** READ grants of the caller's own former incarnation do not bar its new one. */
    private boolean isOwnFormerReader(Held held) {
        return held.kind() != GrantKind.RW
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
        if (!others.isEmpty()) {
            Held first = others.getFirst();
            barrier = new Barrier(first.range().start(), Grants.conflict(first));
        }
        for (Extent extent : file.extents().mapped(range)) {
            if (extent.has(Extent.AT_RISK)) {
                Refusal why =
                        new Refusal(
                                Reason.NO_SPACE,
                                "bytes "
                                        + extent.range()
                                        + " could still be overwritten by a client that ended without its own"
                                        + " word; they can be read, but not granted for RW in place");
                barrier = Barrier.first(barrier, new Barrier(extent.fileOffset(), why));
                break;
            }
        }
        return Barrier.first(barrier, graceBarrier(range));
    }

    /**
     * In grace nothing inside end of file is granted RW but to the client the journal names for it.
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
                if (held.kind() != GrantKind.RW || held.range().start() > at) {
                    break;
                }
                at = held.range().end();
            }
        }
        return at >= end
                ? null
                : new Barrier(
                        at,
                        new Refusal(
                                new Reply.Failure(
                                        Reason.GRACE,
                                        "the server has just restarted and readers may still restate what they hold inside end"
                                                + " of file",
                                        Grants.CONFLICT_RETRY_MILLIS)));
    }

    /**
     * The extents of a range that nobody bars, with fresh ones planned under its holes (unless told
     * not to).
     */
    private List<Extent> layOut(ByteRange range, Need need) {
        List<Extent> slice = file.extents().slice(range);
        if (ask.flags().noAllocate()) {
            return slice;
        }
        List<ByteRange> holes = slice.stream().filter(Extent::isHole).map(Extent::range).toList();
        if (holes.isEmpty()) {
            return slice;
        }
        List<Extent> fresh = plan(holes);
        if (fresh.isEmpty()) {
            List<ByteRange> needed = needed(holes, range.start() + need.bytes());
            fresh = needed.isEmpty() ? List.of() : plan(needed);
            if (fresh.isEmpty() && !needed.isEmpty()) {
                throw new Refusal(
                        Reason.NO_SPACE,
                        "no "
                                + needed.stream().mapToLong(ByteRange::length).sum()
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
        }
        return merge(slice, fresh);
    }

    private List<Extent> plan(List<ByteRange> holes) {
        long bytes = holes.stream().mapToLong(ByteRange::length).sum();
        long alignment =
                ask.flags().alignHuge()
                        ? Math.max(HUGE_PAGE, tables.blockSize())
                        : tables.blockSize();
        List<DeviceRange> pieces =
                tables.free()
                        .plan(
                                bytes,
                                goal(holes.getFirst().start()),
                                alignment,
                                tables.limits().extentsPerReply());
        return Placement.place(holes, pieces, Extent.NEW);
    }

    /** Right behind the file's last block before {@code offset}, or a place of the file's own. */
    private DeviceGoal goal(long offset) {
        if (offset > 0) {
            Extent before = file.extents().find(offset - 1);
            if (before != null) {
                return new DeviceGoal(before.device(), before.deviceOffset() + before.length());
            }
        }
        return tables.free().groupGoal(file.id().value());
    }

    /**
     * The part of the holes that {@code min_length} needs, for when there is no space for all of
     * them.
     */
    private List<ByteRange> needed(List<ByteRange> holes, long neededThrough) {
        long end = Math.ceilDiv(neededThrough, tables.blockSize()) * tables.blockSize();
        return holes.stream()
                .filter(hole -> hole.start() < end)
                .map(hole -> new ByteRange(hole.start(), Math.min(hole.end(), end)))
                .toList();
    }

    /** Existing extents with the fresh ones in their holes, up to the first hole that stays. */
    private static List<Extent> merge(List<Extent> slice, List<Extent> fresh) {
        List<Extent> all = new ArrayList<>();
        int next = 0;
        for (Extent extent : slice) {
            if (!extent.isHole()) {
                all.add(extent);
                continue;
            }
            long filled = extent.fileOffset();
            while (next < fresh.size() && fresh.get(next).fileOffset() < extent.end()) {
                filled = fresh.get(next).end();
                all.add(fresh.get(next++));
            }
            if (filled < extent.end()) {
                break;
            }
        }
        return all;
    }

    // ---- both

    private Decision answer(List<Fact> before, List<LayoutRange> granted, List<Extent> extents) {
        long next = extents.isEmpty() ? ask.offset() : extents.getLast().end();
        List<Fact> facts = new ArrayList<>();
        if (own != null && ask.stateid().isPresent()) {
            facts.add(new Fact.SeqidSeen(caller, file.id(), ask.stateid().get().seqid()));
        }
        facts.addAll(before);
        long epoch = file.mapEpoch() + before.size();
        if (granted.isEmpty()) {
            return Decision.answer(
                    facts,
                    new Reply.Mapped(
                            stateidNow(), List.of(), extents, epoch, next, file.sizeBytes()));
        }
        LayoutId id = own == null ? ask.freshId() : own.id();
        int seqid = own == null ? 1 : own.nextSeqid();
        facts.add(new Fact.LayoutGranted(caller, file.id(), id, seqid, join(granted)));
        return Decision.answer(
                facts,
                new Reply.Mapped(
                        Optional.of(new Stateid(id, seqid)),
                        heldAs(granted),
                        extents,
                        epoch,
                        next,
                        file.sizeBytes()));
    }

    /** What the client now holds of what was granted: an RW grant it had already stays RW. */
    private List<LayoutRange> heldAs(List<LayoutRange> granted) {
        if (own == null || ask.iomode() == IoMode.RW) {
            return join(granted);
        }
        List<LayoutRange> held = new ArrayList<>();
        for (LayoutRange range : granted) {
            long at = range.range().start();
            for (LayoutRange mine : own.within(range.range())) {
                if (mine.range().start() > at) {
                    held.add(
                            new LayoutRange(new ByteRange(at, mine.range().start()), range.kind()));
                }
                held.add(
                        mine.kind().compareTo(range.kind()) > 0
                                ? mine
                                : new LayoutRange(mine.range(), range.kind()));
                at = mine.range().end();
            }
            if (at < range.range().end()) {
                held.add(new LayoutRange(new ByteRange(at, range.range().end()), range.kind()));
            }
        }
        return join(held);
    }

    private static List<LayoutRange> join(List<LayoutRange> ranges) {
        List<LayoutRange> joined = new ArrayList<>();
        for (LayoutRange range : ranges) {
            LayoutRange last = joined.isEmpty() ? null : joined.getLast();
            if (last != null
                    && last.kind() == range.kind()
                    && last.range().end() == range.range().start()) {
                joined.set(
                        joined.size() - 1,
                        new LayoutRange(
                                new ByteRange(last.range().start(), range.range().end()),
                                last.kind()));
            } else {
                joined.add(range);
            }
        }
        return joined;
    }

    private Optional<Stateid> stateidNow() {
        return own == null ? Optional.empty() : Optional.of(own.stateid());
    }

    /** An extent as the protocol shows it: whether its blocks are kept is the server's business. */
    private static Extent shown(Extent extent) {
        return extent.withFlags(extent.flags() & ~Extent.KEPT);
    }

    private int maxExtents() {
        return Math.min(ask.maxExtents(), tables.limits().extentsPerReply());
    }

    private Refusal tooSmall() {
        return new Refusal(
                Reason.TOO_SMALL,
                "min_length "
                        + ask.minLength()
                        + " needs more than the "
                        + maxExtents()
                        + " extents asked for");
    }

    /** Counts what the answer covers against {@code min_length}, and keeps what ended it early. */
    private static final class Need {
        private final long bytes;
        private long covered;
        private @Nullable Refusal ended;

        Need(long bytes) {
            this.bytes = bytes;
        }

        long bytes() {
            return bytes;
        }

        void covered(long more) {
            covered += more;
        }

        void stop(Refusal why) {
            ended = why;
        }

        boolean stopped() {
            return ended != null;
        }

        /** Refuses if less than needed is covered, or nothing because something was in the way. */
        void check() {
            if (covered >= bytes && (covered > 0 || ended == null)) {
                return;
            }
            throw ended != null
                    ? ended
                    : new Refusal(
                            Reason.BAD_LAYOUT,
                            "only "
                                    + covered
                                    + " of min_length "
                                    + bytes
                                    + " bytes can be laid out");
        }
    }
}
