package dev.outlay.core.value;

import java.util.UUID;

/**
 * A device as a volume knows it.
 *
 * @param index its number in the volume, never reused
 * @param uuid from its label
 * @param incarnation from its label; rises when it is formatted anew or taken over by force
 * @param sizeBytes the whole device, labels included
 * @param startBytes first byte that belongs to the volume
 * @param lengthBytes how many bytes belong to the volume, from {@code startBytes}
 * @param path where the server finds it; clients may find it elsewhere
 * @param coherent whether all hosts see each other's stores without flushing
 */
public record VolumeDevice(
        int index,
        UUID uuid,
        long incarnation,
        long sizeBytes,
        long startBytes,
        long lengthBytes,
        String path,
        boolean coherent) {

    public DeviceRange range() {
        return new DeviceRange(index, startBytes, lengthBytes);
    }
}
