package dev.outlay.core.value;

import java.util.UUID;

/**
 * What is chosen when a volume is created and never changes.
 *
 * @param blockSize bytes, a power of two
 * @param leastDurability the weakest durability a commit may report
 * @param fence what proves that a client which ended without its own word stores no more
 * @param allocation what blocks hold when they are handed out
 * @param placement how files lie across several devices
 * @param stripeBytes the stripe unit of {@link Placement#STRIPED}, whole blocks; otherwise 0
 */
public record VolumeSettings(
        UUID uuid,
        String name,
        int blockSize,
        Durability leastDurability,
        long createdMillis,
        FencePolicy fence,
        Allocation allocation,
        Placement placement,
        long stripeBytes) {

    /** What a block that was never committed holds when a client gets it. */
    public enum Allocation {
        /**
         * Whatever its last owner left: reads are zeros until a commit, each byte is written once.
         */
        UNWRITTEN,
        /** Zeros, written and flushed by the server first: each byte is written twice. */
        ZEROED
    }

    /** What counts as a proof that a client will not store any more (RFC 5663 2.3.7). */
    public enum FencePolicy {
        /** Its own word or a fence driver's; time never counts. */
        STRICT,
        /** Also its lease and its declared longest I/O having run out. */
        TIMED
    }

    /** How files lie across several devices. */
    public enum Placement {
        /** One device after the other. */
        LINEAR,
        /** The next device with every stripe unit. */
        STRIPED
    }

    public VolumeSettings {
        boolean striped = placement == Placement.STRIPED;
        if (striped != (stripeBytes > 0) || stripeBytes % blockSize != 0) {
            throw new IllegalArgumentException(
                    "a stripe unit of "
                            + stripeBytes
                            + " bytes: STRIPED needs one of whole blocks, LINEAR none");
        }
    }

    /** Settings with everything that need not be chosen as it is by default. */
    public VolumeSettings(
            UUID uuid, String name, int blockSize, Durability leastDurability, long createdMillis) {
        this(
                uuid,
                name,
                blockSize,
                leastDurability,
                createdMillis,
                FencePolicy.STRICT,
                Allocation.UNWRITTEN,
                Placement.LINEAR,
                0);
    }
}
