package dev.outlay.core.op;

import dev.outlay.core.command.Command.Allocate;
import dev.outlay.core.command.Command.Deallocate;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.command.Command.Truncate;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.space.DeviceGoal;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Truncate, Deallocate and Allocate. What others hold of the range stands in the way; what the
 * caller holds there ends with the request. Bytes that must become zeros inside a file are zeroed
 * by the server under a durable intent, with the range blocked from the intent to its completion,
 * and what follows (the new size, the hole) is decided when the zeros are durable.
 */
final class SpaceOps {

    private SpaceOps() {}

    // ---- truncate

    static Decision truncate(VolumeTables tables, Truncate ask) {
        FileNode file = Checks.file(tables, ask.file());
        if (ask.newSize() < 0) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT, "a size of " + ask.newSize() + " bytes is negative");
        }
        if (ask.newSize() > tables.limits().fileBytes()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    "a size of "
                            + ask.newSize()
                            + " bytes is more than the largest file has, "
                            + tables.limits().fileBytes());
        }
        return ask.newSize() < file.sizeBytes()
                ? shrink(tables, file, ask)
                : extend(tables, file, ask);
    }

    private static Decision shrink(VolumeTables tables, FileNode file, Truncate ask) {
        long block = tables.blockSize();
        ByteRange cut = ByteRange.from(ask.newSize() - ask.newSize() % block);
        Decision wait = clear(tables, file, ask, cut);
        if (wait != null) {
            return wait;
        }
        Grants.refuseInGrace(tables, "shrinking a file");
        Release release = Grants.release(tables, file, ask.origin().client(), List.of(cut));
        ByteRange tail = Grants.writtenTail(file, ask.newSize(), block);
        return zeroThen(
                tables,
                file,
                ask,
                release,
                cut,
                tail == null ? List.of() : List.of(tail),
                resize(ask, release));
    }

    private static Decision extend(VolumeTables tables, FileNode file, Truncate ask) {
        long block = tables.blockSize();
        long oldEnd = Math.ceilDiv(file.sizeBytes(), block) * block;
        long newEnd = Math.ceilDiv(ask.newSize(), block) * block;
        ByteRange exposed =
                new ByteRange(
                        file.sizeBytes() - file.sizeBytes() % block, Math.max(newEnd, oldEnd + 1));
        if (ask.newSize() == file.sizeBytes()) {
            return Decision.then(
                    List.of(resized(file, ask.newSize(), ask.nowMillis())),
                    NamespaceOps.changed(ask.origin(), file.id(), List.of()));
        }
        // Blocked to the end: a commit further out would otherwise move the end of file meanwhile.
        ByteRange blocked = ByteRange.from(exposed.start());
        Work work = file.workOn(blocked);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        Decision revoke = clearWriters(tables, file, ask, exposed);
        if (revoke != null) {
            return revoke;
        }
        boolean writtenPast =
                newEnd > oldEnd
                        && file.extents().mapped(new ByteRange(oldEnd, newEnd)).stream()
                                .anyMatch(e -> e.state() == ExtentState.WRITTEN);
        if (writtenPast) {
            Grants.refuseInGrace(tables, "extending a file over blocks committed past its end");
        }
        Release release =
                Grants.release(
                        tables, file, ask.origin().client(), List.of(exposed.alignOutward(block)));
        ByteRange tail = Grants.tail(tables, file);
        boolean dirty = tail != null && (release.lastBlockLeft() || isAtRisk(file, tail));
        return zeroThen(
                tables,
                file,
                ask,
                release,
                blocked,
                tail != null && dirty ? List.of(tail) : List.of(),
                resize(ask, release));
    }

    private static boolean isAtRisk(FileNode file, ByteRange bytes) {
        return file.extents().mapped(bytes).stream().anyMatch(e -> e.has(Extent.AT_RISK));
    }

    /**
     * Before bytes past end of file are exposed nobody else may be storing there; readers do not
     * mind.
     */
    private static @Nullable Decision clearWriters(
            VolumeTables tables, FileNode file, Truncate ask, ByteRange range) {
        List<Held> writers =
                Grants.ofOthers(tables, file, ask.origin().client(), range).stream()
                        .filter(h -> h.kind() == GrantKind.RW)
                        .filter(
                                h ->
                                        !file.extents().mapped(h.range()).stream()
                                                .allMatch(e -> e.state() == ExtentState.UNWRITTEN))
                        .toList();
        Optional<ClientId> lapsed = Grants.lapsedHolder(writers);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        if (!writers.isEmpty()) {
            throw Grants.conflict(writers.getFirst());
        }
        return null;
    }

    private static Continuation resize(Truncate ask, Release release) {
        return new Continuation.Resize(
                ask.origin(), ask.newSize(), new Reply.Returned(release.returned()));
    }

    /** The facts of a resize whose zeros, if any were needed, are in place. */
    private static Decision finishResize(
            VolumeTables tables, FileNode file, Continuation.Resize then, long nowMillis) {
        long block = tables.blockSize();
        List<Fact> facts = new ArrayList<>();
        long oldSize = file.sizeBytes();
        if (then.newSize() < oldSize) {
            long keepEnd = Math.ceilDiv(then.newSize(), block) * block;
            if (file.extents().endOffset() > keepEnd) {
                facts.add(
                        new Fact.ExtentsFreed(
                                file.id(),
                                ByteRange.from(keepEnd),
                                then.origin().client().value()));
            }
        } else {
            long oldEnd = Math.ceilDiv(oldSize, block) * block;
            long newEnd = Math.ceilDiv(then.newSize(), block) * block;
            if (newEnd > oldEnd) {
                file.extents().mapped(new ByteRange(oldEnd, newEnd)).stream()
                        .filter(e -> e.state() == ExtentState.WRITTEN)
                        .forEach(
                                e ->
                                        facts.add(
                                                new Fact.ExtentsFreed(
                                                        file.id(),
                                                        e.range(),
                                                        then.origin().client().value())));
            }
        }
        facts.add(resized(file, then.newSize(), nowMillis));
        return Decision.then(
                facts, NamespaceOps.changed(then.origin(), file.id(), then.returned().layouts()));
    }

    private static Fact.AttributesSet resized(FileNode file, long size, long nowMillis) {
        FileAttributes now = file.attributes();
        return new Fact.AttributesSet(
                file.id(),
                size,
                now.mode(),
                now.owner(),
                Math.max(now.modifiedMillis(), nowMillis),
                Math.max(now.changedMillis(), nowMillis),
                now.accessedMillis());
    }

    // ---- punch

    static Decision deallocate(VolumeTables tables, Deallocate ask) {
        FileNode file = Checks.file(tables, ask.file());
        ByteRange range = Checks.range(tables, ask.offset(), ask.length());
        ByteRange blocks = range.alignOutward(tables.blockSize());
        Decision wait = clear(tables, file, ask, blocks);
        if (wait != null) {
            return wait;
        }
        Grants.refuseInGrace(tables, "punching a hole");
        Release release = Grants.release(tables, file, ask.origin().client(), List.of(blocks));
        Continuation.Punch then =
                new Continuation.Punch(ask.origin(), range, new Reply.Returned(release.returned()));
        return zeroThen(
                tables,
                file,
                ask,
                release,
                blocks,
                edges(tables, file, range, release.lastBlockLeft()),
                then);
    }

    /**
     * Bytes of written blocks that the range covers only in part; and the tail, if the end of a
     * grant left it dirty.
     */
    private static List<ByteRange> edges(
            VolumeTables tables, FileNode file, ByteRange range, boolean tailLeft) {
        long block = tables.blockSize();
        List<ByteRange> edges = new ArrayList<>();
        for (ByteRange part :
                List.of(
                        new ByteRange(range.start(), range.start() + 1).alignOutward(block),
                        new ByteRange(range.end() - 1, range.end()).alignOutward(block))) {
            ByteRange covered = part.intersect(range);
            if (!covered.equals(part) && !edges.contains(covered)) {
                edges.add(covered);
            }
        }
        ByteRange tail = Grants.tail(tables, file);
        if (tail != null && tailLeft) {
            edges.add(tail);
        }
        return edges;
    }

    private static Decision finishPunch(
            VolumeTables tables, FileNode file, Continuation.Punch then, long nowMillis) {
        long block = tables.blockSize();
        List<Fact> facts = new ArrayList<>();
        long start = Math.ceilDiv(then.range().start(), block) * block;
        long end = then.range().end() - then.range().end() % block;
        if (start < end && !file.extents().mapped(new ByteRange(start, end)).isEmpty()) {
            facts.add(
                    new Fact.ExtentsFreed(
                            file.id(), new ByteRange(start, end), then.origin().client().value()));
        }
        facts.add(resized(file, file.sizeBytes(), nowMillis));
        return Decision.then(
                facts, NamespaceOps.changed(then.origin(), file.id(), then.returned().layouts()));
    }

    // ---- allocate

    static Decision allocate(VolumeTables tables, Allocate ask) {
        FileNode file = Checks.file(tables, ask.file());
        ByteRange blocks =
                Checks.range(tables, ask.offset(), ask.length()).alignOutward(tables.blockSize());
        Work work = file.workOn(blocks);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        List<ByteRange> holes = new ArrayList<>();
        List<ByteRange> keep = new ArrayList<>();
        for (Extent extent : file.extents().slice(blocks)) {
            if (extent.isHole()) {
                holes.add(extent.range());
            } else if (extent.state() == ExtentState.UNWRITTEN && !extent.has(Extent.KEPT)) {
                keep.add(extent.range());
            }
        }
        List<Fact> facts = new ArrayList<>();
        if (!keep.isEmpty()) {
            facts.add(
                    new Fact.ExtentsConverted(
                            file.id(),
                            keep,
                            ExtentState.UNWRITTEN,
                            Extent.KEPT,
                            ask.origin().client().value()));
        }
        if (!holes.isEmpty()) {
            facts.add(
                    new Fact.ExtentsAllocated(
                            file.id(), fresh(tables, file, holes), ask.origin().client().value()));
        }
        FileAttributes b = file.attributes();
        Fact.AttributesSet attributes =
                new Fact.AttributesSet(
                        file.id(),
                        b.sizeBytes(),
                        b.mode(),
                        b.owner(),
                        b.modifiedMillis(),
                        Math.max(b.changedMillis(), ask.nowMillis()),
                        b.accessedMillis());
        facts.add(attributes);
        return Decision.then(facts, NamespaceOps.changed(ask.origin(), file.id(), List.of()));
    }

    private static List<Extent> fresh(VolumeTables tables, FileNode file, List<ByteRange> holes) {
        long bytes = holes.stream().mapToLong(ByteRange::length).sum();
        Extent before =
                holes.getFirst().start() == 0
                        ? null
                        : file.extents().find(holes.getFirst().start() - 1);
        DeviceGoal goal =
                before == null
                        ? tables.free().groupGoal(file.id().value())
                        : new DeviceGoal(before.device(), before.deviceOffset() + before.length());
        List<DeviceRange> pieces =
                tables.free()
                        .plan(bytes, goal, tables.blockSize(), tables.limits().extentsPerReply());
        List<Extent> placed = Placement.place(holes, pieces, Extent.KEPT);
        if (placed.isEmpty()) {
            throw new Refusal(
                    Reason.NO_SPACE,
                    "no "
                            + bytes
                            + " bytes are free: "
                            + tables.free().freeBytes()
                            + " of "
                            + tables.spaceUse().total()
                            + " are");
        }
        return placed;
    }

    // ---- common

    /**
     * Waits for device work on the range and clears it of everybody but the caller; null if nothing
     * is in the way.
     */
    private static @Nullable Decision clear(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range) {
        Work work = file.workOn(range);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        return Grants.clearOthers(tables, file, ask, range);
    }

    /** First the zeros, then {@code then}; with no written byte to zero, {@code then} at once. */
    private static Decision zeroThen(
            VolumeTables tables,
            FileNode file,
            Mutation ask,
            Release release,
            ByteRange blocked,
            List<ByteRange> zeros,
            Continuation then) {
        List<DeviceRange> onDevice = new ArrayList<>();
        for (ByteRange bytes : zeros) {
            file.extents().mapped(bytes).stream()
                    .filter(e -> e.state() == ExtentState.WRITTEN)
                    .forEach(e -> onDevice.add(e.deviceRange()));
        }
        List<Fact> facts = new ArrayList<>(release.facts());
        if (!onDevice.isEmpty()) {
            Work work = new Work(tables.nextWork(), file.id(), blocked, onDevice, then);
            facts.add(new Fact.WorkIntended(work));
            return Decision.awaitWork(facts, work.id());
        }
        Decision last = finish(tables, file, then, ask.nowMillis());
        facts.addAll(last.facts());
        return new Decision(facts, last.outcome());
    }

    /** What follows once the zeros are durable. */
    static Decision finish(VolumeTables tables, FileNode file, Continuation then, long nowMillis) {
        return switch (then) {
            case Continuation.Nothing nothing -> Decision.answer(new Reply.Done());
            case Continuation.Resize resize -> finishResize(tables, file, resize, nowMillis);
            case Continuation.Punch punch -> finishPunch(tables, file, punch, nowMillis);
        };
    }
}
