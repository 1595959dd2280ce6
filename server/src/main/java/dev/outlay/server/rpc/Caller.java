package dev.outlay.server.rpc;

import dev.outlay.server.engine.Session;
import dev.outlay.server.engine.VolumeEngine;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Who asks.
 *
 * @param session absent for a query of somebody without one
 * @param loop where answers are encoded: the event loop of the caller's connection, one thread
 * @param asksMany whether there are many requests in the message
 * @param asked hears of each volume that is asked for a change, before it is submitted
 */
record Caller(
        Optional<Session> session, Executor loop, boolean asksMany, Consumer<VolumeEngine> asked) {

    /** Who asks for one thing. */
    Caller(Optional<Session> session, Executor loop) {
        this(session, loop, false, _ -> {});
    }

    /** Who calls over a connection that says nothing of its user; nothing else is offered yet. */
    static final String PRINCIPAL = "anonymous";
}
