package dev.outlay.client;

import java.util.UUID;

/**
 * What a server is.
 *
 * @param serverId the same for the life of its data directory
 * @param serverIncarnation rises with every start
 * @param limits of a session
 */
public record ServerInfo(
        String version,
        UUID serverId,
        long serverIncarnation,
        long startedMillis,
        int defaultLeaseMillis,
        int minLeaseMillis,
        int maxLeaseMillis,
        SessionLimits limits) {

    /** As in {@code SessionLimits} of the protocol. */
    public record SessionLimits(
            int outstandingOperations,
            int extentsPerReply,
            int rangesPerCommit,
            int entriesPerList,
            int layoutsPerReattach,
            int messageBytes) {}
}
