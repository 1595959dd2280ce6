package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import java.util.List;

/**
 * What deciding a command came to: the facts to apply, in order, what is told unasked once they are
 * durable, and what follows once they are applied.
 *
 * <p>The lists are not copied, there are several decisions to each command: whoever has made one
 * does not change it any more.
 */
public record Decision(List<Fact> facts, List<Notice> notices, Outcome outcome) {

    Decision(List<Fact> facts, Outcome outcome) {
        this(facts, List.of(), outcome);
    }

    /** What follows. */
    public sealed interface Outcome {
        /** The command is answered, once the facts are durable. */
        record Answer(Reply reply) implements Outcome {}

        /**
         * Once the facts are applied, {@code next} is decided in the same record; its answer is the
         * answer.
         */
        record Then(Command next) implements Outcome {}

        /** The command waits for this device work: decide it again once that is complete. */
        record AwaitWork(long work) implements Outcome {}

        /** The command waits for its turn: decide it again once this ticket is ready. */
        record AwaitTurn(long ticket) implements Outcome {}
    }

    public static Decision answer(List<Fact> facts, Reply reply) {
        return new Decision(facts, new Outcome.Answer(reply));
    }

    public static Decision answer(Reply reply) {
        return answer(List.of(), reply);
    }

    public static Decision then(List<Fact> facts, Command next) {
        return new Decision(facts, new Outcome.Then(next));
    }

    public static Decision awaitWork(List<Fact> facts, long work) {
        return new Decision(facts, new Outcome.AwaitWork(work));
    }

    /** The same with more to tell. */
    public Decision with(List<Notice> more) {
        if (more.isEmpty()) {
            return this;
        }
        List<Notice> all = new java.util.ArrayList<>(notices);
        all.addAll(more);
        return new Decision(facts, all, outcome);
    }
}
