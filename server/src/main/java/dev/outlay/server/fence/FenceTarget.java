package dev.outlay.server.fence;

import dev.outlay.core.value.ClientRecord;
import java.util.List;
import java.util.UUID;

/**
 * Who is to be fenced.
 *
 * @param client where its process runs is in its record, if it said so
 * @param devices it could store to
 */
public record FenceTarget(ClientRecord client, List<Device> devices) {

    /** A device by its label, and where the server finds it. */
    public record Device(UUID uuid, String path) {}

    public FenceTarget {
        devices = List.copyOf(devices);
    }
}
