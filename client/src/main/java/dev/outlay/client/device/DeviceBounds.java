package dev.outlay.client.device;

import dev.outlay.core.device.DeviceLabel;
import java.nio.file.Path;

/**
 * The limits of one device, checked before every access: addresses come from the server, over the
 * network.
 *
 * @param path how messages name the device
 * @param sizeBytes the size its label says
 */
record DeviceBounds(Path path, long sizeBytes) {

    /** Refuses what does not lie on the device. */
    void checkRead(long offset, long length) throws DeviceException {
        if (offset < 0 || length < 0 || offset > sizeBytes - length) {
            throw refused(offset, length, "lie outside the device of " + sizeBytes + " bytes");
        }
    }

    /** Refuses what does not lie on the device, or touches a label. */
    void checkWrite(long offset, long length) throws DeviceException {
        checkRead(offset, length);
        if (length > 0
                && (offset < DeviceLabel.BLOCK_BYTES
                        || offset + length > DeviceLabel.copyOffset(sizeBytes))) {
            throw refused(offset, length, "touch the label of the device");
        }
    }

    private DeviceException refused(long offset, long length, String problem) {
        return new DeviceException(
                DeviceException.Reason.OUT_OF_RANGE,
                path,
                length
                        + " bytes at "
                        + offset
                        + " "
                        + problem
                        + "; nothing was touched, and whoever gave this address is wrong");
    }
}
