package dev.outlay.core.op;

import dev.outlay.core.command.Command.JoinClient;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Reason;
import java.util.List;

/** JoinClient: a client is about to use the volume, and is remembered from now on. */
final class JoinClientOp {

    private JoinClientOp() {}

    static Decision decide(VolumeTables tables, JoinClient ask) {
        ClientEntry known = tables.client(ask.client().id());
        if (known != null) {
            return known.ended().isEmpty()
                    ? Decision.answer(new Reply.Done())
                    : Decision.answer(Failure.of(Reason.FENCED, "this client has been revoked"));
        }
        if (tables.clients().size() >= tables.limits().clients()) {
            throw new Refusal(
                    Reason.RESOURCE_EXHAUSTED,
                    "the volume remembers "
                            + tables.clients().size()
                            + " clients, as many as it may");
        }
        return Decision.answer(List.of(new Fact.ClientJoined(ask.client())), new Reply.Done());
    }
}
