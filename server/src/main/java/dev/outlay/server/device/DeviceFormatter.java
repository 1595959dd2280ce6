package dev.outlay.server.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.device.LabelPair;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/**
 * Makes devices: puts a label on a file or a block device. Nothing but the two label blocks is
 * written; what was on the device stays there, and is never read, since every block starts its life
 * in a file as unwritten.
 */
public final class DeviceFormatter {

    private static final int BLOCK = DeviceLabel.BLOCK_BYTES;

    private DeviceFormatter() {}

    /**
     * Formats the device at {@code path}; the label is durable when this returns.
     *
     * <p>What carries a label or looks like data is refused without force. With force, a device
     * keeps its UUID and lock epoch, loses its owner and gets the next incarnation. A device that
     * is mounted, a part of something else or claimed by a running server of this host is refused
     * even then.
     *
     * @return the new label
     */
    public static DeviceLabel format(Path path, FormatOptions options) throws DeviceException {
        boolean made = makeFile(path, options);
        try {
            DeviceNode node = DeviceNode.at(path);
            Optional<String> use = node.use();
            if (use.isPresent()) {
                throw new DeviceException(
                        DeviceException.Reason.IN_USE,
                        path,
                        "it is " + use.get() + "; formatting it would destroy that");
            }
            try (RawDevice device = RawDevice.open(node)) {
                device.lock(BLOCK);
                DeviceLabel label = newLabel(path, device, node, options);
                if (label.sizeBytes() > device.size()) {
                    device.lengthen(label.sizeBytes());
                }
                Labels.write(path, device, label);
                return label;
            }
        } catch (DeviceException e) {
            if (made) {
                remove(path);
            }
            throw e;
        }
    }

    /** Decides what the label will be; refuses what must not be formatted. Writes nothing. */
    private static DeviceLabel newLabel(
            Path path, RawDevice device, DeviceNode node, FormatOptions options)
            throws DeviceException {
        Optional<DeviceLabel> old = checkContent(path, device, options.force());
        long size = size(path, device.size(), node, options);
        try {
            return new DeviceLabel(
                    old.map(DeviceLabel::device).orElse(options.freshId()),
                    old.map(label -> label.reincarnated().incarnation()).orElse(1L),
                    size,
                    options.blockSizeBytes(),
                    "",
                    old.map(DeviceLabel::lockEpoch).orElse(0L),
                    options.coherent());
        } catch (IllegalArgumentException e) {
            throw new DeviceException(
                    DeviceException.Reason.WRONG_SIZE,
                    path,
                    "cannot be formatted: " + e.getMessage(),
                    e);
        }
    }

    /** The label that is there already, if force allows it to be replaced. */
    private static Optional<DeviceLabel> checkContent(Path path, RawDevice device, boolean force)
            throws DeviceException {
        if (device.size() < 2L * BLOCK) {
            byte[] all = device.read(0, Math.toIntExact(device.size()));
            checkNoData(path, Signatures.find(all, all, all), force);
            return Optional.empty();
        }
        LabelPair pair = Labels.probe(device);
        if (pair.hasTrace()) {
            if (!force) {
                throw new DeviceException(
                        DeviceException.Reason.HAS_LABEL,
                        path,
                        "it is formatted already ("
                                + pair.label().map(DeviceFormatter::words).orElseGet(pair::problem)
                                + "); force formats it again and loses all its files, once its server"
                                + " and all clients have ended");
            }
            return pair.label();
        }
        byte[] head =
                device.read(0, Math.toIntExact(Math.min(Signatures.HEAD_BYTES, device.size())));
        byte[] last = device.read(DeviceLabel.copyOffset(device.size()), BLOCK);
        checkNoData(path, Signatures.find(head, Arrays.copyOf(head, BLOCK), last), force);
        return Optional.empty();
    }

    private static void checkNoData(Path path, Optional<String> found, boolean force)
            throws DeviceException {
        if (found.isPresent() && !force) {
            throw new DeviceException(
                    DeviceException.Reason.HAS_DATA,
                    path,
                    "there is "
                            + found.get()
                            + " on it; check the path, force formats it nevertheless");
        }
    }

    /** The size the label will say. */
    private static long size(Path path, long actual, DeviceNode node, FormatOptions options)
            throws DeviceException {
        long labelled = DeviceLabel.labelledSize(actual);
        long wanted = options.sizeBytes().orElse(labelled);
        if (wanted == labelled || (!node.isBlock() && wanted > actual)) {
            return wanted;
        }
        throw new DeviceException(
                DeviceException.Reason.WRONG_SIZE,
                path,
                "it has "
                        + actual
                        + " bytes, and "
                        + wanted
                        + " were asked for; leave the size out to use all of it"
                        + (node.isBlock() ? "" : ", a longer one makes the file longer"));
    }

    /** Makes the file, if a size says that one is wanted and nothing stands there. */
    private static boolean makeFile(Path path, FormatOptions options) throws DeviceException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (options.sizeBytes().isEmpty()) {
            throw new DeviceException(
                    DeviceException.Reason.NOT_FOUND,
                    path,
                    "there is no such device or file; check the path, or give a size to make a file");
        }
        try {
            Files.createFile(path);
            Path folder = path.toAbsolutePath().getParent();
            if (folder != null) {
                try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
                    entries.force(true);
                }
            }
            return true;
        } catch (IOException e) {
            throw DeviceException.of(path, "make the file", e);
        }
    }

    private static void remove(Path path) throws DeviceException {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw DeviceException.of(path, "remove the file again", e);
        }
    }

    private static String words(DeviceLabel label) {
        return "device "
                + label.device()
                + ", incarnation "
                + label.incarnation()
                + (label.isOwned() ? ", of server '" + label.owner() + "'" : ", not owned");
    }
}
