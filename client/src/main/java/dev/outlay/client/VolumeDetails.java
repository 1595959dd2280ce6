package dev.outlay.client;

import java.util.List;

/** A volume and its devices, by rising index. */
public record VolumeDetails(VolumeStatus status, List<DeviceEntry> devices) {

    public VolumeDetails {
        devices = List.copyOf(devices);
    }
}
