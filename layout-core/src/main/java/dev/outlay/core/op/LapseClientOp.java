package dev.outlay.core.op;

import dev.outlay.core.command.Command.LapseClient;
import dev.outlay.core.command.Command.ReviveClient;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Reason;
import java.util.List;

/** LapseClient and ReviveClient: a lease is over, or was renewed after all. */
final class LapseClientOp {

    private LapseClientOp() {}

    /**
     * A lease is over: courtesy begins, for a client that holds anything. Otherwise it ends here,
     * and so do the READ grants that linger of one that had ended already; the answer is then that
     * it has expired, or that it is remembered for its quarantine.
     */
    static Decision lapse(VolumeTables tables, LapseClient ask) {
        ClientEntry client = tables.client(ask.client());
        Failure expired =
                Failure.of(Reason.EXPIRED, "client " + ask.client() + " holds nothing any more");
        if (client == null) {
            return Decision.answer(expired);
        }
        if (client.ended().isPresent()) {
            Reply after = EndClientOp.rememberedAfterLease(tables, client);
            return Decision.answer(
                    EndClientOp.leaseOver(tables, client),
                    after instanceof Reply.Remembered ? after : expired);
        }
        if (client.files().isEmpty()) {
            List<Fact> facts =
                    List.of(
                            new Fact.ClientEnded(ask.client(), EndCause.EXPIRED),
                            new Fact.ClientForgotten(ask.client()));
            return Decision.answer(facts, expired);
        }
        if (client.files().stream().map(tables::file).anyMatch(f -> f != null && f.isRemoving())) {
            // The blocks of a removed file wait for it: that is a conflict already.
            return Revocation.step(tables, ask.client(), EndCause.EXPIRED, ask);
        }
        return Decision.answer(List.of(new Fact.LeaseLapsed(ask.client(), true)), new Reply.Done());
    }

    /** All that it held stands, or nothing of it. */
    static Decision revive(VolumeTables tables, ReviveClient ask) {
        ClientEntry client = tables.client(ask.client());
        if (client == null || client.ended().isPresent()) {
            return Decision.answer(
                    Failure.of(
                            Reason.EXPIRED,
                            "the lease of client "
                                    + ask.client()
                                    + " ran out and what it held is gone"));
        }
        return Decision.answer(
                client.isLapsed() ? List.of(new Fact.LeaseLapsed(ask.client(), false)) : List.of(),
                new Reply.Done());
    }
}
