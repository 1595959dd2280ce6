package dev.outlay.core.op;

import dev.outlay.core.command.Command.Deallocate;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.List;

/**
 * Deallocate: punch a hole. Whole blocks are freed, the edges of written blocks become zeros first;
 * the size stays.
 */
final class DeallocateOp {

    private DeallocateOp() {}

    static Decision decide(VolumeTables tables, Deallocate ask) {
        FileNode file = Checks.file(tables, ask.file());
        Checks.writable(file);
        ByteRange range = Checks.range(tables, ask.offset(), ask.length());
        ByteRange blocks = range.alignOutward(tables.blockSize());
        Decision wait = DeviceWork.clear(tables, file, ask, blocks);
        if (wait != null) {
            return wait;
        }
        Grants.refuseInGrace(tables, "punching a hole");
        Release release = Grants.release(tables, file, ask.origin().client(), List.of(blocks));
        Continuation.Punch then =
                new Continuation.Punch(ask.origin(), range, new Reply.Returned(release.returned()));
        return DeviceWork.zeroThen(
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

    static Decision finish(
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
        facts.add(FileChanges.resized(file, file.sizeBytes(), nowMillis));
        return Decision.then(
                facts, FileChanges.answer(then.origin(), file.id(), then.returned().layouts()));
    }
}
