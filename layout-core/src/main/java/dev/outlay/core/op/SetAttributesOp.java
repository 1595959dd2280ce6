package dev.outlay.core.op;

import dev.outlay.core.command.Command.SetAttributes;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.FileAttributes;
import java.util.List;

/** SetAttributes: mode, owner and times; what is not given stays. The size is Truncate's. */
final class SetAttributesOp {

    private SetAttributesOp() {}

    static Decision decide(VolumeTables tables, SetAttributes ask) {
        FileNode node = Checks.node(tables, ask.file());
        ask.mode().ifPresent(Checks::mode);
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
        return Decision.then(List.of(fact), FileChanges.answer(ask.origin(), node.id(), List.of()));
    }
}
