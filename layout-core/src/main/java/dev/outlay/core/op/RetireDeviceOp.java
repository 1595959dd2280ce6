package dev.outlay.core.op;

import dev.outlay.core.command.Command.RecallLayouts;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.DeviceUse;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * RetireDevice: none of its blocks is handed out from now on, and what clients hold there is
 * recalled. {@link EvacuateDeviceOp} does the rest. Repeated, it changes nothing.
 */
final class RetireDeviceOp {

    private RetireDeviceOp() {}

    static Decision decide(VolumeTables tables, int index) {
        VolumeDevice device = tables.device(index);
        if (device == null) {
            throw new Refusal(
                    Reason.NOT_FOUND,
                    "the volume has no device "
                            + index
                            + "; it has "
                            + tables.devices().stream().map(VolumeDevice::index).toList());
        }
        if (tables.isRetiring(index)) {
            return Decision.answer(new Reply.Done());
        }
        long staying = tables.devices().stream().filter(d -> !tables.isRetiring(d.index())).count();
        if (staying == 1) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "device " + index + " is the only one that the volume would have left");
        }
        DeviceUse use = use(tables, device);
        long toMove = use.usedBytes() - use.quarantinedBytes();
        long room = tables.free().freeBytes() - tables.free().freeBytesOn(index);
        if (toMove > room) {
            throw new Refusal(
                    Reason.NO_SPACE,
                    toMove
                            + " bytes lie on device "
                            + index
                            + ", and only "
                            + room
                            + " are free on the others; add a device first");
        }
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact.DeviceRetiring(index));
        Decision recall =
                Recalls.begin(
                        tables,
                        new RecallLayouts(new RecallScope.Device(index), Optional.empty(), false));
        facts.addAll(recall.facts());
        return Decision.answer(facts, new Reply.Done()).with(recall.notices());
    }

    /** ReleaseDevice: the label of a device that has left is in order, nothing is owed to it. */
    static Decision release(VolumeTables tables, int index) {
        boolean leaves = tables.leaving().stream().anyMatch(d -> d.index() == index);
        return Decision.answer(
                leaves ? List.of(new Fact.DeviceReleased(index)) : List.of(), new Reply.Done());
    }

    /** ListDeviceUse. */
    static Reply uses(VolumeTables tables) {
        return new Reply.DeviceUses(
                tables.devices().stream().map(device -> use(tables, device)).toList(),
                tables.nextDevice(),
                List.copyOf(tables.leaving()));
    }

    private static DeviceUse use(VolumeTables tables, VolumeDevice device) {
        long quarantined =
                tables.quarantine().entries().stream()
                        .filter(e -> e.range().device() == device.index() && !e.held().mapped())
                        .map(Quarantine.Entry::range)
                        .mapToLong(range -> range.length())
                        .sum();
        return new DeviceUse(
                device,
                tables.isRetiring(device.index()),
                device.lengthBytes() - tables.free().freeBytesOn(device.index()),
                quarantined);
    }
}
