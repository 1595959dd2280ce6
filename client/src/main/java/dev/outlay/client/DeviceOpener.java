package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.client.device.DeviceOptions;
import java.nio.file.Path;

/** Opens devices: {@link dev.outlay.client.device.Devices#open} but in tests and simulations. */
@FunctionalInterface
public interface DeviceOpener {

    /** The device at {@code path}, its label checked against the expected identity. */
    Device open(Path path, DeviceOptions options) throws DeviceException;
}
