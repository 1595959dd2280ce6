package dev.outlay.server.engine;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.device.ServerDevice;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices this server has claimed, one object each however many volumes have slices of it.
 * Thread-safe.
 */
final class DevicePool {

    private static final Logger LOG = LoggerFactory.getLogger(DevicePool.class);

    private final String serverId;
    private final Map<UUID, Claimed> byUuid = new HashMap<>();

    private static final class Claimed {
        private final ServerDevice device;
        private int users;

        Claimed(ServerDevice device) {
            this.device = device;
        }
    }

    DevicePool(String serverId) {
        this.serverId = serverId;
    }

    /** Reads a label without claiming anything. */
    DeviceLabel label(Path path) throws DeviceException {
        try (ServerDevice device = ServerDevice.open(path)) {
            return device.label();
        }
    }

    /**
     * The device as a volume knows it, claimed for this server; refused if its label tells another.
     */
    synchronized ServerDevice claim(VolumeDevice known) throws DeviceException {
        Claimed claimed = byUuid.get(known.uuid());
        if (claimed == null) {
            ServerDevice device =
                    ServerDevice.open(Path.of(known.path()), known.uuid(), known.incarnation());
            try {
                DeviceLabel label = device.claim(serverId);
                LOG.info("device={} event=claimed epoch={}", known.path(), label.lockEpoch());
            } catch (DeviceException e) {
                device.close();
                throw e;
            }
            claimed = new Claimed(device);
            byUuid.put(known.uuid(), claimed);
        }
        claimed.users++;
        return claimed.device;
    }

    /**
     * The label of a device that has left a volume is nobody's from now on, unless another volume
     * has a slice of it. One that is another device by now, or another server's, is left alone.
     */
    synchronized void disown(VolumeDevice known) throws DeviceException {
        if (byUuid.containsKey(known.uuid())) {
            return;
        }
        try (ServerDevice device =
                ServerDevice.open(Path.of(known.path()), known.uuid(), known.incarnation())) {
            if (device.disown(serverId)) {
                LOG.info("device={} event=released", known.path());
            }
        } catch (DeviceException e) {
            if (e.reason() != DeviceException.Reason.MISMATCH) {
                throw e;
            }
        }
    }

    synchronized void release(ServerDevice device) {
        Claimed claimed = byUuid.get(device.label().device());
        if (claimed != null && --claimed.users == 0) {
            byUuid.remove(device.label().device());
            try {
                claimed.device.close();
            } catch (DeviceException e) {
                LOG.warn(
                        "device={} event=close-failed reason=\"{}\"",
                        device.path(),
                        e.getMessage());
            }
        }
    }
}
