package dev.outlay.core.op;

import dev.outlay.core.command.Command.Write;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Write through the server, of any bytes, for a client that does not reach the device or must not
 * store there any more. It conflicts as a grant for RW of the same blocks does, and ends the
 * caller's own grants on them.
 *
 * <p>The bytes always go to fresh blocks, the rest of which is filled from the old ones; once that
 * is durable one record puts them in their place and moves size and times. So a reader or a crash
 * sees all of a Write or nothing of it. Where it makes the file end inside a block, what was
 * committed past that end is zeros afterwards (I15).
 */
final class WriteOp {

    private WriteOp() {}

    static Decision decide(VolumeTables tables, Write ask) {
        FileNode file = Checks.file(tables, ask.file());
        Checks.writable(file);
        int length = ask.bytes().remaining();
        ReadOp.checkLength(tables, length, "Write");
        ByteRange range = Checks.range(tables, ask.offset(), length);
        ByteRange blocks = range.alignOutward(tables.blockSize());
        Decision wait = DeviceWork.clear(tables, file, ask, blocks);
        if (wait != null) {
            return wait;
        }
        boolean takesNothing =
                blocks.start() >= file.sizeBytes() && file.extents().mapped(blocks).isEmpty();
        if (!takesNothing) {
            Grants.refuseInGrace(tables, "a write through the server inside end of file");
        }
        Release release = Grants.release(tables, file, ask.origin().client(), List.of(blocks));
        Continuation then =
                new Continuation.Wrote(
                        ask.origin(),
                        range,
                        ask.mtimeMillis(),
                        new Reply.Returned(release.returned()));
        Work work =
                Rewrite.work(
                        tables,
                        file,
                        blocks,
                        freshBlocks(tables, file, blocks),
                        range.end() > file.sizeBytes() && range.end() < blocks.end()
                                ? List.of(new ByteRange(range.end(), blocks.end()))
                                : List.of(),
                        Optional.of(range),
                        then);
        List<Fact> facts = new ArrayList<>(release.facts());
        facts.add(new Fact.WorkIntended(work));
        return Decision.awaitWork(facts, work.id());
    }

    private static List<Extent> freshBlocks(VolumeTables tables, FileNode file, ByteRange blocks) {
        List<Extent> fresh =
                Relocation.leavesEnough(tables, blocks.length())
                        ? Rewrite.plan(tables, file, List.of(blocks))
                        : List.of();
        if (fresh.isEmpty()) {
            throw new Shortage(
                    file,
                    blocks,
                    blocks.length(),
                    "a write through the server needs "
                            + blocks.length()
                            + " bytes of fresh blocks: "
                            + tables.free().freeBytes()
                            + " of "
                            + tables.spaceUse().total()
                            + " are free");
        }
        return fresh;
    }

    /** The facts that follow once the blocks are in their place. */
    static Decision finish(FileNode file, Continuation.Wrote then, long nowMillis) {
        FileAttributes now = file.attributes();
        Fact.AttributesSet attributes =
                new Fact.AttributesSet(
                        file.id(),
                        Math.max(now.sizeBytes(), then.range().end()),
                        now.mode(),
                        now.owner(),
                        Math.max(now.modifiedMillis(), then.mtimeMillis().orElse(nowMillis)),
                        Math.max(now.changedMillis(), nowMillis),
                        now.accessedMillis());
        return Decision.then(
                List.of(attributes),
                FileChanges.answer(then.origin(), file.id(), then.returned().layouts()));
    }
}
