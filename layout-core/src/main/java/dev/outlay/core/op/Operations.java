package dev.outlay.core.op;

import dev.outlay.core.check.StateChecker;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.Internal;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.command.Command.Query;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.VolumeTables;
import java.util.List;

/** From a command to the operation that decides it: one file each, named as the command. */
public final class Operations {

    private Operations() {}

    /** Decides any command; changes nothing. */
    public static Decision decide(VolumeTables tables, Command command) {
        try {
            return switch (command) {
                case Mutation mutation ->
                        ExactlyOnce.decide(tables, mutation, m -> mutation(tables, m));
                case Query query -> Decision.answer(query(tables, query));
                case Internal internal -> internal(tables, internal);
            };
        } catch (Refusal refusal) {
            return Decision.answer(refusal.failure());
        }
    }

    private static Decision mutation(VolumeTables tables, Mutation mutation) {
        return switch (mutation) {
            case Command.MapBlocks ask -> MapBlocksOp.decide(tables, ask);
            case Command.CommitBlocks ask -> CommitBlocksOp.decide(tables, ask);
            case Command.ReturnLayout ask -> ReturnLayoutOp.decide(tables, ask);
            case Command.CreateFile ask -> CreateFileOp.decide(tables, ask);
            case Command.SetAttributes ask -> SetAttributesOp.decide(tables, ask);
            case Command.Rename ask -> RenameOp.decide(tables, ask);
            case Command.Remove ask -> RemoveOp.decide(tables, ask);
            case Command.Truncate ask -> TruncateOp.decide(tables, ask);
            case Command.Allocate ask -> AllocateOp.decide(tables, ask);
            case Command.Deallocate ask -> DeallocateOp.decide(tables, ask);
            case Command.Write ask -> WriteOp.decide(tables, ask);
            case Command.Read ask -> ReadOp.decide(tables, ask);
            case Command.Clone ask -> CloneOp.decide(tables, ask);
            case Command.Snapshot ask -> SnapshotOp.decide(tables, ask);
        };
    }

    private static Reply query(VolumeTables tables, Query query) {
        return switch (query) {
            case Command.Lookup ask -> QueryOps.lookup(tables, ask);
            case Command.GetAttributes ask -> QueryOps.getAttributes(tables, ask);
            case Command.ListDirectory ask -> QueryOps.listDirectory(tables, ask);
            case Command.ListExtents ask -> QueryOps.listExtents(tables, ask);
            case Command.ListLayouts ask -> QueryOps.listLayouts(tables, ask);
            case Command.ListQuarantine ask -> QuarantineOp.list(tables, ask);
            case Command.ListRecalls ask -> Recalls.list(tables, ask.client());
            case Command.Seek ask -> SeekOp.decide(tables, ask);
            case Command.ListDevices ask ->
                    new Reply.Devices(
                            tables.settings(), List.copyOf(tables.devices()), tables.retiring());
            case Command.ListDeviceUse ask -> RetireDeviceOp.uses(tables);
            case Command.ShowVolume ask -> QueryOps.showVolume(tables);
            case Command.CheckVolume ask -> new Reply.Findings(StateChecker.check(tables));
        };
    }

    private static Decision internal(VolumeTables tables, Internal internal) {
        return switch (internal) {
            case Command.JoinClient ask -> JoinClientOp.decide(tables, ask);
            case Command.EndClient ask -> EndClientOp.decide(tables, ask);
            case Command.EndClientThen ask ->
                    Revocation.step(tables, ask.client(), ask.cause(), ask.next());
            case Command.ProveClient ask -> ProveClientOp.decide(tables, ask);
            case Command.LapseClient ask -> LapseClientOp.lapse(tables, ask);
            case Command.ReviveClient ask -> LapseClientOp.revive(tables, ask);
            case Command.ReattachClient ask -> ReattachClientOp.decide(tables, ask);
            case Command.BeginGrace ask -> GraceOps.begin(tables);
            case Command.EndGrace ask -> GraceOps.end(tables, ask);
            case Command.ReapRemoved ask -> Removal.decide(tables);
            case Command.AnswerWithFile ask -> FileChanges.decide(tables, ask);
            case Command.CompleteWork ask -> DeviceWork.complete(tables, ask);
            case Command.AddDevice ask -> AddDeviceOp.decide(tables, ask.device());
            case Command.RetireDevice ask -> RetireDeviceOp.decide(tables, ask.device());
            case Command.EvacuateDevice ask -> EvacuateDeviceOp.decide(tables, ask);
            case Command.ReleaseDevice ask -> RetireDeviceOp.release(tables, ask.device());
            case Command.RecallLayouts ask -> Recalls.begin(tables, ask);
            case Command.AcknowledgeRecall ask -> Recalls.acknowledge(tables, ask);
            case Command.RecallDue ask -> Recalls.due(tables, ask);
            case Command.EndWait ask -> Waiting.end(tables, ask);
            case Command.CancelWaits ask -> Waiting.cancel(tables, ask);
        };
    }
}
