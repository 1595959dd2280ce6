package dev.outlay.core.op;

import dev.outlay.core.command.Command.Truncate;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Truncate: shrink or extend to a size. Whole blocks past the new end are freed; bytes past it in
 * the last block become zeros, and so does what an extension exposes: blocks committed past the old
 * end are holes afterwards.
 *
 * <p>The new size and what is freed are decided when the zeros are durable, in {@link #finish}.
 */
final class TruncateOp {

    private TruncateOp() {}

    static Decision decide(VolumeTables tables, Truncate ask) {
        FileNode file = Checks.file(tables, ask.file());
        Checks.writable(file);
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
        Decision wait = DeviceWork.clear(tables, file, ask, cut);
        if (wait != null) {
            return wait;
        }
        Grants.refuseInGrace(tables, "shrinking a file");
        Release release = Grants.release(tables, file, ask.origin().client(), List.of(cut));
        ByteRange tail = Grants.writtenTail(file, ask.newSize(), block);
        return DeviceWork.zeroThen(
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
                                file.sizeBytes() - file.sizeBytes() % block,
                                Math.max(newEnd, oldEnd + 1))
                        .alignOutward(block);
        if (ask.newSize() == file.sizeBytes()) {
            return Decision.then(
                    List.of(FileChanges.resized(file, ask.newSize(), ask.nowMillis())),
                    FileChanges.answer(ask.origin(), file.id(), List.of()));
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
        Release release = Grants.release(tables, file, ask.origin().client(), List.of(exposed));
        ByteRange tail = Grants.tail(tables, file);
        boolean dirty = tail != null && (release.lastBlockLeft() || isAtRisk(file, tail));
        return DeviceWork.zeroThen(
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
                        .filter(h -> h.kind().isWriter())
                        .filter(
                                h ->
                                        !file.extents().mapped(h.range()).stream()
                                                .allMatch(e -> e.state() == ExtentState.UNWRITTEN))
                        .toList();
        Optional<ClientId> lapsed = Grants.lapsedHolder(writers);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        Grants.waitForTurn(tables, file, ask, range, writers);
        return null;
    }

    private static Continuation resize(Truncate ask, Release release) {
        return new Continuation.Resize(
                ask.origin(), ask.newSize(), new Reply.Returned(release.returned()));
    }

    /** The facts of a resize whose zeros, if any were needed, are in place. */
    static Decision finish(
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
        facts.add(FileChanges.resized(file, then.newSize(), nowMillis));
        return Decision.then(
                facts, FileChanges.answer(then.origin(), file.id(), then.returned().layouts()));
    }
}
