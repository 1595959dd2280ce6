package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.EndCause;
import java.util.List;

/**
 * BeginGrace and EndGrace: the time after a restart in which clients restate what they hold, and
 * nothing conflicts with what may still be restated (I22).
 */
final class GraceOps {

    private GraceOps() {}

    /** Grace begins, or, with nobody to come back, is over at once. */
    static Decision begin(VolumeTables tables) {
        return tables.isEverybodyBackAfterRestart()
                ? Decision.then(List.of(), new Command.ReapRemoved())
                : Decision.answer(List.of(new Fact.GraceChanged(true)), new Reply.Done());
    }

    /**
     * Who has not come back has expired whole; then what waited for the end of grace is freed. Who
     * ended since it came back was renewed meanwhile: its lease runs longer than grace, and who
     * counts it says when it is over.
     */
    static Decision end(VolumeTables tables, Command.EndGrace ask) {
        if (!tables.isInGrace()) {
            return Decision.answer(new Reply.Done());
        }
        for (ClientEntry client : tables.clients()) {
            if (client.isReattached()) {
                continue;
            }
            if (client.ended().isEmpty()) {
                return Revocation.step(tables, client.record().id(), EndCause.EXPIRED, ask);
            }
            if (client.ended().get() != EndCause.EXPIRED) {
                return Decision.then(EndClientOp.leaseOver(tables, client), ask);
            }
        }
        return Decision.then(List.of(new Fact.GraceChanged(false)), new Command.ReapRemoved());
    }
}
