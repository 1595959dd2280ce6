package dev.outlay.server.rpc;

import dev.outlay.server.engine.Session;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Who asks.
 *
 * @param session absent for a query of somebody without one
 * @param loop where answers are encoded: the event loop of the caller's connection, one thread
 */
record Caller(Optional<Session> session, Executor loop) {

    /** Who calls over a connection that says nothing of its user; nothing else is offered yet. */
    static final String PRINCIPAL = "anonymous";
}
