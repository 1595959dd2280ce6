package dev.outlay.server.engine;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.engine.VolumeRequest.DeviceSlice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Devices, and slices of devices, that a volume is to have: each checked against its label and
 * against what belongs to a volume already.
 *
 * @param taken the devices of each volume, by its name
 * @param unavailable volumes of which it is not known what they have
 */
record Slices(DevicePool pool, Map<String, List<VolumeDevice>> taken, Set<String> unavailable) {

    /**
     * The slice asked for as the volume will know it.
     *
     * @param blockSize of the volume in bytes; 0: that of the label
     */
    VolumeDevice of(DeviceSlice slice, int index, int blockSize)
            throws DeviceException, VolumeException {
        DeviceLabel label = pool.label(slice.path());
        refuseUnknownUse(slice.path(), label);
        ByteRange usable = label.usable();
        int block = blockSize != 0 ? blockSize : label.blockSizeBytes();
        long start = slice.start().orElse(Math.ceilDiv(usable.start(), block) * (long) block);
        long length = slice.length().orElse((usable.end() - start) / block * block);
        if (!ByteRange.isValid(start, length)
                || !usable.contains(ByteRange.ofLength(start, length))
                || !ByteRange.ofLength(start, length).isAligned(block)) {
            throw new VolumeException(
                    Reason.INVALID_ARGUMENT,
                    "slice of "
                            + length
                            + " bytes at "
                            + start
                            + " of "
                            + slice.path()
                            + " must lie within its usable bytes "
                            + usable
                            + ", in whole blocks of "
                            + block);
        }
        if (block % label.blockSizeBytes() != 0) {
            throw new VolumeException(
                    Reason.INVALID_ARGUMENT,
                    "the volume's blocks of "
                            + block
                            + " bytes must be whole blocks of device "
                            + slice.path()
                            + ", which has "
                            + label.blockSizeBytes());
        }
        VolumeDevice device =
                new VolumeDevice(
                        index,
                        label.device(),
                        label.incarnation(),
                        label.sizeBytes(),
                        start,
                        length,
                        slice.path().toAbsolutePath().normalize().toString(),
                        label.coherent());
        for (Map.Entry<String, List<VolumeDevice>> other : taken.entrySet()) {
            refuseOverlap(device, other.getValue(), other.getKey());
        }
        return device;
    }

    /** What lies on a device of a volume that cannot be opened is not known. */
    private void refuseUnknownUse(Path path, DeviceLabel label) throws VolumeException {
        if (!unavailable.isEmpty() && label.isOwned()) {
            throw new VolumeException(
                    Reason.DEVICE_MISMATCH,
                    path
                            + " is in use by this server, and may belong to volume '"
                            + unavailable.iterator().next()
                            + "', which is unavailable; mend that volume first, or name a device"
                            + " that is not in use");
        }
    }

    private static void refuseOverlap(VolumeDevice device, List<VolumeDevice> others, String volume)
            throws VolumeException {
        for (VolumeDevice other : others) {
            if (other.uuid().equals(device.uuid())
                    && new DeviceRange(0, other.startBytes(), other.lengthBytes())
                            .overlaps(
                                    new DeviceRange(
                                            0, device.startBytes(), device.lengthBytes()))) {
                throw new VolumeException(
                        Reason.ALREADY_EXISTS,
                        "bytes "
                                + device.startBytes()
                                + " to "
                                + (device.startBytes() + device.lengthBytes())
                                + " of "
                                + device.path()
                                + " belong to volume '"
                                + volume
                                + "'; name another device or slice");
            }
        }
    }
}
