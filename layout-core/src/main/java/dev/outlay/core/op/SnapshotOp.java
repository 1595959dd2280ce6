package dev.outlay.core.op;

import dev.outlay.core.command.Command.Clone;
import dev.outlay.core.command.Command.Snapshot;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * Snapshot: a clone of a whole file under a new name, in one record with that name, read-only from
 * then on.
 */
final class SnapshotOp {

    private SnapshotOp() {}

    static Decision decide(VolumeTables tables, Snapshot ask) {
        FileNode source = Checks.file(tables, ask.source());
        FileNode parent = Checks.directory(tables, ask.parent());
        Checks.name(tables, ask.name());
        if (parent.children().containsKey(ask.name())) {
            throw new Refusal(
                    Reason.ALREADY_EXISTS,
                    "directory " + parent.id() + " already has an entry '" + ask.name() + "'");
        }
        if (source.sizeBytes() > 0) {
            ByteRange blocks =
                    new ByteRange(0, source.sizeBytes()).alignOutward(tables.blockSize());
            Decision wait = CloneOp.clearSource(tables, source, ask, blocks);
            if (wait != null) {
                return wait;
            }
            Grants.refuseInGrace(tables, "taking a snapshot");
            CloneOp.refuseAtRisk(source, blocks);
        }
        FileId id = tables.nextFile();
        FileAttributes of = source.attributes();
        List<Fact> facts = new ArrayList<>();
        facts.add(
                new Fact.FileCreated(
                        id,
                        parent.id(),
                        ask.name(),
                        FileKind.FILE,
                        of.mode(),
                        of.owner(),
                        ask.nowMillis()));
        if (source.sizeBytes() == 0) {
            facts.add(new Fact.FlagsSet(id, FileAttributes.READ_ONLY));
            return Decision.then(facts, FileChanges.answer(ask.origin(), id, List.of()));
        }
        return Decision.then(
                facts, new Clone(ask.origin(), ask.nowMillis(), source.id(), 0, 0, id, 0, true));
    }
}
