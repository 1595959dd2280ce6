package dev.outlay.core.op;

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

    /** When a conflict with another client's grant is worth another try, milliseconds. */
    static final long CONFLICT_RETRY_MILLIS = 50;

    private Grants() {}

    /** A part of a range that another client holds. */
    record Held(ClientEntry holder, ByteRange range, GrantKind kind) {}

    /** What clients other than {@code caller} hold of {@code range}, in order of their offsets. */
    static List<Held> ofOthers(
            VolumeTables tables, FileNode file, ClientId caller, ByteRange range) {
        List<Held> held = new ArrayList<>();
        for (Layout layout : file.layouts()) {
            if (!layout.client().equals(caller)) {
                ClientEntry holder = Objects.requireNonNull(tables.client(layout.client()));
                layout.within(range).forEach(r -> held.add(new Held(holder, r.range(), r.kind())));
            }
        }
        held.sort((a, b) -> a.range.compareTo(b.range));
        return held;
    }

    /** A holder whose lease is over: what it holds is courtesy, and ends when somebody needs it. */
    static Optional<ClientId> lapsedHolder(List<Held> held) {
        return held.stream()
                .filter(h -> h.holder.isLapsed() && h.holder.ended().isEmpty())
                .map(h -> h.holder.record().id())
                .findFirst();
    }

    static Refusal conflict(Held held) {
        return new Refusal(
                new Reply.Failure(
                        Reason.TRY_LATER,
                        "client "
                                + held.holder.record().id()
                                + " ('"
                                + held.holder.record().owner()
                                + "') holds "
                                + held.range
                                + " for "
                                + held.kind,
                        CONFLICT_RETRY_MILLIS));
    }

    /**
     * Clears {@code range} of everybody but the caller for an operation that takes blocks away:
     * null if nobody is in the way; otherwise either the decision that revokes a lapsed holder, or
     * a refusal.
     */
    static @Nullable Decision clearOthers(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range) {
        List<Held> held = ofOthers(tables, file, ask.origin().client(), range);
        Optional<ClientId> lapsed = lapsedHolder(held);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        if (!held.isEmpty()) {
            throw conflict(held.getFirst());
        }
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

    /** Facts of a return, and what the client is told of it. */
    record Release(List<Fact> facts, List<ReturnedLayout> returned, boolean lastBlockLeft) {
        static final Release NOTHING = new Release(List.of(), List.of(), false);
    }

    /**
     * The client gives {@code ranges} of {@code file} back by its own word: what it left
     * uncommitted is freed, but for blocks that {@code Allocate} made to stay. Zeroing the last
     * block and reaping a removed file are the caller's to add.
     */
    static Release release(
            VolumeTables tables, FileNode file, ClientId client, List<ByteRange> ranges) {
        Layout layout = file.layoutOf(client);
        if (layout == null) {
            return Release.NOTHING;
        }
        RangeSet asked = new RangeSet();
        ranges.forEach(asked::add);
        List<LayoutRange> held = new ArrayList<>();
        asked.ranges().forEach(r -> held.addAll(layout.within(r)));
        if (held.isEmpty()) {
            return Release.NOTHING;
        }
        List<Fact> facts = new ArrayList<>();
        List<ByteRange> returned = held.stream().map(LayoutRange::range).toList();
        boolean durable = held.stream().anyMatch(r -> r.kind().isDurable());
        facts.add(
                new Fact.LayoutReturned(client, file.id(), layout.nextSeqid(), returned, durable));
        for (LayoutRange range : held) {
            if (range.kind() == GrantKind.RW) {
                uncommitted(file, range.range())
                        .forEach(
                                r ->
                                        facts.add(
                                                new Fact.ExtentsFreed(
                                                        file.id(), r, client.value())));
            }
        }
        boolean all =
                returned.stream().mapToLong(ByteRange::length).sum()
                        == layout.ranges().stream().mapToLong(r -> r.range().length()).sum();
        Optional<Stateid> remaining =
                all ? Optional.empty() : Optional.of(new Stateid(layout.id(), layout.nextSeqid()));
        return new Release(
                facts,
                List.of(new ReturnedLayout(file.id(), remaining, returned)),
                touchesTail(tables, file, held));
    }

    /** Blocks allocated for a grant and never committed: they are nobody's once the grant ends. */
    static List<ByteRange> uncommitted(FileNode file, ByteRange range) {
        return file.extents().mapped(range).stream()
                .filter(e -> e.state() == ExtentState.UNWRITTEN && !e.has(Extent.KEPT))
                .map(Extent::range)
                .toList();
    }

    /**
     * Whether one of {@code held} is RW on the written last block of a file that ends inside it.
     */
    static boolean touchesTail(VolumeTables tables, FileNode file, List<LayoutRange> held) {
        ByteRange tail = tail(tables, file);
        return tail != null
                && held.stream()
                        .anyMatch(r -> r.kind() == GrantKind.RW && r.range().overlaps(tail));
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

    /** Where bytes of a file lie; all of them must be mapped. */
    static List<DeviceRange> onDevice(FileNode file, ByteRange bytes) {
        return file.extents().mapped(bytes).stream().map(Extent::deviceRange).toList();
    }

    static ByteRange wholeFile() {
        return ByteRange.from(0);
    }
}
