package dev.outlay.server.sim;

import dev.outlay.v1.Notice;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashSet;
import java.util.Set;

/**
 * What each client may believe to hold: what replies have brought it, less what it has sent back.
 */
final class Believed implements Talk.Listener {

    private final Held held = new Held();

    /**
     * Clients that were told to restate, or will be, and what they hold for reading is doubtful.
     */
    private final Set<Long> owing = new HashSet<>();

    Holdings holdings() {
        return held.holdings();
    }

    @Override
    public void sent(long client, Request request) {
        held.asks(client, request);
    }

    @Override
    public void got(long client, Request request, Reply reply) {
        held.answered(client, request, reply);
        if (reply.hasReattach()) {
            owing.remove(client);
        } else if (reply.hasError() && isLost(request, reply.getError().getReason())) {
            held.ended(client);
        }
    }

    private static boolean isLost(Request request, Reason reason) {
        return reason == Reason.REASON_FENCED
                || (reason == Reason.REASON_EXPIRED && Asked.header(request).isEmpty());
    }

    @Override
    public void noticed(long client, Notice notice) {
        if (notice.hasReattach()) {
            owing.add(client);
        }
    }

    @Override
    public void gotNotice(long client, Notice notice) {
        if (notice.hasLeaseEnding()) {
            held.ended(client);
        }
    }

    @Override
    public void serverDied() {
        held.holdings().clients().forEach(owing::add);
    }

    /** Whether the server waits for the client to restate what it holds. */
    boolean owes(long client) {
        return owing.contains(client);
    }

    /** Whether a request of the client's own, without an answer, may take some of a file. */
    boolean isTaking(long client, long file) {
        return held.isTaking(client, file);
    }
}
