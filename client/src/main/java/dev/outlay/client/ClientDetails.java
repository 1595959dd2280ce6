package dev.outlay.client;

import dev.outlay.core.value.ClientId;
import java.util.List;

/**
 * A client as the server knows it.
 *
 * @param principal as whom it was authenticated; empty: as nobody
 * @param leaseMillis what each renewal gives
 * @param leaseLeftMillis what is left of it; 0 once it is over
 * @param streaming it has a stream open
 * @param uses the volumes it has used, by rising name
 */
public record ClientDetails(
        ClientId client,
        String owner,
        String principal,
        State state,
        long leaseMillis,
        long leaseLeftMillis,
        boolean streaming,
        List<Use> uses) {

    public ClientDetails {
        uses = List.copyOf(uses);
    }

    /** How it stands with the server. */
    public enum State {
        /** Its lease runs. */
        LIVE,
        /** Its lease is over; what it holds stands until somebody needs it. */
        LAPSED,
        /** It has ended by its own word. */
        ENDED,
        /** A newer incarnation of its owner has come. */
        SUPERSEDED,
        /** It was silent while somebody needed what it held. */
        EXPIRED,
        /** An operator has ended it. */
        REVOKED,
        /** Something that this version does not know. */
        UNKNOWN
    }

    /**
     * What it has on one volume.
     *
     * @param recallsPending recalls that it has not answered by a return yet
     */
    public record Use(String volume, long layouts, long quarantinedBytes, int recallsPending) {}

    /** Layouts on all volumes. */
    public long layouts() {
        return uses.stream().mapToLong(Use::layouts).sum();
    }

    /** Bytes in quarantine because of it, on all volumes. */
    public long quarantinedBytes() {
        return uses.stream().mapToLong(Use::quarantinedBytes).sum();
    }

    /** Open recalls on all volumes. */
    public int recallsPending() {
        return uses.stream().mapToInt(Use::recallsPending).sum();
    }
}
