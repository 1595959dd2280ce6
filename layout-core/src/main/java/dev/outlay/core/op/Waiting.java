package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CancelWaits;
import dev.outlay.core.command.Command.EndWait;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Interest;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What follows when a request meets what others hold: they are asked to give it back, and the
 * request takes its place in the queue. First come is first served per range, so that nobody
 * starves; no thread waits, and a request that nothing changes for costs nothing.
 */
final class Waiting {

    private Waiting() {}

    /** The request waits, or is told to try later if it would not. */
    static Decision decide(VolumeTables tables, Mutation ask, Conflict conflict) {
        long wait = waitMillis(ask);
        if (wait < 0) {
            return Decision.answer(conflict.failure());
        }
        List<Fact> facts = new ArrayList<>();
        List<Notice> notices = new ArrayList<>();
        Recalls.begin(tables, conflict.inTheWay(), false, facts, notices);
        Optional<Waiter> before = tables.waiting().of(ask.origin());
        if (before.isPresent()) {
            Waiter now =
                    before.get()
                            .movedTo(
                                    conflict.file().id(), conflict.range(), conflict.isExclusive());
            if (!now.equals(before.get())) {
                facts.add(new Fact.WaitMoved(now));
            }
            return new Decision(facts, notices, new Decision.Outcome.AwaitTurn(now.ticket()));
        }
        if (wait == 0) {
            facts.add(
                    new Fact.InterestNoted(
                            new Interest(
                                    ask.origin().client(),
                                    conflict.file().id(),
                                    conflict.range())));
            return new Decision(facts, notices, new Decision.Outcome.Answer(conflict.failure()));
        }
        Waiter waiter =
                new Waiter(
                        tables.waiting().nextTicket(),
                        ask.origin(),
                        conflict.file().id(),
                        conflict.range(),
                        conflict.isExclusive(),
                        wait,
                        false,
                        ask instanceof Command.CommitBlocks);
        facts.add(new Fact.WaitBegan(waiter));
        return new Decision(facts, notices, new Decision.Outcome.AwaitTurn(waiter.ticket()));
    }

    /**
     * How long a request waits: negative if it never does and asks nobody to give back; 0 if it
     * leaves the asking to the server and comes again. What takes blocks away waits until the
     * conflict ends, which it does: by return or by revocation.
     */
    static long waitMillis(Mutation ask) {
        if (ask instanceof Command.MapBlocks map) {
            return map.minLength() == 0 ? -1 : Math.max(0, map.waitMillis());
        }
        return Long.MAX_VALUE;
    }

    /** All bytes of {@code range} that others wait for in front of this request. */
    static List<ByteRange> allAhead(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range, boolean exclusive) {
        if (tables.waiting().on(file.id()).isEmpty()) {
            return List.of();
        }
        long own = tables.waiting().of(ask.origin()).map(Waiter::ticket).orElse(Long.MAX_VALUE);
        Waiter asked = new Waiter(own, ask.origin(), file.id(), range, exclusive, 0);
        return tables.waiting().on(file.id()).stream()
                .takeWhile(waiter -> waiter.ticket() < own)
                .filter(waiter -> waiter.conflictsWith(asked))
                .map(waiter -> waiter.range().intersect(range))
                .toList();
    }

    // ---- the end of a wait

    /** Its time is over: the answer is what the request is told. */
    static Decision end(VolumeTables tables, EndWait ask) {
        Optional<Waiter> waiter = tables.waiting().find(ask.ticket());
        if (waiter.isEmpty()) {
            return Decision.answer(new Reply.Done());
        }
        Waiter over = waiter.get();
        ClientId client = over.origin().client();
        return Decision.answer(
                List.of(
                        new Fact.WaitEnded(over.ticket()),
                        new Fact.InterestNoted(new Interest(client, over.file(), over.range()))),
                new Reply.Failure(
                        Reason.TRY_LATER,
                        "bytes "
                                + over.range()
                                + " of file "
                                + over.file()
                                + " were not given back within "
                                + over.waitMillis()
                                + " ms",
                        Conflict.RETRY_MILLIS));
    }

    /** Nobody is there to be answered: the places of a client in the queues are free. */
    static Decision cancel(VolumeTables tables, CancelWaits ask) {
        List<Fact> facts = new ArrayList<>();
        tables.waiting()
                .of(ask.client())
                .forEach(waiter -> facts.add(new Fact.WaitEnded(waiter.ticket())));
        return Decision.answer(
                facts,
                new Reply.Failure(
                        Reason.TRY_LATER,
                        "the connection ended while the request waited; send it again",
                        Conflict.RETRY_MILLIS));
    }
}
