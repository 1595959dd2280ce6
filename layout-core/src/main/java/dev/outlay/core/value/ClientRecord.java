package dev.outlay.core.value;

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
 */
public record ClientRecord(
        ClientId id,
        String principal,
        String owner,
        long incarnation,
        long secretHigh,
        long secretLow,
        long leaseMillis,
        long maxIoMillis) {

    /** Whether {@code other} is another process start of the same client. */
    public boolean isSameOwner(ClientRecord other) {
        return principal.equals(other.principal) && owner.equals(other.owner);
    }
}
