package dev.outlay.core.op;

import dev.outlay.core.check.StateChecker;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.AnswerWithFile;
import dev.outlay.core.command.Command.CompleteWork;
import dev.outlay.core.command.Command.Internal;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.command.Command.Query;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * From a command to the operation that decides it; for what clients ask, exactly once under each
 * operation id.
 */
public final class Operations {

    private Operations() {}

    /** Decides any command; changes nothing. */
    public static Decision decide(VolumeTables tables, Command command) {
        try {
            return switch (command) {
                case Mutation mutation -> once(tables, mutation);
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
            case Command.CreateFile ask -> NamespaceOps.create(tables, ask);
            case Command.SetAttributes ask -> NamespaceOps.setAttributes(tables, ask);
            case Command.Rename ask -> NamespaceOps.rename(tables, ask);
            case Command.Remove ask -> NamespaceOps.remove(tables, ask);
            case Command.Truncate ask -> SpaceOps.truncate(tables, ask);
            case Command.Allocate ask -> SpaceOps.allocate(tables, ask);
            case Command.Deallocate ask -> SpaceOps.deallocate(tables, ask);
        };
    }

    private static Reply query(VolumeTables tables, Query query) {
        return switch (query) {
            case Command.Lookup ask -> QueryOps.lookup(tables, ask);
            case Command.GetAttributes ask -> QueryOps.getAttributes(tables, ask);
            case Command.ListDirectory ask -> QueryOps.listDirectory(tables, ask);
            case Command.ListExtents ask -> QueryOps.listExtents(tables, ask);
            case Command.ListLayouts ask -> QueryOps.listLayouts(tables, ask);
            case Command.ListDevices ask ->
                    new Reply.Devices(tables.settings(), List.copyOf(tables.devices()));
            case Command.ShowVolume ask -> QueryOps.showVolume(tables);
            case Command.CheckVolume ask -> new Reply.Findings(StateChecker.check(tables));
        };
    }

    private static Decision internal(VolumeTables tables, Internal internal) {
        return switch (internal) {
            case Command.JoinClient ask -> ClientOps.join(tables, ask);
            case Command.EndClient ask -> ClientOps.end(tables, ask);
            case Command.EndClientThen ask ->
                    Revocation.step(tables, ask.client(), ask.cause(), ask.next());
            case Command.LapseClient ask -> ClientOps.lapse(tables, ask);
            case Command.ReviveClient ask -> ClientOps.revive(tables, ask);
            case Command.ReattachClient ask -> ClientOps.reattach(tables, ask);
            case Command.BeginGrace ask -> ClientOps.beginGrace(tables);
            case Command.EndGrace ask -> ClientOps.endGrace(tables, ask);
            case Command.ReapRemoved ask -> ClientOps.reapRemoved(tables);
            case Command.AnswerWithFile ask -> answerWithFile(tables, ask);
            case Command.CompleteWork ask -> completeWork(tables, ask);
            case Command.AddDevice ask -> addDevice(tables, ask.device());
        };
    }

    private static Decision addDevice(VolumeTables tables, VolumeDevice device) {
        for (VolumeDevice other : tables.devices()) {
            if (other.index() == device.index() || other.uuid().equals(device.uuid())) {
                throw new Refusal(
                        Reason.ALREADY_EXISTS,
                        "the volume has a device " + other.index() + " (" + other.uuid() + ")");
            }
        }
        boolean fits =
                device.index() >= 0
                        && device.index() <= DeviceRange.MAX_DEVICE
                        && ByteRange.isValid(device.startBytes(), device.lengthBytes())
                        && device.startBytes() + device.lengthBytes()
                                <= Math.min(device.sizeBytes(), DeviceRange.MAX_OFFSET)
                        && device.startBytes() % tables.blockSize() == 0
                        && device.lengthBytes() % tables.blockSize() == 0;
        if (!fits) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    device.lengthBytes()
                            + " bytes from "
                            + device.startBytes()
                            + " are not whole blocks of "
                            + tables.blockSize()
                            + " bytes inside device "
                            + device.path());
        }
        return Decision.answer(List.of(new Fact.DeviceAdded(device)), new Reply.Done());
    }

    // ---- once under each id

    private static Decision once(VolumeTables tables, Mutation mutation) {
        Origin origin = mutation.origin();
        ClientEntry client = Checks.liveClient(tables, origin);
        if (origin.operationId() < 1
                || origin.answeredThrough() < 0
                || origin.answeredThrough() >= origin.operationId()) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "operation ids rise from 1 and answered_through ("
                            + origin.answeredThrough()
                            + ") is less than the operation id ("
                            + origin.operationId()
                            + ")");
        }
        if (origin.operationId() <= client.answeredThrough()) {
            throw new Refusal(
                    Reason.EXPIRED,
                    "operation "
                            + origin.operationId()
                            + " is answered and forgotten: the client has acknowledged all"
                            + " through "
                            + client.answeredThrough());
        }
        Optional<Reply.Kept> kept = client.answer(origin.operationId());
        if (kept.isPresent()) {
            return Decision.answer(replay(tables, mutation, kept.get()));
        }
        OptionalLong work = workFor(tables, origin);
        if (work.isPresent()) {
            return Decision.awaitWork(List.of(), work.getAsLong());
        }
        long outstanding =
                client.outstandingAfter(origin.answeredThrough())
                        + worksOf(tables, origin.client()).count();
        if (outstanding >= tables.limits().outstandingOperations()) {
            throw new Refusal(
                    Reason.RESOURCE_EXHAUSTED,
                    outstanding
                            + " answers wait to be acknowledged by answered_through, no more are kept");
        }
        try {
            Decision decision = mutation(tables, mutation);
            return decision.outcome() instanceof Decision.Outcome.Answer answer
                    ? keep(decision.facts(), origin, (Reply.Kept) answer.reply())
                    : decision;
        } catch (Refusal refusal) {
            return keep(List.of(), origin, refusal.failure());
        }
    }

    /**
     * Keeps the answer for a retry: durably if anything durable has happened; not at all if a retry
     * may fare better.
     */
    private static Decision keep(List<Fact> facts, Origin origin, Reply.Kept reply) {
        if (reply instanceof Failure failure
                && failure.reason().errorClass() == Reason.ErrorClass.RETRY) {
            return Decision.answer(facts, reply);
        }
        boolean durable = facts.stream().anyMatch(Fact::isDurable);
        List<Fact> all = new ArrayList<>(facts);
        all.add(
                new Fact.Answered(
                        origin.client(),
                        origin.operationId(),
                        origin.answeredThrough(),
                        reply,
                        durable));
        return Decision.answer(all, reply);
    }

    /** A remembered grant is replayed only while it stands. */
    private static Reply replay(VolumeTables tables, Mutation retry, Reply.Kept kept) {
        if (!(kept instanceof Reply.Mapped mapped) || mapped.granted().isEmpty()) {
            return kept;
        }
        FileNode file = retry instanceof Command.MapBlocks ask ? tables.file(ask.file()) : null;
        Layout layout = file == null ? null : file.layoutOf(retry.origin().client());
        boolean stands =
                file != null
                        && layout != null
                        && layout.id().equals(mapped.stateid().orElseThrow().id())
                        && mapped.granted().stream()
                                .allMatch(r -> standsIn(file, layout, r, mapped.mapEpoch()));
        return stands
                ? kept
                : Failure.of(
                        Reason.EXPIRED,
                        "operation "
                                + retry.origin().operationId()
                                + " was granted and the grant has been returned since");
    }

    /**
     * Whether the range is still held as it was granted at {@code epoch}, and not held again over
     * other blocks.
     */
    private static boolean standsIn(FileNode file, Layout layout, LayoutRange granted, long epoch) {
        if (!layout.covers(granted.range(), granted.kind())) {
            return false;
        }
        return granted.kind() == GrantKind.RW
                ? layout.grantedSince(granted.range()) <= epoch
                : !file.changes().changedAfter(granted.range(), epoch);
    }

    /** Device work that the first try of this operation started. */
    private static OptionalLong workFor(VolumeTables tables, Origin origin) {
        return worksOf(tables, origin.client())
                .filter(w -> originOf(w.then()).orElseThrow().operationId() == origin.operationId())
                .mapToLong(Work::id)
                .findFirst();
    }

    /** Device work that operations of this client wait for. */
    private static Stream<Work> worksOf(VolumeTables tables, ClientId client) {
        return tables.works().stream()
                .filter(w -> originOf(w.then()).filter(o -> o.client().equals(client)).isPresent());
    }

    private static Optional<Origin> originOf(Continuation then) {
        return switch (then) {
            case Continuation.Nothing nothing -> Optional.empty();
            case Continuation.Resize resize -> Optional.of(resize.origin());
            case Continuation.Punch punch -> Optional.of(punch.origin());
        };
    }

    private static Decision answerWithFile(VolumeTables tables, AnswerWithFile ask) {
        FileNode file = Objects.requireNonNull(tables.file(ask.file()));
        Reply.Kept reply =
                ask.committed()
                        ? new Reply.Committed(ask.newSize(), file.attributes())
                        : new Reply.FileChanged(file.attributes(), ask.returned());
        Fact answered =
                new Fact.Answered(
                        ask.origin().client(),
                        ask.origin().operationId(),
                        ask.origin().answeredThrough(),
                        reply,
                        true);
        return Decision.answer(List.of(answered), reply);
    }

    // ---- device work

    private static Decision completeWork(VolumeTables tables, CompleteWork ask) {
        Work work =
                tables.works().stream().filter(w -> w.id() == ask.work()).findFirst().orElse(null);
        if (work == null) {
            return Decision.answer(new Reply.Done());
        }
        FileNode file = Objects.requireNonNull(tables.file(work.file()));
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact.WorkCompleted(work.id()));
        if (file.isRemoving()) {
            originOf(work.then())
                    .ifPresent(
                            origin ->
                                    facts.add(
                                            new Fact.Answered(
                                                    origin.client(),
                                                    origin.operationId(),
                                                    origin.answeredThrough(),
                                                    Failure.of(
                                                            Reason.STALE_FILE,
                                                            "file "
                                                                    + file.id()
                                                                    + " has been removed meanwhile"),
                                                    true)));
            return Decision.then(facts, new Command.ReapRemoved());
        }
        Decision last = SpaceOps.finish(tables, file, work.then(), ask.nowMillis());
        facts.addAll(last.facts());
        return new Decision(facts, last.outcome());
    }
}
