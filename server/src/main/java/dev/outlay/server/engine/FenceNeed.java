package dev.outlay.server.engine;

import dev.outlay.core.value.ClientRecord;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import java.util.List;

/**
 * A volume has blocks in quarantine until the end of a client is proven.
 *
 * @param devices that the client could store to
 */
public record FenceNeed(
        String volume, ClientRecord client, FencePolicy policy, List<VolumeDevice> devices) {

    public FenceNeed {
        devices = List.copyOf(devices);
    }
}
