package dev.outlay.core.value;

import java.util.Optional;

/**
 * What a volume remembers durably of a client.
 *
 * @param principal who it is, as authenticated
 * @param owner the name it gives itself, stable over its restarts
 * @param incarnation random verifier of one process start
 * @param secretHigh first half of the digest of the session's secret
 * @param secretLow second half
 * @param leaseMillis length of its lease
 * @param maxIoMillis the longest one of its stores may stay in flight, as it declared
 * @param process where it runs, if it said so: what a fence driver ends
 */
public record ClientRecord(
        ClientId id,
        String principal,
        String owner,
        long incarnation,
        long secretHigh,
        long secretLow,
        long leaseMillis,
        long maxIoMillis,
        Optional<ProcessIdentity> process) {

    /** A client that has not said where it runs. */
    public ClientRecord(
            ClientId id,
            String principal,
            String owner,
            long incarnation,
            long secretHigh,
            long secretLow,
            long leaseMillis,
            long maxIoMillis) {
        this(
                id,
                principal,
                owner,
                incarnation,
                secretHigh,
                secretLow,
                leaseMillis,
                maxIoMillis,
                Optional.empty());
    }

    /** Whether {@code other} is another process start of the same client. */
    public boolean isSameOwner(ClientRecord other) {
        return principal.equals(other.principal) && owner.equals(other.owner);
    }
}
