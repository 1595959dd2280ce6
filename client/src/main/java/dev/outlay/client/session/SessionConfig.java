package dev.outlay.client.session;

import dev.outlay.core.value.ProcessIdentity;
import java.util.Map;
import java.util.Optional;

/**
 * What a session is opened with.
 *
 * @param server how messages name the server
 * @param owner names the client across its restarts
 * @param maxIoMillis the longest time of one access to a device
 * @param leaseMillis the lease wished for; 0: the server's default
 * @param deadlineMillis how long a call is repeated
 * @param known a session of an earlier process
 * @param process where the client runs, if the server is to know
 */
public record SessionConfig(
        String server,
        String owner,
        int maxIoMillis,
        int leaseMillis,
        int deadlineMillis,
        Optional<Known> known,
        Optional<ProcessIdentity> process) {

    /** A session whose server does not know where the client runs. */
    public SessionConfig(
            String server,
            String owner,
            int maxIoMillis,
            int leaseMillis,
            int deadlineMillis,
            Optional<Known> known) {
        this(server, owner, maxIoMillis, leaseMillis, deadlineMillis, known, Optional.empty());
    }

    /**
     * A session that is open at the server.
     *
     * @param secret 16 bytes
     * @param nextOperationIds by volume, the first id not used
     */
    public record Known(
            long incarnation,
            long clientId,
            com.google.protobuf.ByteString secret,
            Map<String, Long> nextOperationIds) {

        public Known {
            nextOperationIds = Map.copyOf(nextOperationIds);
        }
    }
}
