package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.client.device.DeviceOptions;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.DeviceIncarnation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of one volume as this client reaches them, each opened when it is first used and
 * compared with what the server says before anything else is touched. Where they differ the list is
 * fetched once more, since the server may have been told of a new life of the device; where they
 * still differ it is {@code DEVICE_MISMATCH}. Thread-safe.
 */
final class VolumeAccess {

    private static final Logger LOG = LoggerFactory.getLogger(VolumeAccess.class);

    /** Asks the server for the devices of the volume. */
    @FunctionalInterface
    interface Source {
        VolumeDevices get() throws OutlayException;
    }

    private record Opened(Device device, DeviceEntry entry) {}

    private final String volume;
    private final ClientOptions options;
    private final DeviceOpener opener;
    private final Source source;
    private final Map<Integer, Opened> opened = new ConcurrentHashMap<>();
    private final SharedCommits commits = new SharedCommits();
    private final WriteBuffers writeBuffers = new WriteBuffers();
    private volatile VolumeDevices known;

    VolumeAccess(String volume, ClientOptions options, DeviceOpener opener, Source source)
            throws OutlayException {
        this.volume = volume;
        this.options = options;
        this.opener = opener;
        this.source = source;
        this.known = source.get();
    }

    int blockSize() {
        return known.blockSizeBytes();
    }

    /** Where commits of all files of the volume come together. */
    SharedCommits commits() {
        return commits;
    }

    /** Where files of the volume gather small writes. */
    WriteBuffers writeBuffers() {
        return writeBuffers;
    }

    /**
     * The device that a range of it is to be read from or stored to.
     *
     * @throws OutlayException {@code DEVICE_MISMATCH} if it is not the one the volume means
     */
    Device device(int index, long deviceOffset, long length) throws IOException {
        Opened found = opened.get(index);
        if (found == null) {
            found = openOnce(index);
        }
        DeviceEntry entry = found.entry();
        if (deviceOffset < entry.sliceStart()
                || deviceOffset - entry.sliceStart() > entry.sliceLength() - length) {
            throw OutlayException.of(
                    Reason.INTERNAL,
                    "the server mapped "
                            + length
                            + " bytes at "
                            + deviceOffset
                            + " of device "
                            + index
                            + ", outside of what volume "
                            + volume
                            + " uses of it",
                    "nothing was touched; report it with the server's log");
        }
        return found.device();
    }

    /** The life of a device as read from its label; it has been used before. */
    long incarnation(int index) {
        Opened found = opened.get(index);
        if (found == null) {
            throw new IllegalStateException("device " + index + " was never used");
        }
        return found.entry().incarnation();
    }

    /** The labels of all devices in use, for a re-attach; never waits. */
    List<DeviceIncarnation> incarnations() {
        List<DeviceIncarnation> all = new ArrayList<>();
        opened.forEach(
                (index, found) ->
                        all.add(
                                DeviceIncarnation.newBuilder()
                                        .setDevice(index)
                                        .setIncarnation(found.entry().incarnation())
                                        .build()));
        return all;
    }

    synchronized void close() {
        for (Opened found : opened.values()) {
            try {
                found.device().close();
            } catch (DeviceException e) {
                LOG.warn("event=device-close-failed reason=\"{}\"", e.getMessage());
            }
        }
        opened.clear();
    }

    private synchronized Opened openOnce(int index) throws IOException {
        Opened found = opened.get(index);
        if (found == null) {
            found = open(index);
            opened.put(index, found);
        }
        return found;
    }

    private Opened open(int index) throws IOException {
        DeviceEntry entry = find(index);
        if (entry == null) {
            known = source.get();
            entry = find(index);
        }
        if (entry == null) {
            throw OutlayException.of(
                    Reason.DEVICE_MISMATCH,
                    "volume " + volume + " names no device " + index,
                    "report it with the server's log");
        }
        try {
            return open(entry);
        } catch (OutlayException e) {
            if (!e.is(Reason.DEVICE_MISMATCH)) {
                throw e;
            }
            known = source.get();
            DeviceEntry again = find(index);
            if (again == null || again.equals(entry)) {
                throw e;
            }
            return open(again);
        }
    }

    private @Nullable DeviceEntry find(int index) {
        return known.devices().stream().filter(d -> d.index() == index).findFirst().orElse(null);
    }

    private Opened open(DeviceEntry entry) throws IOException {
        Path path = path(entry);
        Durability least = known.least().atLeast(options.least()) ? known.least() : options.least();
        Device device;
        try {
            device =
                    opener.open(
                            path,
                            DeviceOptions.atLeast(least)
                                    .expecting(entry.uuid(), entry.incarnation()));
        } catch (DeviceException e) {
            if (e.reason() == DeviceException.Reason.MISMATCH) {
                throw mismatch(e.getMessage());
            }
            throw e;
        }
        try {
            checkLabel(path, entry, device.readLabel());
            checkCoherent(path, entry, device);
            return new Opened(device, entry);
        } catch (IOException e) {
            device.close();
            throw e;
        }
    }

    private Path path(DeviceEntry entry) {
        Path byUuid = options.devices().get(entry.uuid().toString());
        if (byUuid != null) {
            return byUuid;
        }
        Path byIndex = options.devices().get(Integer.toString(entry.index()));
        return byIndex != null ? byIndex : Path.of(entry.pathHint());
    }

    private void checkLabel(Path path, DeviceEntry entry, DeviceLabel label)
            throws OutlayException {
        if (!label.device().equals(entry.uuid()) || label.incarnation() != entry.incarnation()) {
            throw mismatch(
                    path
                            + " is device "
                            + label.device()
                            + " in incarnation "
                            + label.incarnation()
                            + ", and volume "
                            + volume
                            + " means device "
                            + entry.uuid()
                            + " in incarnation "
                            + entry.incarnation());
        }
        if (label.sizeBytes() != entry.sizeBytes()
                || label.blockSizeBytes() != entry.blockSizeBytes()) {
            throw mismatch(
                    "the label of "
                            + path
                            + " says "
                            + label.sizeBytes()
                            + " bytes in blocks of "
                            + label.blockSizeBytes()
                            + ", and the server says "
                            + entry.sizeBytes()
                            + " in blocks of "
                            + entry.blockSizeBytes());
        }
    }

    /** Only direct I/O goes past the caches that other hosts do not see into. */
    private static void checkCoherent(Path path, DeviceEntry entry, Device device)
            throws OutlayException {
        if (!entry.coherent() && device.durability() != Durability.DEVICE_FLUSHED) {
            throw OutlayException.of(
                    Reason.UNSUPPORTED,
                    path
                            + " is mapped into memory, and its label says that hosts do not see"
                            + " each other's stores",
                    "use it as a block device, or format it as coherent if it is");
        }
    }

    private static OutlayException mismatch(String what) {
        return OutlayException.of(
                Reason.DEVICE_MISMATCH,
                what + "; nothing was touched",
                "name the right path with --device, or have the operator compare the labels");
    }
}
