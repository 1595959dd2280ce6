package dev.outlay.client.device;

import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;

/** Opens devices. */
public final class Devices {

    private static final int TYPE_MASK = 0xF000;
    private static final int TYPE_CHARACTER = 0x2000;
    private static final int TYPE_DIRECTORY = 0x4000;
    private static final int TYPE_BLOCK = 0x6000;
    private static final int TYPE_FILE = 0x8000;

    private Devices() {}

    /**
     * Opens the device at {@code path} by the access that fits it, and checks its label; nothing is
     * written.
     *
     * @throws DeviceException if there is none, if it may not be used, if it is not the expected
     *     one, or if it gives less durability than asked for
     */
    public static Device open(Path path, DeviceOptions options) throws DeviceException {
        Device device =
                switch (type(path)) {
                    case TYPE_FILE -> openFile(path, options.least());
                    case TYPE_BLOCK -> openBlockDevice(path, options.least());
                    case TYPE_DIRECTORY -> throw notADevice(path, "it is a directory");
                    case TYPE_CHARACTER ->
                            throw notADevice(
                                    path,
                                    "it is a character device (device DAX cannot be used, a file on a DAX file system can)");
                    default -> throw notADevice(path, "it is a pipe or a socket");
                };
        try {
            if (options.expected().isPresent()) {
                Labels.check(path, device.readLabel(), options.expected().get());
            }
            return device;
        } catch (DeviceException e) {
            device.close();
            throw e;
        }
    }

    private static Device openFile(Path path, Durability least) throws DeviceException {
        try {
            return DaxFileDevice.open(path);
        } catch (DeviceException e) {
            if (e.reason() != DeviceException.Reason.IO
                    && e.reason() != DeviceException.Reason.TOO_WEAK) {
                throw e;
            }
            checkStrength(
                    path, Durability.FORCED, least, "; as persistent memory: " + e.getMessage());
            return MappedFileDevice.open(path);
        }
    }

    private static Device openBlockDevice(Path path, Durability least) throws DeviceException {
        checkStrength(path, Durability.DEVICE_FLUSHED, least, "");
        return BlockDevice.open(path);
    }

    private static void checkStrength(Path path, Durability given, Durability least, String why)
            throws DeviceException {
        if (!given.atLeast(least)) {
            throw new DeviceException(
                    DeviceException.Reason.TOO_WEAK,
                    path,
                    "it gives durability "
                            + given
                            + ", and at least "
                            + least
                            + " was asked for; ask for "
                            + given
                            + " by name if that is enough"
                            + why);
        }
    }

    private static int type(Path path) throws DeviceException {
        try {
            Object mode = Files.getAttribute(path, "unix:mode");
            return (Integer) Objects.requireNonNull(mode) & TYPE_MASK;
        } catch (IOException e) {
            throw DeviceException.of(path, "look at it", e);
        } catch (UnsupportedOperationException e) {
            return Files.isRegularFile(path, new LinkOption[0]) ? TYPE_FILE : TYPE_DIRECTORY;
        }
    }

    private static DeviceException notADevice(Path path, String what) {
        return new DeviceException(
                DeviceException.Reason.NOT_A_DEVICE,
                path,
                what + ", not a device; name a block device or a file");
    }
}
