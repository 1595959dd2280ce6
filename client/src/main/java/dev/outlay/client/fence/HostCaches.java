package dev.outlay.client.fence;

import dev.outlay.core.device.DeviceLabel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.UUID;

/**
 * What this host has cached of devices: pages that a process dirtied are written back by the system
 * at its leisure, also after its death, and would land on the blocks' next owner.
 */
final class HostCaches {

    private final Map<String, Path> devicePaths;

    /**
     * @param devicePaths where this host finds devices, by UUID; others are where the server finds
     *     them
     */
    HostCaches(Map<String, Path> devicePaths) {
        this.devicePaths = Map.copyOf(devicePaths);
    }

    /** Writes back everything of a device (fdatasync), once its label says that it is this one. */
    void flush(UUID device, String pathHint) throws IOException {
        Path path = devicePaths.getOrDefault(device.toString(), Path.of(pathHint));
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer block = ByteBuffer.allocate(DeviceLabel.BLOCK_BYTES);
            while (block.hasRemaining() && channel.read(block, block.position()) > 0) {}
            if (!(DeviceLabel.decode(block.array()) instanceof DeviceLabel.Valid(DeviceLabel label))
                    || !label.device().equals(device)) {
                throw new IOException(
                        path
                                + " is not device "
                                + device
                                + "; say where this host finds it: --device-path "
                                + device
                                + "=PATH");
            }
            channel.force(true);
        } catch (java.nio.file.NoSuchFileException e) {
            throw new IOException(
                    "device "
                            + device
                            + " is not at "
                            + path
                            + "; say where this host finds it: --device-path "
                            + device
                            + "=PATH",
                    e);
        }
    }
}
