package dev.outlay.core.op;

import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.command.Command.Remove;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.op.Grants.Release;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Remove: the name goes at once, the inode is removing until nobody holds a layout on it any more;
 * then {@link Removal} frees its blocks.
 */
final class RemoveOp {

    private RemoveOp() {}

    static Decision decide(VolumeTables tables, Remove ask) {
        FileNode parent = Checks.directory(tables, ask.parent());
        FileNode node = Checks.child(tables, parent, ask.name());
        Decision revoke = revokeLapsed(tables, node, ask);
        if (revoke != null) {
            return revoke;
        }
        List<Fact> facts = new ArrayList<>();
        List<Notice> notices = new ArrayList<>();
        List<Reply.ReturnedLayout> returned =
                unlink(tables, node, ask.origin().client(), ask.nowMillis(), facts, notices);
        return Decision.answer(facts, new Reply.FileChanged(node.attributes(), returned))
                .with(notices);
    }

    /** Who is silent past its lease does not keep the blocks; null if nobody is. */
    static @Nullable Decision revokeLapsed(VolumeTables tables, FileNode node, Mutation ask) {
        List<Held> held = Grants.ofOthers(tables, node, ask.origin().client(), Grants.wholeFile());
        Optional<ClientId> lapsed = Grants.lapsedHolder(held);
        return lapsed.isPresent()
                ? Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask)
                : null;
    }

    /**
     * The name goes at once, and holders are asked to give back; the blocks go when nobody holds a
     * layout on them any more, and never in grace.
     */
    static List<Reply.ReturnedLayout> unlink(
            VolumeTables tables,
            FileNode node,
            ClientId caller,
            long nowMillis,
            List<Fact> facts,
            List<Notice> notices) {
        if (!node.children().isEmpty()) {
            throw new Refusal(
                    Reason.NOT_EMPTY,
                    "directory '" + node.name() + "' has " + node.children().size() + " entries");
        }
        Release release = Grants.release(tables, node, caller, List.of(Grants.wholeFile()));
        facts.addAll(release.facts());
        facts.add(new Fact.FileUnlinked(node.id(), nowMillis));
        Recalls.begin(
                tables,
                Grants.ofOthers(tables, node, caller, Grants.wholeFile()),
                false,
                facts,
                notices);
        boolean heldByOthers = node.layouts().stream().anyMatch(l -> !l.client().equals(caller));
        if (!heldByOthers && Removal.isDue(tables, node)) {
            facts.addAll(Removal.facts(node, caller.value()));
        }
        return release.returned();
    }
}
