package dev.outlay.core.op;

import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import java.util.List;

/** AddDevice: its blocks are free space of the volume from now on. */
final class AddDeviceOp {

    private AddDeviceOp() {}

    static Decision decide(VolumeTables tables, VolumeDevice device) {
        for (VolumeDevice other : tables.devices()) {
            boolean overlaps =
                    other.uuid().equals(device.uuid())
                            && other.startBytes() < device.startBytes() + device.lengthBytes()
                            && device.startBytes() < other.startBytes() + other.lengthBytes();
            if (other.index() == device.index() || overlaps) {
                throw new Refusal(
                        Reason.ALREADY_EXISTS,
                        "the volume has a device " + other.index() + " (" + other.uuid() + ")");
            }
        }
        if (device.index() >= 0 && device.index() < tables.nextDevice()) {
            throw new Refusal(
                    Reason.ALREADY_EXISTS,
                    "the volume had a device "
                            + device.index()
                            + ", and an index is never used again; the next one is "
                            + tables.nextDevice());
        }
        for (VolumeDevice left : tables.leaving()) {
            if (left.uuid().equals(device.uuid())) {
                throw new Refusal(
                        Reason.TRY_LATER,
                        "device "
                                + device.uuid()
                                + " has just left the volume and its label is about to be released;"
                                + " try again");
            }
        }
        boolean fits =
                device.index() >= 0
                        && device.index() <= DeviceRange.MAX_DEVICE
                        && ByteRange.isValid(device.startBytes(), device.lengthBytes())
                        && device.startBytes() + device.lengthBytes()
                                <= Math.min(device.sizeBytes(), DeviceRange.MAX_OFFSET)
                        && device.startBytes() % tables.blockSize() == 0
                        && device.lengthBytes() % tables.blockSize() == 0;
        if (!fits) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    device.lengthBytes()
                            + " bytes from "
                            + device.startBytes()
                            + " are not whole blocks of "
                            + tables.blockSize()
                            + " bytes inside device "
                            + device.path());
        }
        return Decision.answer(List.of(new Fact.DeviceAdded(device)), new Reply.Done());
    }
}
