package dev.outlay.core.notice;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Recall;
import dev.outlay.core.value.Stateid;
import java.util.Optional;

/**
 * What is told unasked, once the facts it comes with are durable. A notice may be lost; nothing
 * that is safe depends on its arrival.
 */
public sealed interface Notice {

    /** Meant for one client. */
    sealed interface ToClient extends Notice {
        ClientId client();
    }

    /** Meant for the server. */
    sealed interface ToServer extends Notice {}

    /**
     * Give back (CB_LAYOUTRECALL).
     *
     * @param stateid of the layout, its seqid raised by this recall; only with a scope of ranges
     */
    record RecallSent(Recall recall, Optional<Stateid> stateid) implements ToClient {
        @Override
        public ClientId client() {
            return recall.client();
        }
    }

    /** What stood in the way of a request answered TRY_LATER is gone (CB_RECALLABLE_OBJ_AVAIL). */
    record LayoutAvailable(ClientId client, FileId file, ByteRange range) implements ToClient {}

    /** A commit of somebody else has changed what this reader of a CONCURRENT file has seen. */
    record Invalidate(ClientId client, FileId file, ByteRange range, long mapEpoch)
            implements ToClient {}

    /** Return layouts until no more than this many are held (CB_RECALL_ANY). */
    record ShedLoad(ClientId client, int keepLayouts) implements ToClient {}

    /**
     * The client has ended without its own word, and blocks are in quarantine until it is proven.
     */
    record NeedsFence(ClientId client) implements ToServer {}

    /** Nothing is in quarantine because of the client any more, and it is forgotten here. */
    record ClientProven(ClientId client) implements ToServer {}
}
