package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.DeviceView;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.Extent;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.List;
import java.util.Optional;

/**
 * I23: no device changes incarnation (but by force) or leaves while a grant refers to it.
 *
 * <p>From picture to picture a device keeps its incarnation and its place in the volume; when it is
 * gone, no client holds what it was told on it. A commit is answered only if it names the
 * incarnation that the volume means, and addresses that clients are told lie on devices of the
 * volume.
 */
final class I23Devices implements Invariant {

    private final World world;
    private final Told told;
    private List<DeviceView> devices = List.of();

    I23Devices(World world, Told told) {
        this.world = world;
        this.told = told;
    }

    @Override
    public void batch(Picture before, Picture now) {
        devices = now.devices();
        if (devices.equals(before.devices())) {
            return;
        }
        for (DeviceView was : before.devices()) {
            Optional<DeviceView> is = find(was.index());
            if (is.isPresent() && !is.get().equals(was)) {
                world.violated("I23", "a device has changed from " + was + " to " + is.get());
            } else if (is.isEmpty()) {
                world.count("I23 device has left");
                told.holdings()
                        .forEach(
                                (client, file, index, hold) -> {
                                    if (lies(was, hold.place()) && !told.mayBeGone(client, file)) {
                                        world.violated(
                                                "I23",
                                                "device "
                                                        + was
                                                        + " has left while client "
                                                        + Long.toHexString(client)
                                                        + " holds block "
                                                        + index
                                                        + " of file "
                                                        + file
                                                        + " on it");
                                    }
                                });
            }
        }
    }

    private static boolean lies(DeviceView device, int place) {
        int first = Picture.place(device.index(), device.startBytes());
        return place >= first && place < first + device.lengthBytes() / SimServer.BLOCK;
    }

    private Optional<DeviceView> find(int index) {
        return devices.stream().filter(device -> device.index() == index).findFirst();
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasCommitBlocks()) {
            for (DeviceIncarnation named : request.getCommitBlocks().getDevicesList()) {
                Optional<DeviceView> device = find(named.getDevice());
                if (device.isPresent() && device.get().incarnation() != named.getIncarnation()) {
                    world.violated(
                            "I23",
                            "a commit for incarnation "
                                    + named.getIncarnation()
                                    + " was taken on "
                                    + device.get());
                }
            }
        } else if (reply.hasMapBlocks()) {
            for (Extent extent : reply.getMapBlocks().getExtentsList()) {
                if (extent.hasDeviceOffset()
                        && find(extent.getDevice())
                                .filter(device -> contains(device, extent))
                                .isEmpty()) {
                    world.violated(
                            "I23", "an answer names what no device of the volume has: " + extent);
                }
            }
        }
    }

    private static boolean contains(DeviceView device, Extent extent) {
        return extent.getDeviceOffset() >= device.startBytes()
                && extent.getDeviceOffset() + extent.getLength()
                        <= device.startBytes() + device.lengthBytes();
    }
}
