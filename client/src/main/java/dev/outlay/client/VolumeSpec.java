package dev.outlay.client;

import dev.outlay.core.value.Durability;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A volume to be made.
 *
 * @param volume its name, 1..64 of [a-z0-9-], beginning with a letter
 * @param slices one after the other
 * @param blockSizeBytes as in the labels; 0: whatever the labels say
 * @param least the weakest durability that commits may carry; empty: FORCED
 * @param fence what proves that a client which ended without its own word stores no more
 * @param acceptStaleWriterRisk needed for TIMED where clients store by CPU
 * @param stripeBytes bytes of a file on each device in turn, whole blocks; 0: one device after the
 *     other
 * @param allocation what a block that was never committed holds when a client gets it
 */
public record VolumeSpec(
        String volume,
        List<Slice> slices,
        int blockSizeBytes,
        Optional<Durability> least,
        FencePolicy fence,
        boolean acceptStaleWriterRisk,
        long stripeBytes,
        Allocation allocation) {

    /** A volume on which time proves nothing, and that fills one device after the other. */
    public VolumeSpec(
            String volume, List<Slice> slices, int blockSizeBytes, Optional<Durability> least) {
        this(
                volume,
                slices,
                blockSizeBytes,
                least,
                FencePolicy.STRICT,
                false,
                0,
                Allocation.UNWRITTEN);
    }

    /**
     * A device, or a part of one.
     *
     * @param path as the server's host sees it, absolute
     * @param start first byte to use; empty: right after the label
     * @param length bytes to use; empty: all that is left
     */
    public record Slice(String path, OptionalLong start, OptionalLong length) {

        /** All of a device. */
        public static Slice whole(String path) {
            return new Slice(path, OptionalLong.empty(), OptionalLong.empty());
        }
    }

    public VolumeSpec {
        slices = List.copyOf(slices);
    }
}
