package dev.outlay.core.op;

import dev.outlay.core.command.Command.EndClient;
import dev.outlay.core.command.Command.ProveClient;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Proof;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * EndClient: a client has ended. {@link Revocation} is what follows when it has not said so itself.
 */
final class EndClientOp {

    private EndClientOp() {}

    /**
     * By its own word everything it held counts as returned, also after it was revoked; otherwise
     * what it could still touch is set aside.
     */
    static Decision decide(VolumeTables tables, EndClient ask) {
        ClientEntry client = tables.client(ask.client());
        if (client == null) {
            return Decision.answer(new Reply.Done());
        }
        if (client.ended().isPresent()) {
            return switch (ask.cause()) {
                case OWN_WORD ->
                        Decision.then(List.of(), new ProveClient(ask.client(), Proof.OWN_WORD));
                case EXPIRED ->
                        Decision.answer(
                                leaseOver(tables, client), rememberedAfterLease(tables, client));
                case SUPERSEDED, REVOKED -> Decision.answer(new Reply.Remembered());
            };
        }
        if (ask.cause() != EndCause.OWN_WORD) {
            return Revocation.step(tables, ask.client(), ask.cause(), ask);
        }
        List<Fact> facts = ReturnLayoutOp.everything(tables, client);
        facts.add(new Fact.ClientEnded(ask.client(), EndCause.OWN_WORD));
        facts.add(new Fact.ClientForgotten(ask.client()));
        return Decision.answer(facts, new Reply.Done());
    }

    /** What is answered once the lease of a client that had ended is over. */
    static Reply rememberedAfterLease(VolumeTables tables, ClientEntry client) {
        return tables.quarantine().names(client.record().id())
                ? new Reply.Remembered()
                : new Reply.Done();
    }

    /**
     * The lease of a client that had ended is over: the READ grants that lingered go, and it is
     * forgotten unless blocks are in quarantine for it.
     */
    static List<Fact> leaseOver(VolumeTables tables, ClientEntry client) {
        ClientId id = client.record().id();
        List<Fact> facts = readersGone(tables, client);
        if (!tables.quarantine().names(id)) {
            facts.add(new Fact.ClientForgotten(id));
        } else if (client.ended().orElseThrow() != EndCause.EXPIRED) {
            facts.add(new Fact.ClientEnded(id, EndCause.EXPIRED));
        }
        return facts;
    }

    /** The READ grants that lingered after the client had ended go. */
    static List<Fact> readersGone(VolumeTables tables, ClientEntry client) {
        ClientId id = client.record().id();
        List<Fact> facts = new ArrayList<>();
        for (FileId fileId : client.files()) {
            FileNode file = Objects.requireNonNull(tables.file(fileId));
            Layout layout = Objects.requireNonNull(file.layoutOf(id));
            List<ByteRange> ranges = layout.ranges().stream().map(LayoutRange::range).toList();
            facts.add(new Fact.LayoutReturned(id, fileId, layout.nextSeqid(), ranges, false));
            facts.addAll(Removal.after(tables, file, id, true));
        }
        return facts;
    }
}
