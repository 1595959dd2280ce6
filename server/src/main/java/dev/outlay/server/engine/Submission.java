package dev.outlay.server.engine;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import java.util.concurrent.CompletableFuture;

/** A command on its way through the engine, and where its reply goes. */
record Submission(Command command, CompletableFuture<Reply> reply) {

    static Submission of(Command command) {
        return new Submission(command, new CompletableFuture<>());
    }
}
