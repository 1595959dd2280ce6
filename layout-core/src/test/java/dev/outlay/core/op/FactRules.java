package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the facts of any command keep to: sequence numbers rise by one (I11), every change of a map
 * raises its epoch by one (I24), size changes only where a commit or a truncate says so (I14), the
 * change counter rises with what can be seen (I16).
 */
final class FactRules {

    private record Holder(ClientId client, FileId file) {}

    private final VolumeTables tables;
    private final Map<FileId, FileAttributes> before = new HashMap<>();
    private final Map<Holder, Stateid> stateids = new HashMap<>();
    private @Nullable Command command;

    FactRules(VolumeTables tables) {
        this.tables = tables;
    }

    void before(Command next) {
        command = next;
        before.clear();
        stateids.clear();
        for (FileNode file : tables.files()) {
            before.put(file.id(), file.attributes());
            file.layouts()
                    .forEach(l -> stateids.put(new Holder(l.client(), file.id()), l.stateid()));
        }
    }

    void after(List<Fact> facts) {
        Map<FileId, Integer> changes = new HashMap<>();
        for (Fact fact : facts) {
            switch (fact) {
                case Fact.ExtentsAllocated f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.ExtentsConverted f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.ExtentsFreed f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.UncommittedFreed f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.ExtentsQuarantined f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.ExtentsReplaced f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.ExtentsAtRisk f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.ExtentsProven f -> changes.merge(f.file(), 1, Integer::sum);
                case Fact.Copying f ->
                        changedMap(f).ifPresent(id -> changes.merge(id, 1, Integer::sum));
                case Fact.LayoutGranted f ->
                        step(new Holder(f.client(), f.file()), f.layout(), f.seqid());
                case Fact.LayoutReturned f -> {
                    Holder holder = new Holder(f.client(), f.file());
                    step(holder, known(holder).id(), f.seqid());
                }
                case Fact.RecallBegan f -> {
                    if (f.seqid() != 0 && f.recall().scope() instanceof RecallScope.Ranges scope) {
                        Holder holder = new Holder(f.recall().client(), scope.file());
                        step(holder, known(holder).id(), f.seqid());
                    }
                }
                default -> {}
            }
        }
        before.forEach((id, was) -> compare(was, changes.getOrDefault(id, 0)));
    }

    private static Optional<FileId> changedMap(Fact.Copying fact) {
        return switch (fact) {
            case Fact.CopiesAllocated f -> Optional.of(f.file());
            case Fact.CopiesFreed f -> Optional.of(f.file());
            case Fact.CopiesQuarantined f -> Optional.of(f.file());
            case Fact.ExtentsSwapped f -> Optional.of(f.file());
            case Fact.ExtentsRetained f -> Optional.of(f.file());
            case Fact.ExtentsCloned f -> Optional.of(f.destination());
            case Fact.FlagsSet f -> Optional.empty();
        };
    }

    private Stateid known(Holder holder) {
        Stateid known = stateids.get(holder);
        assertTrue(known != null, () -> "nothing held to return: " + holder);
        return known == null ? new Stateid(new LayoutId(0, 0), 0) : known;
    }

    private void step(Holder holder, LayoutId id, int seqid) {
        Stateid was = stateids.put(holder, new Stateid(id, seqid));
        if (command instanceof Command.ReattachClient) {
            return;
        }
        int expected = was == null || !was.id().equals(id) ? 1 : Stateid.next(was.seqid());
        assertEquals(expected, seqid, () -> "seqid of " + holder + " after " + command);
    }

    private void compare(FileAttributes was, int mapChanges) {
        FileNode node = tables.file(was.file());
        if (node == null) {
            return;
        }
        FileAttributes is = node.attributes();
        assertEquals(
                was.mapEpoch() + mapChanges, is.mapEpoch(), () -> "map epoch after " + command);
        assertTrue(is.changeCounter() >= was.changeCounter(), () -> "counter after " + command);
        if (is.sizeBytes() != was.sizeBytes()) {
            assertTrue(
                    command instanceof Command.CommitBlocks
                            || command instanceof Command.Truncate
                            || command instanceof Command.Clone
                            || command instanceof Command.Snapshot
                            || command instanceof Command.CompleteWork,
                    () -> "the size changed by " + command);
            assertTrue(is.changeCounter() > was.changeCounter(), () -> "counter after " + command);
        }
        if (command instanceof Command.CommitBlocks) {
            assertTrue(is.sizeBytes() >= was.sizeBytes(), "a commit shrinks nothing");
            assertTrue(is.modifiedMillis() >= was.modifiedMillis(), "mtime goes back");
        }
    }
}
