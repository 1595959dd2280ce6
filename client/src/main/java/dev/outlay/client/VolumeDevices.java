package dev.outlay.client;

import dev.outlay.core.value.Durability;
import java.util.List;

/**
 * The devices of a volume, and what it asks of its writers.
 *
 * @param devices by rising index
 * @param blockSizeBytes the unit of mapping and commit
 * @param least the weakest durability a commit may carry
 */
public record VolumeDevices(List<DeviceEntry> devices, int blockSizeBytes, Durability least) {

    public VolumeDevices {
        devices = List.copyOf(devices);
    }
}
