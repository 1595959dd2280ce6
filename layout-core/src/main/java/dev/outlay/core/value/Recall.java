package dev.outlay.core.value;

/**
 * A recall that a client has not answered by a return of its whole scope yet.
 *
 * @param id rises with each recall of a volume, until the server restarts
 * @param changed neither stores nor commits by layout any more: what was stored and not committed
 *     goes through the server
 * @param acknowledged whether the client has said that it knows
 * @param overdue whether its deadline has passed: the client's lease is no longer renewed
 * @param pieces returns of parts of the scope so far, which each win it time
 */
public record Recall(
        long id,
        ClientId client,
        RecallScope scope,
        boolean changed,
        boolean acknowledged,
        boolean overdue,
        int pieces) {

    public static Recall begun(long id, ClientId client, RecallScope scope, boolean changed) {
        return new Recall(id, client, scope, changed, false, false, 0);
    }

    public Recall widened(RecallScope wider, boolean alsoChanged) {
        return new Recall(id, client, wider, changed || alsoChanged, false, overdue, pieces);
    }

    public Recall withAcknowledged() {
        return new Recall(id, client, scope, changed, true, overdue, pieces);
    }

    public Recall withOverdue() {
        return new Recall(id, client, scope, changed, acknowledged, true, pieces);
    }

    public Recall withPiece() {
        return new Recall(id, client, scope, changed, acknowledged, overdue, pieces + 1);
    }
}
