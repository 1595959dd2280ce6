package dev.outlay.core.value;

/**
 * One incarnation of one client: 64 random bits, never zero, given by the server when a session is
 * opened. A restarted client process gets another one.
 */
public record ClientId(long value) implements Comparable<ClientId> {

    public ClientId {
        if (value == 0) {
            throw new IllegalArgumentException("a client id is never zero");
        }
    }

    @Override
    public int compareTo(ClientId other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return String.format("%016x", value);
    }
}
