package dev.outlay.server.engine;

import dev.outlay.core.value.Durability;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a new volume shall be.
 *
 * @param name a lower-case letter, then at most 63 lower-case letters, digits or {@code -}
 * @param blockSize bytes, a power of two; 0 for that of the first device's label
 * @param acceptStaleWriterRisk whether time may count as a proof also where clients store by CPU
 */
public record VolumeRequest(
        String name,
        List<DeviceSlice> devices,
        int blockSize,
        Durability leastDurability,
        FencePolicy fence,
        boolean acceptStaleWriterRisk,
        long stripeBytes,
        Allocation allocation) {

    /** A volume on which time proves nothing. */
    public VolumeRequest(
            String name, List<DeviceSlice> devices, int blockSize, Durability leastDurability) {
        this(
                name,
                devices,
                blockSize,
                leastDurability,
                FencePolicy.STRICT,
                false,
                0,
                Allocation.UNWRITTEN);
    }

    public VolumeRequest {
        devices = List.copyOf(devices);
    }

    /**
     * A device, or a part of one: {@code length} bytes from {@code start}; by default all between
     * its labels.
     */
    public record DeviceSlice(Path path, OptionalLong start, OptionalLong length) {}
}
