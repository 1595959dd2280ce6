package dev.outlay.client;

import java.util.UUID;

/**
 * A device of a volume, as the server knows it.
 *
 * @param index how extents name the device
 * @param incarnation as in its label
 * @param pathHint where the server finds it; another host may know it under another path
 * @param sizeBytes of the whole device, labels included
 * @param sliceStart first byte that the volume uses
 * @param sliceLength bytes that the volume uses
 * @param coherent hosts see each other's stores without more
 * @param retiring it is being emptied, and leaves the volume when none of its blocks is in use
 * @param usedBytes of the slice that are not free, those in quarantine included; 0 where nobody
 *     asked as an administrator
 * @param quarantinedBytes of the slice in quarantine; 0 likewise
 */
public record DeviceEntry(
        int index,
        UUID uuid,
        long incarnation,
        String pathHint,
        long sizeBytes,
        int blockSizeBytes,
        long sliceStart,
        long sliceLength,
        boolean coherent,
        boolean retiring,
        long usedBytes,
        long quarantinedBytes) {}
