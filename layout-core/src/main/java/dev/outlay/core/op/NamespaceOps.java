package dev.outlay.core.op;

import dev.outlay.core.command.Command.AnswerWithFile;
import dev.outlay.core.command.Command.CreateFile;
import dev.outlay.core.command.Command.Remove;
import dev.outlay.core.command.Command.Rename;
import dev.outlay.core.command.Command.SetAttributes;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Create, SetAttributes, Rename and Remove: what touches names and attributes and no blocks but
 * those of a removed file.
 */
final class NamespaceOps {

    private NamespaceOps() {}

    static Decision create(VolumeTables tables, CreateFile ask) {
        FileNode parent = Checks.directory(tables, ask.parent());
        Checks.name(tables, ask.name());
        Checks.text("owner", ask.owner(), tables.limits().ownerBytes());
        mode(ask.mode());
        if (parent.children().containsKey(ask.name())) {
            throw new Refusal(
                    Reason.ALREADY_EXISTS,
                    "directory " + parent.id() + " already has an entry '" + ask.name() + "'");
        }
        FileId id = tables.nextFile();
        long now = ask.nowMillis();
        return Decision.then(
                List.of(
                        new Fact.FileCreated(
                                id,
                                parent.id(),
                                ask.name(),
                                ask.kind(),
                                ask.mode(),
                                ask.owner(),
                                now)),
                changed(ask.origin(), id, List.of()));
    }

    /** The last step: answer with the file as the facts have left it. */
    static AnswerWithFile changed(Origin origin, FileId file, List<Reply.ReturnedLayout> returned) {
        return new AnswerWithFile(origin, file, false, OptionalLong.empty(), returned);
    }

    static Decision setAttributes(VolumeTables tables, SetAttributes ask) {
        FileNode node = Checks.node(tables, ask.file());
        ask.mode().ifPresent(NamespaceOps::mode);
        ask.owner().ifPresent(o -> Checks.text("owner", o, tables.limits().ownerBytes()));
        FileAttributes now = node.attributes();
        Fact.AttributesSet fact =
                new Fact.AttributesSet(
                        node.id(),
                        now.sizeBytes(),
                        ask.mode().orElse(now.mode()),
                        ask.owner().orElse(now.owner()),
                        ask.modifiedMillis().orElse(now.modifiedMillis()),
                        Math.max(now.changedMillis(), ask.nowMillis()),
                        ask.accessedMillis().orElse(now.accessedMillis()));
        return Decision.then(List.of(fact), changed(ask.origin(), node.id(), List.of()));
    }

    private static void mode(int mode) {
        if (mode < 0 || mode > 07777) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "mode " + Integer.toOctalString(mode) + " is not within 0..7777 (octal)");
        }
    }

    static Decision rename(VolumeTables tables, Rename ask) {
        FileNode from = Checks.directory(tables, ask.parent());
        FileNode to = Checks.directory(tables, ask.newParent());
        FileNode node = Checks.child(tables, from, ask.name());
        Checks.name(tables, ask.newName());
        FileId replaced = to.children().get(ask.newName());
        if (node.id().equals(replaced)) {
            return Decision.answer(new Reply.FileChanged(node.attributes(), List.of()));
        }
        if (node.isDirectory()) {
            refuseUnderItself(tables, node, to);
        }
        List<Fact> facts = new ArrayList<>();
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
            returned = unlink(tables, target, ask.origin().client(), ask.nowMillis(), facts);
        }
        facts.add(new Fact.FileRenamed(node.id(), to.id(), ask.newName(), ask.nowMillis()));
        return Decision.then(facts, changed(ask.origin(), node.id(), returned));
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

    static Decision remove(VolumeTables tables, Remove ask) {
        FileNode parent = Checks.directory(tables, ask.parent());
        FileNode node = Checks.child(tables, parent, ask.name());
        List<Fact> facts = new ArrayList<>();
        List<Reply.ReturnedLayout> returned =
                unlink(tables, node, ask.origin().client(), ask.nowMillis(), facts);
        return Decision.answer(facts, new Reply.FileChanged(node.attributes(), returned));
    }

    /**
     * The name goes at once; the blocks go when nobody holds a layout on them any more, and never
     * in grace.
     */
    private static List<Reply.ReturnedLayout> unlink(
            VolumeTables tables, FileNode node, ClientId caller, long nowMillis, List<Fact> facts) {
        if (!node.children().isEmpty()) {
            throw new Refusal(
                    Reason.NOT_EMPTY,
                    "directory '" + node.name() + "' has " + node.children().size() + " entries");
        }
        Release release = Grants.release(tables, node, caller, List.of(Grants.wholeFile()));
        facts.addAll(release.facts());
        facts.add(new Fact.FileUnlinked(node.id(), nowMillis));
        boolean heldByOthers = node.layouts().stream().anyMatch(l -> !l.client().equals(caller));
        boolean worked = node.workOn(Grants.wholeFile()) != null;
        if (!heldByOthers && !worked && !tables.isInGrace()) {
            facts.addAll(Grants.reapFacts(node.id(), !node.extents().isEmpty(), caller.value()));
        }
        return release.returned();
    }
}
