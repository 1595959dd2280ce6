package dev.outlay.server.sim;

import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;

/**
 * What clients were told that they hold, as replies leave the server, and have not given back, as
 * requests arrive there. A client that was revoked is told of it late or never: what it holds stays
 * here until its own word or a proof.
 */
final class Told implements Talk.Listener {

    private final Asked asked;
    private final Held held = new Held();

    Told(Asked asked) {
        this.asked = asked;
    }

    Holdings holdings() {
        return held.holdings();
    }

    @Override
    public void heard(long client, Request request) {
        held.asks(client, request);
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        held.answered(client, request, reply);
    }

    @Override
    public void serverDied() {
        held.serverDied();
    }

    /** Whether the client's end is proven, or a request of its own takes some of the file. */
    boolean mayBeGone(long client, long file) {
        return asked.isProven(client) || held.isTaking(client, file);
    }
}
