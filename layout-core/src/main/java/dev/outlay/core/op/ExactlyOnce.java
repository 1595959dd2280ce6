package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * One effect and one answer under each operation id of a client, however often the request comes:
 * what was answered is answered again, what still runs is waited for, what the client has
 * acknowledged is never done again.
 *
 * <p>Answers with durable effects are kept durably, with them; a grant without any, or a refusal,
 * in memory; what may fare better when tried again is not kept, nor are bytes read.
 */
final class ExactlyOnce {

    private ExactlyOnce() {}

    /** Decides {@code mutation} by {@code operation}, unless it has been decided before. */
    static Decision decide(
            VolumeTables tables, Mutation mutation, Function<Mutation, Decision> operation) {
        try {
            return once(tables, mutation, operation);
        } catch (Refusal refusal) {
            return Decision.answer(leaving(tables, mutation.origin()), refusal.failure());
        }
    }

    /** Who is answered has no place in the queue any more. */
    private static List<Fact> leaving(VolumeTables tables, Origin origin) {
        if (tables.waiting().of(origin).isEmpty()) {
            return List.of();
        }
        return tables.waiting().of(origin).stream()
                .map(waiter -> (Fact) new Fact.WaitEnded(waiter.ticket()))
                .toList();
    }

    private static Decision once(
            VolumeTables tables, Mutation mutation, Function<Mutation, Decision> operation) {
        Origin origin = mutation.origin();
        ClientEntry client =
                mutation instanceof Command.CommitBlocks commit && commit.reclaim()
                        ? Checks.reclaimingClient(tables, origin)
                        : Checks.liveClient(tables, origin);
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
        refuseAcknowledged(client, origin);
        Optional<Reply.Kept> kept = client.answer(origin.operationId());
        if (kept.isPresent()) {
            return Decision.answer(replay(tables, mutation, kept.get()));
        }
        OptionalLong work = DeviceWork.of(tables, origin);
        if (work.isPresent()) {
            return Decision.awaitWork(List.of(), work.getAsLong());
        }
        long outstanding =
                client.outstandingAfter(origin.answeredThrough())
                        + tables.waiting().waitsOf(origin.client())
                        - (tables.waiting().of(origin).isPresent() ? 1 : 0)
                        + DeviceWork.countOf(tables, origin.client());
        if (outstanding >= tables.limits().outstandingOperations()) {
            throw new Refusal(
                    Reason.RESOURCE_EXHAUSTED,
                    outstanding
                            + " answers wait to be acknowledged by answered_through, no more are kept");
        }
        try {
            Decision decision = operation.apply(mutation);
            return decision.outcome() instanceof Decision.Outcome.Answer(Reply reply)
                    ? keep(tables, decision.facts(), origin, reply).with(decision.notices())
                    : decision;
        } catch (Conflict conflict) {
            return Waiting.decide(tables, mutation, conflict);
        } catch (Shortage shortage) {
            return takeBack(tables, mutation, shortage);
        } catch (Refusal refusal) {
            return keep(tables, List.of(), origin, refusal.failure());
        }
    }

    /** Refuses for whom nothing is done any more: it has ended, or has acknowledged the answer. */
    static void stillAsked(VolumeTables tables, Origin origin) {
        refuseAcknowledged(Checks.liveClient(tables, origin), origin);
    }

    private static void refuseAcknowledged(ClientEntry client, Origin origin) {
        if (origin.operationId() <= client.answeredThrough()) {
            throw new Refusal(
                    Reason.EXPIRED,
                    "operation "
                            + origin.operationId()
                            + " is answered and forgotten: the client has acknowledged all"
                            + " through "
                            + client.answeredThrough());
        }
    }

    private static Decision takeBack(VolumeTables tables, Mutation mutation, Shortage shortage) {
        try {
            return TakeBack.decide(tables, mutation, shortage);
        } catch (Shortage nothingToTake) {
            return keep(tables, List.of(), mutation.origin(), nothingToTake.failure());
        }
    }

    /**
     * Keeps the answer for a retry: durably if anything durable has happened; not at all if a retry
     * may fare better.
     */
    static Decision keep(VolumeTables tables, List<Fact> facts, Origin origin, Reply reply) {
        boolean again = reply instanceof Failure failure && isTriedAnew(failure.reason());
        if (again || !(reply instanceof Reply.Kept kept)) {
            List<Fact> all = new ArrayList<>(facts);
            all.addAll(leaving(tables, origin));
            return Decision.answer(all, reply);
        }
        boolean durable = false;
        for (Fact fact : facts) {
            durable |= fact.isDurable();
        }
        List<Fact> all = new ArrayList<>(facts.size() + 1);
        all.addAll(facts);
        all.add(
                new Fact.Answered(
                        origin.client(),
                        origin.operationId(),
                        origin.answeredThrough(),
                        kept,
                        durable));
        return Decision.answer(all, reply);
    }

    /**
     * Whether the same operation may come again and fare better. One that was told NO_SPACE may
     * not: who is told that gives up, and must not find it done by a late copy.
     */
    private static boolean isTriedAnew(Reason reason) {
        return reason.errorClass() == Reason.ErrorClass.RETRY && reason != Reason.NO_SPACE;
    }

    /** A remembered grant is replayed only while it stands. */
    private static Reply replay(VolumeTables tables, Mutation retry, Reply.Kept kept) {
        if (!(kept instanceof Reply.Mapped mapped) || mapped.granted().isEmpty()) {
            return kept;
        }
        Command.MapBlocks ask = retry instanceof Command.MapBlocks same ? same : null;
        FileNode file = ask == null ? null : tables.file(ask.file());
        Layout layout = file == null ? null : file.layoutOf(retry.origin().client());
        boolean stands =
                ask != null
                        && file != null
                        && layout != null
                        && layout.id().equals(mapped.stateid().orElseThrow().id())
                        && mapped.granted().stream()
                                .allMatch(r -> standsIn(layout, r, mapped.mapEpoch()))
                        && (ask.iomode() == IoMode.READ
                                ? isUnchanged(file, mapped)
                                : CopyOnWrite.stands(file, mapped.extents()));
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
    private static boolean standsIn(Layout layout, LayoutRange granted, long epoch) {
        return layout.covers(granted.range(), granted.kind())
                && (!granted.kind().isWriter() || layout.grantedSince(granted.range()) <= epoch);
    }

    /**
     * Whether what was told to a reader is still so. What the reader itself held for RW there does
     * not speak for that: its own commit may have put other blocks in the place of those told.
     */
    private static boolean isUnchanged(FileNode file, Reply.Mapped told) {
        return told.extents().stream()
                .noneMatch(e -> file.changes().changedAfter(e.range(), told.mapEpoch()));
    }
}
