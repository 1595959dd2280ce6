package dev.outlay.core.op;

import dev.outlay.core.command.Command.Clone;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Clone: the committed blocks of a range come into a second map. No byte is copied; whoever writes
 * next, in either file, gets fresh blocks for what it writes.
 *
 * <p>Before that, all writers of the source range and everybody in the destination range have given
 * back what they hold, and the tail of the source's last block is zero. What is not committed in
 * the source is a hole in the destination, whose former blocks leave it.
 *
 * <p>Source: {@code xfs_reflink_remap_range} and {@code FICLONERANGE} in Linux.
 */
final class CloneOp {

    private CloneOp() {}

    static Decision decide(VolumeTables tables, Clone ask) {
        FileNode source = Checks.file(tables, ask.source());
        FileNode destination = Checks.file(tables, ask.destination());
        Checks.writable(destination);
        ByteRange bytes = range(tables, source, destination, ask);
        if (bytes == null) {
            return Decision.then(
                    List.of(
                            FileChanges.resized(
                                    destination, destination.sizeBytes(), ask.nowMillis())),
                    FileChanges.answer(ask.origin(), destination.id(), List.of()));
        }
        ByteRange touched = touched(tables, destination, bytes, ask.destinationOffset());
        ByteRange blocks = bytes.alignOutward(tables.blockSize());
        Decision wait = clearSource(tables, source, ask, blocks);
        if (wait == null) {
            wait = DeviceWork.clear(tables, destination, ask, touched);
        }
        if (wait != null) {
            return wait;
        }
        Grants.refuseInGrace(tables, "cloning");
        refuseAtRisk(source, blocks);
        return release(tables, source, destination, ask, bytes, touched);
    }

    /** The bytes of the source; null if there are none. */
    private static @Nullable ByteRange range(
            VolumeTables tables, FileNode source, FileNode destination, Clone ask) {
        long block = tables.blockSize();
        if (ask.offset() < 0
                || ask.length() < 0
                || ask.offset() % block != 0
                || ask.destinationOffset() < 0
                || ask.destinationOffset() % block != 0) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "a clone begins at whole blocks of "
                            + block
                            + " bytes: offset "
                            + ask.offset()
                            + ", length "
                            + ask.length()
                            + ", destination_offset "
                            + ask.destinationOffset());
        }
        long length = ask.length() == 0 ? source.sizeBytes() - ask.offset() : ask.length();
        if (ask.length() == 0 && length <= 0) {
            return null;
        }
        ByteRange bytes = Checks.range(tables, ask.offset(), length);
        long end = Checks.range(tables, ask.destinationOffset(), length).end();
        if (bytes.end() > source.sizeBytes()) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "bytes " + bytes + " go past the end of the source, " + source.sizeBytes());
        }
        boolean whole = bytes.end() % block == 0;
        if (!whole && (bytes.end() != source.sizeBytes() || end < destination.sizeBytes())) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "a clone ends with a whole block, or with the source and the destination: byte "
                            + bytes.end()
                            + " is inside a block of "
                            + block);
        }
        ByteRange over =
                new ByteRange(ask.destinationOffset(), end).alignOutward(tables.blockSize());
        if (source == destination && over.overlaps(bytes.alignOutward(block))) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "bytes " + bytes + " of file " + source.id() + " are cloned over themselves");
        }
        return bytes;
    }

    /** The blocks that change in the destination: its old last one too, if it grows. */
    private static ByteRange touched(
            VolumeTables tables, FileNode destination, ByteRange bytes, long offset) {
        long block = tables.blockSize();
        ByteRange over = ByteRange.ofLength(offset, bytes.length()).alignOutward(block);
        long size = destination.sizeBytes();
        boolean grows = offset + bytes.length() > size;
        return grows
                ? new ByteRange(Math.min(over.start(), size - size % block), over.end())
                : over;
    }

    /**
     * Waits for work on the source and for its writers, and has moved what an ended client could
     * still overwrite; null if nothing is in the way.
     */
    static @Nullable Decision clearSource(
            VolumeTables tables, FileNode source, Mutation ask, ByteRange blocks) {
        Work work = source.workOn(blocks);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        Decision move = Relocation.ahead(tables, source, ask, blocks);
        return move != null ? move : Grants.clearWriters(tables, source, ask, blocks);
    }

    /** What an ended client may still store into must not come into a second file. */
    static void refuseAtRisk(FileNode source, ByteRange blocks) {
        for (Extent extent : source.extents().mapped(blocks)) {
            if (extent.has(Extent.AT_RISK)) {
                throw new Refusal(
                        Reason.NO_SPACE,
                        "bytes "
                                + extent.range()
                                + " of file "
                                + source.id()
                                + " could still be overwritten by a client that ended without its own"
                                + " word; they cannot be cloned before they have been moved");
            }
        }
    }

    /** The caller's own grants end with the request, and dirty tails are zeroed first. */
    private static Decision release(
            VolumeTables tables,
            FileNode source,
            FileNode destination,
            Clone ask,
            ByteRange bytes,
            ByteRange touched) {
        ClientId caller = ask.origin().client();
        ByteRange blocks = bytes.alignOutward(tables.blockSize());
        List<ByteRange> ofSource = ownWriting(source, caller, blocks);
        List<Release> releases = new ArrayList<>();
        List<ByteRange> ofDestination = new ArrayList<>(List.of(touched));
        if (source == destination) {
            ofDestination.addAll(ofSource);
        } else if (!ofSource.isEmpty()) {
            releases.add(Grants.release(tables, source, caller, ofSource));
        }
        releases.add(Grants.release(tables, destination, caller, ofDestination));
        List<Fact> facts = new ArrayList<>();
        List<Reply.ReturnedLayout> returned = new ArrayList<>();
        for (Release release : releases) {
            facts.addAll(release.facts());
            returned.addAll(release.returned());
        }
        Continuation.Clone then =
                new Continuation.Clone(
                        ask.origin(),
                        source.id(),
                        bytes,
                        ask.destinationOffset(),
                        ask.seals(),
                        new Reply.Returned(returned));
        List<DeviceRange> zeros = new ArrayList<>();
        boolean ofItself = source == destination;
        if ((ofItself || !ofSource.isEmpty()) && releases.getFirst().lastBlockLeft()) {
            zeros.addAll(Grants.onDevice(source, Grants.tail(tables, source)));
        }
        if (!ofItself && releases.getLast().lastBlockLeft()) {
            zeros.addAll(Grants.onDevice(destination, Grants.tail(tables, destination)));
        }
        if (!zeros.isEmpty()) {
            ByteRange barred = source == destination ? hull(blocks, touched) : touched;
            Work work = new Work(tables.nextWork(), destination.id(), barred, zeros, then);
            facts.add(new Fact.WorkIntended(work));
            return Decision.awaitWork(facts, work.id());
        }
        Decision last = finish(tables, destination, then, ask.nowMillis());
        facts.addAll(last.facts());
        return new Decision(facts, last.notices(), last.outcome());
    }

    private static List<ByteRange> ownWriting(FileNode file, ClientId caller, ByteRange range) {
        Layout own = file.layoutOf(caller);
        return own == null
                ? List.of()
                : own.within(range).stream()
                        .filter(held -> held.kind().isWriter())
                        .map(LayoutRange::range)
                        .toList();
    }

    private static ByteRange hull(ByteRange a, ByteRange b) {
        return new ByteRange(Math.min(a.start(), b.start()), Math.max(a.end(), b.end()));
    }

    /** The facts of a clone whose tails are zero. */
    static Decision finish(
            VolumeTables tables, FileNode destination, Continuation.Clone then, long nowMillis) {
        long block = tables.blockSize();
        long by = then.origin().client().value();
        List<Fact> facts = new ArrayList<>();
        long oldEnd = Math.ceilDiv(destination.sizeBytes(), block) * block;
        if (then.offset() > oldEnd) {
            destination.extents().mapped(new ByteRange(oldEnd, then.offset())).stream()
                    .filter(e -> e.state() == ExtentState.WRITTEN)
                    .forEach(
                            e -> facts.add(new Fact.ExtentsFreed(destination.id(), e.range(), by)));
        }
        facts.add(
                new Fact.ExtentsCloned(
                        then.source(),
                        then.range().alignOutward(block),
                        destination.id(),
                        then.offset(),
                        by));
        long size = Math.max(destination.sizeBytes(), then.offset() + then.range().length());
        facts.add(FileChanges.resized(destination, size, nowMillis));
        if (then.seals()) {
            facts.add(new Fact.FlagsSet(destination.id(), FileAttributes.READ_ONLY));
        }
        return Decision.then(
                facts,
                FileChanges.answer(then.origin(), destination.id(), then.returned().layouts()));
    }
}
