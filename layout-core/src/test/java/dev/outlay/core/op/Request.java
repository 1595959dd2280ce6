package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Reason;

/**
 * One request under one operation id: sent again it is a retry.
 *
 * @param <R> the answer it hopes for
 */
class Request<R extends Reply> {

    /** The request's command, once it is known who sends it under which id. */
    @FunctionalInterface
    interface Form {
        Mutation from(Origin origin);
    }

    private final VolumeKit kit;
    private final Party party;
    private final Class<R> answer;
    private final Form form;
    private final long operation;
    private long answeredThrough;

    Request(VolumeKit kit, Party party, Class<R> answer, Form form) {
        this.kit = kit;
        this.party = party;
        this.answer = answer;
        this.form = form;
        this.operation = party.takeOperation();
    }

    /** The client has the answers up to this operation. */
    Request<R> acknowledging(long through) {
        answeredThrough = through;
        return this;
    }

    long operation() {
        return operation;
    }

    Mutation command() {
        return form.from(new Origin(party.id(), operation, answeredThrough));
    }

    /** Sends it and, if it waits for device work, has that done. */
    Reply send() {
        return kit.settle(command());
    }

    /** Sends it and does not wait. */
    Execution start() {
        return kit.execute(command());
    }

    /** Asks, and waits for others if it has to. */
    Pending ask() {
        return kit.ask(command());
    }

    R ok() {
        return assertInstanceOf(answer, send());
    }

    Failure refused(Reason reason) {
        byte[] before = kit.state().image();
        Failure failure = assertInstanceOf(Failure.class, send());
        assertEquals(reason, failure.reason(), failure::message);
        if (reason.errorClass() == Reason.ErrorClass.CLIENT) {
            org.junit.jupiter.api.Assertions.assertArrayEquals(
                    before, kit.state().image(), "a refused request has changed something");
        }
        return failure;
    }
}
