package dev.outlay.core.op;

import dev.outlay.core.command.Command.CreateFile;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;

/** CreateFile: a file without blocks, or an empty directory, under a name that is free. */
final class CreateFileOp {

    private CreateFileOp() {}

    static Decision decide(VolumeTables tables, CreateFile ask) {
        FileNode parent = Checks.directory(tables, ask.parent());
        Checks.name(tables, ask.name());
        Checks.text("owner", ask.owner(), tables.limits().ownerBytes());
        Checks.mode(ask.mode());
        if (parent.children().containsKey(ask.name())) {
            throw new Refusal(
                    Reason.ALREADY_EXISTS,
                    "directory " + parent.id() + " already has an entry '" + ask.name() + "'");
        }
        FileId id = tables.nextFile();
        long now = ask.nowMillis();
        if (ask.concurrent() && ask.kind() == FileKind.DIRECTORY) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT, "CONCURRENT is for files; a directory has no bytes");
        }
        List<Fact> facts = new ArrayList<>();
        facts.add(
                new Fact.FileCreated(
                        id, parent.id(), ask.name(), ask.kind(), ask.mode(), ask.owner(), now));
        if (ask.concurrent()) {
            facts.add(new Fact.FlagsSet(id, FileAttributes.CONCURRENT));
        }
        return Decision.then(facts, FileChanges.answer(ask.origin(), id, List.of()));
    }
}
