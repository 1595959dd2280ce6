package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CompleteWork;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the server does on devices for a file: zeros in place, after a durable intent that is done
 * again at a restart; or fresh blocks filled first and put in the file after ({@link Rewrite}).
 * Either blocks the range; the completion is a command, and what the operation still has to do is
 * decided then.
 */
final class DeviceWork {

    private DeviceWork() {}

    /**
     * Waits for device work on the range and clears it of everybody but the caller; null if nothing
     * is in the way.
     */
    static @Nullable Decision clear(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range) {
        Work work = file.workOn(range);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        return Grants.clearOthers(tables, file, ask, range);
    }

    /**
     * First the zeros, then {@code then}; with no written byte to zero, {@code then} at once.
     * Readers may stay beside zeros in place, but not on a block that leaves the file.
     */
    static Decision zeroThen(
            VolumeTables tables,
            FileNode file,
            Mutation ask,
            Release release,
            ByteRange blocked,
            List<ByteRange> zeros,
            Continuation then) {
        List<ByteRange> written = new ArrayList<>();
        List<DeviceRange> onDevice = new ArrayList<>();
        boolean inPlace = true;
        for (ByteRange bytes : zeros) {
            for (Extent extent : file.extents().mapped(bytes)) {
                if (extent.state() == ExtentState.WRITTEN) {
                    written.add(extent.range());
                    onDevice.add(extent.deviceRange());
                    inPlace &=
                            !extent.has(Extent.AT_RISK)
                                    && !CopyOnWrite.isProtected(tables, file, extent.range());
                }
            }
        }
        List<Fact> facts = new ArrayList<>(release.facts());
        if (!onDevice.isEmpty()) {
            Work work = inPlace ? null : elsewhere(tables, file, blocked, written, then);
            if (work != null) {
                Decision wait = clearReplaced(tables, file, ask, work);
                if (wait != null) {
                    return wait;
                }
            } else {
                work = new Work(tables.nextWork(), file.id(), blocked, onDevice, then);
            }
            facts.add(new Fact.WorkIntended(work));
            return Decision.awaitWork(facts, work.id());
        }
        Decision last = finish(tables, file, then, ask.nowMillis());
        facts.addAll(last.facts());
        return new Decision(facts, last.notices(), last.outcome());
    }

    /** Clears the blocks that {@code work} replaces of everybody but the caller. */
    private static @Nullable Decision clearReplaced(
            VolumeTables tables, FileNode file, Mutation ask, Work work) {
        for (Extent fresh : work.fresh()) {
            Decision wait = Grants.clearOthers(tables, file, ask, fresh.range());
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }

    /**
     * The same zeros on fresh blocks; null if they may be written in place after all: blocks at
     * risk, without space for moving them or in grace, when no map changes.
     */
    private static @Nullable Work elsewhere(
            VolumeTables tables,
            FileNode file,
            ByteRange blocked,
            List<ByteRange> zeros,
            Continuation then) {
        RangeSet blocks = new RangeSet();
        zeros.forEach(bytes -> blocks.add(bytes.alignOutward(tables.blockSize())));
        List<Extent> fresh =
                tables.isInGrace() ? List.of() : Rewrite.plan(tables, file, blocks.ranges());
        if (!fresh.isEmpty()) {
            return Rewrite.work(tables, file, blocked, fresh, zeros, Optional.empty(), then);
        }
        boolean shared = zeros.stream().anyMatch(b -> CopyOnWrite.isProtected(tables, file, b));
        if (shared) {
            Grants.refuseInGrace(tables, "zeroing a part of a block shared with a clone");
            throw new Refusal(
                    Reason.NO_SPACE,
                    "bytes "
                            + zeros.getFirst()
                            + " lie in a block shared with a clone, and no block is free to take its"
                            + " place");
        }
        return null;
    }

    /** What follows once the device has it. */
    private static Decision finish(
            VolumeTables tables, FileNode file, Continuation then, long nowMillis) {
        return switch (then) {
            case Continuation.Nothing nothing -> Decision.answer(new Reply.Done());
            case Continuation.Resize resize -> TruncateOp.finish(tables, file, resize, nowMillis);
            case Continuation.Punch punch -> DeallocateOp.finish(tables, file, punch, nowMillis);
            case Continuation.Grant grant ->
                    throw new IllegalStateException("decided by " + Zeroing.class + ": " + grant);
            case Continuation.Wrote wrote -> WriteOp.finish(file, wrote, nowMillis);
            case Continuation.Clone clone -> CloneOp.finish(tables, file, clone, nowMillis);
        };
    }

    // ---- completion

    static Decision complete(VolumeTables tables, CompleteWork ask) {
        Work work =
                tables.works().stream().filter(w -> w.id() == ask.work()).findFirst().orElse(null);
        if (work == null) {
            return Decision.answer(new Reply.Done());
        }
        FileNode file = Objects.requireNonNull(tables.file(work.file()));
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact.WorkCompleted(work.id(), work.durable()));
        FileNode source =
                work.elsewhere()
                        .map(other -> Objects.requireNonNull(tables.file(other.file())))
                        .orElse(file);
        if (file.isRemoving() || source.isRemoving()) {
            originOf(work.then())
                    .ifPresent(
                            origin ->
                                    facts.add(
                                            new Fact.Answered(
                                                    origin.client(),
                                                    origin.operationId(),
                                                    origin.answeredThrough(),
                                                    Failure.of(
                                                            Reason.STALE_FILE,
                                                            "file "
                                                                    + (file.isRemoving()
                                                                            ? file.id()
                                                                            : source.id())
                                                                    + " has been removed meanwhile"),
                                                    true)));
            facts.addAll(Removal.afterWork(tables, file));
            if (source != file) {
                facts.addAll(Removal.afterWork(tables, source));
            }
            return Decision.answer(facts, new Reply.Done());
        }
        if (work.then() instanceof Continuation.Grant(Command.MapBlocks map)) {
            return Zeroing.finish(tables, file, work, map, facts);
        }
        if (!work.fresh().isEmpty()) {
            long by = originOf(work.then()).map(o -> o.client().value()).orElse(0L);
            facts.add(new Fact.ExtentsReplaced(file.id(), work.fresh(), by));
        }
        Decision last = finish(tables, file, work.then(), ask.nowMillis());
        facts.addAll(last.facts());
        return new Decision(facts, last.notices(), last.outcome());
    }

    // ---- whose it is

    /**
     * Bytes of {@code file} on which {@code client} can hold nothing, as work for a request is
     * under way there: everybody had given them back before the intent, or the client's own request
     * has ended what it held. Readers who stay beside the work, as where a file is extended, may go
     * on.
     */
    static RangeSet clearedOf(VolumeTables tables, FileNode file, ClientId client) {
        RangeSet cleared = new RangeSet();
        for (Work work : tables.works()) {
            if (work.file().equals(file.id())) {
                clearedOfAll(tables, file, work).ifPresent(cleared::add);
            }
            originOf(work.then())
                    .filter(origin -> origin.client().equals(client))
                    .ifPresent(
                            _ ->
                                    endedBy(work.then()).layouts().stream()
                                            .filter(layout -> layout.file().equals(file.id()))
                                            .forEach(l -> l.ranges().forEach(cleared::add)));
        }
        return cleared;
    }

    /** What nobody holds any more, as blocks are about to leave the file there. */
    private static Optional<ByteRange> clearedOfAll(VolumeTables tables, FileNode file, Work work) {
        return switch (work.then()) {
            case Continuation.Nothing nothing -> Optional.empty();
            case Continuation.Resize resize ->
                    resize.newSize() < file.sizeBytes()
                            ? Optional.of(work.blocked())
                            : Optional.empty();
            case Continuation.Punch punch -> Optional.of(work.blocked());
            case Continuation.Grant grant -> Optional.empty();
            case Continuation.Wrote wrote -> Optional.of(work.blocked());
            case Continuation.Clone clone ->
                    Optional.of(
                            ByteRange.ofLength(clone.offset(), clone.range().length())
                                    .alignOutward(tables.blockSize()));
        };
    }

    /** What the caller of a request held and the request itself has ended. */
    private static Reply.Returned endedBy(Continuation then) {
        return switch (then) {
            case Continuation.Nothing nothing -> new Reply.Returned(List.of());
            case Continuation.Resize resize -> resize.returned();
            case Continuation.Punch punch -> punch.returned();
            case Continuation.Grant grant -> new Reply.Returned(List.of());
            case Continuation.Wrote wrote -> wrote.returned();
            case Continuation.Clone clone -> clone.returned();
        };
    }

    /** Device work that the first try of this operation started. */
    static OptionalLong of(VolumeTables tables, Origin origin) {
        if (tables.works().isEmpty()) {
            return OptionalLong.empty();
        }
        return worksOf(tables, origin.client())
                .filter(w -> originOf(w.then()).orElseThrow().operationId() == origin.operationId())
                .mapToLong(Work::id)
                .findFirst();
    }

    /** How much device work operations of this client wait for. */
    static long countOf(VolumeTables tables, ClientId client) {
        return tables.works().isEmpty() ? 0 : worksOf(tables, client).count();
    }

    private static Stream<Work> worksOf(VolumeTables tables, ClientId client) {
        return tables.works().stream()
                .filter(w -> originOf(w.then()).filter(o -> o.client().equals(client)).isPresent());
    }

    static Optional<Origin> originOf(Continuation then) {
        return switch (then) {
            case Continuation.Nothing nothing -> Optional.empty();
            case Continuation.Resize resize -> Optional.of(resize.origin());
            case Continuation.Punch punch -> Optional.of(punch.origin());
            case Continuation.Grant grant -> Optional.of(grant.ask().origin());
            case Continuation.Wrote wrote -> Optional.of(wrote.origin());
            case Continuation.Clone clone -> Optional.of(clone.origin());
        };
    }
}
