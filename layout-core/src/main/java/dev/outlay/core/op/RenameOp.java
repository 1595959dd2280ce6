package dev.outlay.core.op;

import dev.outlay.core.command.Command.Rename;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Rename: one record moves the name and, where the new one was taken, removes what it stood for.
 */
final class RenameOp {

    private RenameOp() {}

    static Decision decide(VolumeTables tables, Rename ask) {
        FileNode from = Checks.directory(tables, ask.parent());
        FileNode to = Checks.directory(tables, ask.newParent());
        FileNode node = Checks.child(tables, from, ask.name());
        Checks.name(tables, ask.newName());
        FileId replaced = to.children().get(ask.newName());
        if (node.id().equals(replaced)) {
            return Decision.then(List.of(), FileChanges.answer(ask.origin(), node.id(), List.of()));
        }
        if (node.isDirectory()) {
            refuseUnderItself(tables, node, to);
        }
        List<Fact> facts = new ArrayList<>();
        List<Notice> notices = new ArrayList<>();
        List<Reply.ReturnedLayout> returned = List.of();
        if (replaced != null) {
            FileNode target = Checks.node(tables, replaced);
            if (target.isDirectory() != node.isDirectory()) {
                throw new Refusal(
                        target.isDirectory() ? Reason.IS_DIRECTORY : Reason.NOT_DIRECTORY,
                        "'"
                                + ask.newName()
                                + "' cannot be replaced: one is a file, the other a directory");
            }
            Decision revoke = RemoveOp.revokeLapsed(tables, target, ask);
            if (revoke != null) {
                return revoke;
            }
            returned =
                    RemoveOp.unlink(
                            tables, target, ask.origin().client(), ask.nowMillis(), facts, notices);
        }
        facts.add(new Fact.FileRenamed(node.id(), to.id(), ask.newName(), ask.nowMillis()));
        return Decision.then(facts, FileChanges.answer(ask.origin(), node.id(), returned))
                .with(notices);
    }

    private static void refuseUnderItself(VolumeTables tables, FileNode moved, FileNode target) {
        for (FileNode at = target; ; at = Objects.requireNonNull(tables.file(at.parent()))) {
            if (at.id().equals(moved.id())) {
                throw new Refusal(
                        Reason.INVALID_ARGUMENT, "a directory cannot be moved under itself");
            }
            if (at.id().equals(FileId.ROOT)) {
                return;
            }
        }
    }
}
