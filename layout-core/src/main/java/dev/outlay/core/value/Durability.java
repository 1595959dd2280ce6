package dev.outlay.core.value;

/**
 * How far stored bytes have got, weakest first: what they survive once a flush has answered.
 *
 * <p>A device reports what it gives, every commit carries what its client reached, and a volume
 * states the least it accepts. The order of the constants is the order of strength; their names,
 * not their ordinals, go to disk and wire.
 */
public enum Durability {
    /** Stored and fenced: every reader sees the bytes, a loss of power takes them. */
    VISIBLE,
    /** {@code msync} or {@code fdatasync} of a file has answered. */
    FORCED,
    /** The block device has emptied its own cache too: a flush or FUA. */
    DEVICE_FLUSHED,
    /**
     * Stored through {@code MAP_SYNC} and written back from the CPU caches: durable by the store
     * itself.
     */
    SYNC_MAPPED;

    /** Whether this is as strong as {@code least}, or stronger. */
    public boolean atLeast(Durability least) {
        return compareTo(least) >= 0;
    }
}
