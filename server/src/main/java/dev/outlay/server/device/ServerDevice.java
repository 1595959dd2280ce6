package dev.outlay.server.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.device.LabelPair;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A device as its server uses it: a file or a block device with a label, opened for reading and,
 * once claimed, for device work.
 *
 * <p>Two volumes of one server that have slices of one device share one object: a second claim,
 * even by the same server, makes the first one void. The device index of a {@link DeviceRange} is
 * not looked at; whoever keeps the devices of a volume by index has chosen this one.
 *
 * <p>Thread-safe: workers may read and write disjoint ranges at the same time. They must not be
 * interrupted meanwhile.
 */
public final class ServerDevice implements AutoCloseable {

    private final Path path;
    private final RawDevice device;
    private volatile DeviceLabel label;
    private volatile boolean claimed;

    private ServerDevice(Path path, RawDevice device, DeviceLabel label) {
        this.path = path;
        this.device = device;
        this.label = label;
    }

    /** Opens any device with a label; writes nothing. */
    public static ServerDevice open(Path path) throws DeviceException {
        return openChecked(path, null, 0);
    }

    /** Opens this device in this life only; writes nothing. */
    public static ServerDevice open(Path path, UUID expectedDevice, long expectedIncarnation)
            throws DeviceException {
        return openChecked(path, expectedDevice, expectedIncarnation);
    }

    /** Whether I/O to {@code path} goes through a block driver, and not by stores of a CPU. */
    public static boolean isBlockDevice(Path path) throws DeviceException {
        return DeviceNode.at(path).isBlock();
    }

    public Path path() {
        return path;
    }

    /** The label as it was read when opened, or written since. */
    public DeviceLabel label() {
        return label;
    }

    /** Reads the label again: for whoever wants to see what others have written. */
    public DeviceLabel readLabel() throws DeviceException {
        return Labels.read(path, device);
    }

    /**
     * Makes the device this server's: its id and a new lock epoch go into both labels, which also
     * heals one that was torn. A device of another server is refused.
     *
     * @param serverId not empty, at most {@link DeviceLabel#MAX_OWNER_BYTES} bytes of UTF-8
     * @return the label as it now stands on the device, durably
     */
    public synchronized DeviceLabel claim(String serverId) throws DeviceException {
        return claim(serverId, false);
    }

    /**
     * Claims the device whoever owns it, and raises its incarnation so that clients of the former
     * server find a mismatch. The operator must have said that all former clients and the former
     * server have ended: a store by one of them cannot be refused.
     */
    public synchronized DeviceLabel takeOver(String serverId) throws DeviceException {
        return claim(serverId, true);
    }

    /**
     * Nobody's from now on: both labels lose their owner and get a new lock epoch. A device that is
     * not this server's stays as it is.
     *
     * @return whether it was
     */
    public synchronized boolean disown(String serverId) throws DeviceException {
        if (claimed) {
            throw new IllegalStateException(path + " is in use");
        }
        device.lock(DeviceLabel.BLOCK_BYTES);
        DeviceLabel found = Labels.read(path, device);
        Labels.check(path, found, label.device(), label.incarnation());
        if (!found.owner().equals(serverId)) {
            return false;
        }
        label = found.released();
        Labels.write(path, device, label);
        return true;
    }

    /**
     * Writes the label that counts over a copy that is damaged or older. Refused while a server
     * holds the device, and where no copy counts.
     *
     * @return whether anything had to be mended
     */
    public synchronized boolean repair() throws DeviceException {
        if (claimed) {
            throw new IllegalStateException(path + " is in use");
        }
        device.lock(DeviceLabel.BLOCK_BYTES);
        label = Labels.read(path, device);
        LabelPair pair = Labels.probe(device);
        if (pair.isIntact()) {
            return false;
        }
        if (pair.first() instanceof DeviceLabel.Valid(DeviceLabel first)
                && pair.last() instanceof DeviceLabel.Valid(DeviceLabel last)
                && !first.device().equals(last.device())) {
            throw new DeviceException(
                    DeviceException.Reason.MISMATCH,
                    path,
                    "its first label is that of device "
                            + first.device()
                            + ", its last one that of "
                            + last.device()
                            + "; neither is damaged, so none is mended: find out which device this is");
        }
        Labels.write(path, device, label);
        return true;
    }

    /**
     * Refuses unless the label still names this claim: another server may have taken the device.
     */
    public void checkHeld() throws DeviceException {
        if (!claimed) {
            throw new DeviceException(
                    DeviceException.Reason.NOT_HELD,
                    path,
                    "the device is not claimed; claim it before storing on it");
        }
        DeviceLabel mine = label;
        DeviceLabel found = Labels.read(path, device);
        if (!found.equals(mine)) {
            claimed = false;
            throw new DeviceException(
                    DeviceException.Reason.NOT_HELD,
                    path,
                    "the device was lost: claimed with lock epoch "
                            + mine.lockEpoch()
                            + " of incarnation "
                            + mine.incarnation()
                            + ", its label now has epoch "
                            + found.lockEpoch()
                            + " of incarnation "
                            + found.incarnation()
                            + " and server '"
                            + found.owner()
                            + "'; stop one of the two servers");
        }
    }

    /** The bytes of the range. */
    public byte[] read(DeviceRange range) throws DeviceException {
        checkRange(range);
        return device.read(range.start(), Math.toIntExact(range.length()));
    }

    /**
     * Stores all that remains of {@code bytes}, durably when this returns. The range need not begin
     * or end at a block; no client may have a grant on its blocks meanwhile.
     */
    public void write(DeviceRange range, ByteBuffer bytes) throws DeviceException {
        if (bytes.remaining() != range.length()) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes for " + range);
        }
        MemorySegment source = MemorySegment.ofBuffer(bytes);
        store(
                range,
                (target, from) -> MemorySegment.copy(source, from, target, 0, target.byteSize()));
    }

    /** Stores zeros, durably when this returns; as {@link #write}. */
    public void zero(DeviceRange range) throws DeviceException {
        store(range, (target, _) -> target.fill((byte) 0));
    }

    /** Ends the access; the claim stays in the label. */
    @Override
    public void close() throws DeviceException {
        device.close();
    }

    private static ServerDevice openChecked(Path path, @Nullable UUID expected, long incarnation)
            throws DeviceException {
        RawDevice device = RawDevice.open(DeviceNode.at(path));
        try {
            DeviceLabel label = Labels.read(path, device);
            if (expected != null) {
                Labels.check(path, label, expected, incarnation);
            }
            return new ServerDevice(path, device, label);
        } catch (DeviceException e) {
            device.close();
            throw e;
        }
    }

    private DeviceLabel claim(String serverId, boolean force) throws DeviceException {
        if (serverId.isEmpty()) {
            throw new IllegalArgumentException("a server that claims a device needs an id");
        }
        if (claimed) {
            throw new IllegalStateException(path + " is claimed already");
        }
        device.lock(DeviceLabel.BLOCK_BYTES);
        DeviceLabel found = Labels.read(path, device);
        if (!force) {
            Labels.check(path, found, label.device(), label.incarnation());
            if (found.isOwned() && !found.owner().equals(serverId)) {
                throw new DeviceException(
                        DeviceException.Reason.OWNED,
                        path,
                        "it belongs to server '"
                                + found.owner()
                                + "' (lock epoch "
                                + found.lockEpoch()
                                + "), not to '"
                                + serverId
                                + "'; name another device, or take it over by force once that server"
                                + " and all its clients have ended");
            }
        }
        DeviceLabel mine = (force ? found.reincarnated() : found).claimedBy(serverId);
        Labels.write(path, device, mine);
        label = mine;
        claimed = true;
        return mine;
    }

    private void store(DeviceRange range, RawDevice.Source source) throws DeviceException {
        checkRange(range);
        checkHeld();
        device.write(range.start(), range.length(), source);
        device.force();
    }

    private void checkRange(DeviceRange range) throws DeviceException {
        ByteRange usable = label.usable();
        if (range.start() < usable.start() || range.end() > usable.end()) {
            throw new DeviceException(
                    DeviceException.Reason.OUT_OF_RANGE,
                    path,
                    "["
                            + range.start()
                            + ", "
                            + range.end()
                            + ") is not within the usable space "
                            + usable
                            + "; nothing was touched");
        }
    }
}
