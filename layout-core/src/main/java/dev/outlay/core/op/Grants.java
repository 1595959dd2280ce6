package dev.outlay.core.op;

import dev.outlay.core.command.Command.CommitBlocks;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
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
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who holds what, what stands in the way, and what follows when a grant ends. All of it only reads.
 */
final class Grants {

    /** When a request refused for a while is worth another try, milliseconds. */
    static final long CONFLICT_RETRY_MILLIS = Conflict.RETRY_MILLIS;

    private Grants() {}

    /**
     * A part of a file that another client holds, or was asked to give back and has not yet said
     * that it has given back whole.
     */
    record Held(ClientEntry holder, FileNode file, ByteRange range, GrantKind kind) {
        /** The part of it inside {@code part}. */
        Held within(ByteRange part) {
            return new Held(holder, file, range.intersect(part), kind);
        }
    }

    /**
     * What clients other than {@code caller} hold of {@code range}, in order of their offsets; what
     * anybody holds if that is null.
     */
    static List<Held> ofOthers(
            VolumeTables tables, FileNode file, @Nullable ClientId caller, ByteRange range) {
        List<Held> held = new ArrayList<>();
        addHeld(tables, file, caller, range, held);
        addRecalled(tables, file, caller, range, held);
        if (held.size() > 1) {
            held.sort((a, b) -> a.range.compareTo(b.range));
        }
        return held;
    }

    private static void addHeld(
            VolumeTables tables,
            FileNode file,
            @Nullable ClientId caller,
            ByteRange range,
            List<Held> held) {
        for (Layout layout : file.layouts()) {
            if (!layout.client().equals(caller)) {
                ClientEntry holder = Objects.requireNonNull(tables.client(layout.client()));
                layout.within(range)
                        .forEach(r -> held.add(new Held(holder, file, r.range(), r.kind())));
            }
        }
    }

    /** A recall is open until all it asks for has come back at once, whatever is held meanwhile. */
    private static void addRecalled(
            VolumeTables tables,
            FileNode file,
            @Nullable ClientId caller,
            ByteRange range,
            List<Held> held) {
        for (ClientEntry holder : tables.recalled()) {
            ClientId client = holder.record().id();
            Optional<Recall> recall =
                    client.equals(caller) ? Optional.empty() : holder.recallOf(file.id());
            if (recall.isEmpty()) {
                continue;
            }
            RangeSet known = new RangeSet();
            held.stream().filter(h -> h.holder == holder).forEach(h -> known.add(h.range));
            for (ByteRange asked : ((RecallScope.Ranges) recall.get().scope()).ranges()) {
                if (asked.overlaps(range)) {
                    known.gapsWithin(asked.intersect(range))
                            .forEach(gap -> held.add(new Held(holder, file, gap, GrantKind.RW)));
                }
            }
        }
    }

    /** A holder whose lease is over: what it holds is courtesy, and ends when somebody needs it. */
    static Optional<ClientId> lapsedHolder(List<Held> held) {
        if (held.isEmpty()) {
            return Optional.empty();
        }
        return held.stream()
                .filter(h -> h.holder.isLapsed() && h.holder.ended().isEmpty())
                .map(h -> h.holder.record().id())
                .findFirst();
    }

    /**
     * Clears {@code range} of everybody but the caller for an operation that takes blocks away:
     * null if nobody is in the way, otherwise the decision that revokes a lapsed holder.
     *
     * @throws Conflict if others hold any of it, or wait for it in front
     */
    static @Nullable Decision clearOthers(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range) {
        List<Held> held = ofOthers(tables, file, ask.origin().client(), range);
        Optional<ClientId> lapsed = lapsedHolder(held);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        waitForTurn(tables, file, ask, range, held);
        return null;
    }

    /** Waits for others that hold any of a range, and for those in front. */
    static void waitForTurn(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range, List<Held> held) {
        List<ByteRange> ahead = Waiting.allAhead(tables, file, ask, range, true);
        if (!held.isEmpty() || !ahead.isEmpty()) {
            throw new Conflict(file, range, true, notBehind(held, ahead, range));
        }
    }

    /**
     * What is held and is to be asked for now. Who is in front for {@code needed} asks first, for
     * anything it overlaps: one holder answers one recall at a time, and would keep the front
     * waiting for the rest. If nobody is, only what they want is left to them.
     */
    static List<Held> notBehind(List<Held> held, List<ByteRange> ahead, ByteRange needed) {
        if (ahead.stream().anyMatch(needed::overlaps)) {
            return held.stream().filter(h -> ahead.stream().noneMatch(h.range::overlaps)).toList();
        }
        RangeSet wanted = new RangeSet();
        ahead.forEach(wanted::add);
        return held.stream()
                .flatMap(h -> wanted.gapsWithin(h.range).stream().map(h::within))
                .toList();
    }

    /**
     * Clears what a commit replaces of everybody but the caller, without regard for those who wait:
     * they wait for the caller too. Nor is a recall waited for of which just these bytes have come
     * back: nothing is granted here, and whoever answers it may be waiting for the caller to give
     * back the like, before it commits itself and can return the rest.
     */
    static @Nullable Decision clearForSwap(
            VolumeTables tables, FileNode file, CommitBlocks ask, List<ByteRange> ranges) {
        List<Held> held = new ArrayList<>();
        ranges.forEach(r -> addHeld(tables, file, ask.origin().client(), r, held));
        Optional<ClientId> lapsed = lapsedHolder(held);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        if (!held.isEmpty()) {
            ByteRange hull = new ByteRange(ranges.getFirst().start(), ranges.getLast().end());
            throw new Conflict(file, hull, true, held);
        }
        return null;
    }

    /** As {@link #clearOthers}, but of writers alone. */
    static @Nullable Decision clearWriters(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range) {
        List<Held> held =
                ofOthers(tables, file, ask.origin().client(), range).stream()
                        .filter(h -> h.kind().isWriter())
                        .toList();
        Optional<ClientId> lapsed = lapsedHolder(held);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        waitForTurn(tables, file, ask, range, held);
        return null;
    }

    static void refuseInGrace(VolumeTables tables, String what) {
        if (tables.isInGrace()) {
            throw new Refusal(
                    new Reply.Failure(
                            Reason.GRACE,
                            "the server has just restarted and clients may still reclaim what they held: "
                                    + what
                                    + " has to wait",
                            CONFLICT_RETRY_MILLIS));
        }
    }

    /**
     * What of a layout lies on a device. Of a pair both blocks count for the writer; who reads the
     * source knows nothing of the other one.
     */
    static List<ByteRange> heldOn(FileNode file, Layout layout, int device) {
        List<ByteRange> ranges = new ArrayList<>();
        for (LayoutRange held : layout.ranges()) {
            addOn(device, file.extents().mapped(held.range()), ranges);
            if (held.kind().isWriter()) {
                addOn(device, file.fresh().mapped(held.range()), ranges);
            }
        }
        return ranges;
    }

    private static void addOn(int device, List<Extent> extents, List<ByteRange> into) {
        extents.stream().filter(e -> e.device() == device).forEach(e -> into.add(e.range()));
    }

    /** Facts of a return, and what the client is told of it. */
    record Release(List<Fact> facts, List<ReturnedLayout> returned, boolean lastBlockLeft) {}

    /**
     * The client gives {@code ranges} of {@code file} back by its own word: what it left
     * uncommitted is freed, but for blocks that {@code Allocate} made to stay. Zeroing the last
     * block and reaping a removed file are the caller's to add.
     */
    static Release release(
            VolumeTables tables, FileNode file, ClientId client, List<ByteRange> ranges) {
        List<Fact> facts = new ArrayList<>();
        List<Fact> recall = Recalls.endedBy(tables, client, file.id(), ranges);
        Layout layout = file.layoutOf(client);
        RangeSet asked = new RangeSet();
        ranges.forEach(asked::add);
        List<LayoutRange> held = new ArrayList<>();
        if (layout != null) {
            asked.ranges().forEach(r -> held.addAll(layout.within(r)));
        }
        if (layout == null || held.isEmpty()) {
            return new Release(recall, List.of(), false);
        }
        List<ByteRange> returned = held.stream().map(LayoutRange::range).toList();
        boolean durable = held.stream().anyMatch(r -> r.kind().isDurable());
        facts.add(
                new Fact.LayoutReturned(client, file.id(), layout.nextSeqid(), returned, durable));
        for (LayoutRange range : held) {
            if (range.kind().isWriter()) {
                if (!file.uncommitted(range.range()).isEmpty()) {
                    facts.add(new Fact.UncommittedFreed(file.id(), range.range(), client.value()));
                }
                List<ByteRange> copies = CopyOnWrite.copied(file, range.range());
                if (!copies.isEmpty()) {
                    facts.add(new Fact.CopiesFreed(file.id(), copies));
                }
            }
        }
        facts.addAll(recall);
        boolean all =
                returned.stream().mapToLong(ByteRange::length).sum()
                        == layout.ranges().stream().mapToLong(r -> r.range().length()).sum();
        Optional<Stateid> remaining =
                all ? Optional.empty() : Optional.of(new Stateid(layout.id(), layout.nextSeqid()));
        return new Release(
                facts,
                List.of(new ReturnedLayout(file.id(), remaining, returned)),
                touchesTail(tables, file, client, held));
    }

    /** Blocks allocated for a grant and never committed: they are nobody's once the grant ends. */
    static List<ByteRange> uncommitted(FileNode file, ByteRange range) {
        return file.uncommitted(range).stream().map(Extent::range).toList();
    }

    /**
     * Whether one of {@code held} is the last RW on the written last block of a file that ends
     * inside it. Nobody stores into a block that is not written in place.
     */
    static boolean touchesTail(
            VolumeTables tables, FileNode file, ClientId client, List<LayoutRange> held) {
        ByteRange tail = tail(tables, file);
        return tail != null
                && !CopyOnWrite.isProtected(tables, file, tail)
                && ofOthers(tables, file, client, tail).stream().noneMatch(h -> h.kind().isWriter())
                && held.stream().anyMatch(r -> r.kind().isWriter() && r.range().overlaps(tail));
    }

    /**
     * Bytes past end of file in the last block, if that block is written and the file ends inside
     * it; otherwise null.
     */
    static @Nullable ByteRange tail(VolumeTables tables, FileNode file) {
        return writtenTail(file, file.sizeBytes(), tables.blockSize());
    }

    /** As {@link #tail}, for a file that ended at {@code size}. */
    static @Nullable ByteRange writtenTail(FileNode file, long size, long blockSize) {
        if (size % blockSize == 0) {
            return null;
        }
        Extent last = file.extents().find(size);
        return last != null && last.state() == ExtentState.WRITTEN
                ? new ByteRange(size, Math.ceilDiv(size, blockSize) * blockSize)
                : null;
    }

    /** The intent to zero the tail of the last block after the last RW grant on it has ended. */
    static Fact zeroTail(VolumeTables tables, FileNode file, long work) {
        ByteRange tail = Objects.requireNonNull(tail(tables, file));
        return new Fact.WorkIntended(
                new Fact.Work(
                        work,
                        file.id(),
                        tail.alignOutward(tables.blockSize()),
                        onDevice(file, tail),
                        new Fact.Continuation.Nothing()));
    }

    /** All of a range, holes included; extents that are in other maps too are flagged SHARED. */
    static List<Extent> shown(VolumeTables tables, FileNode file, ByteRange range) {
        if (tables.shared().isEmpty()) {
            return file.extents().slice(range);
        }
        return file.extents().slice(range).stream()
                .flatMap(e -> tables.shared().split(e).stream())
                .toList();
    }

    /** Where bytes of a file lie; all of them must be mapped. */
    static List<DeviceRange> onDevice(FileNode file, @Nullable ByteRange bytes) {
        return bytes == null
                ? List.of()
                : file.extents().mapped(bytes).stream().map(Extent::deviceRange).toList();
    }

    static ByteRange wholeFile() {
        return ByteRange.from(0);
    }
}
