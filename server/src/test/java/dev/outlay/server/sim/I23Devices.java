package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.DeviceView;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.Extent;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * I23: no device changes incarnation (but by force) or leaves while a grant refers to it.
 *
 * <p>From picture to picture a device keeps its incarnation and its place in the volume; it is
 * emptied only if the operator asks for that, and once it is, nothing that is free on it is given
 * to anybody. When it is gone, no client holds what it was told on it, and its index never comes
 * back. A commit is answered only if it names the incarnation that the volume means, and addresses
 * that clients are told lie on devices of the volume.
 */
final class I23Devices implements Invariant {

    private final World world;
    private final Told told;
    private final Leases leases;
    private final IntPredicate mayLeave;
    private List<DeviceView> devices = List.of();
    private final Set<Integer> gone = new HashSet<>();
    private boolean serverDied;

    /**
     * @param mayLeave which device the operator has asked to be emptied
     */
    I23Devices(World world, Told told, Leases leases, IntPredicate mayLeave) {
        this.world = world;
        this.told = told;
        this.leases = leases;
        this.mayLeave = mayLeave;
    }

    @Override
    public void serverDied() {
        serverDied = true;
    }

    @Override
    public void batch(Picture before, Picture now) {
        devices = now.devices();
        boolean isAfterCrash = serverDied;
        serverDied = false;
        for (DeviceView was : before.devices()) {
            if (was.retiring()) {
                checkNothingHandedOut(before, now, was);
                reached(now, was, isAfterCrash);
            }
        }
        if (!devices.equals(before.devices())) {
            before.devices().forEach(this::checkChange);
            checkNew(before);
        }
    }

    /** A block of a device on its way out is free, or what it was. */
    private void checkNothingHandedOut(Picture before, Picture now, DeviceView device) {
        int first = Picture.place(device.index(), device.startBytes());
        int end = first + (int) (device.lengthBytes() / SimServer.BLOCK);
        for (int place = first; place < end; place++) {
            if (before.claims()[place] == Picture.FREE
                    && now.claims()[place] != Picture.FREE
                    && find(device.index()).isPresent()) {
                world.violated(
                        "I23",
                        "block "
                                + place
                                + " of device "
                                + device.index()
                                + " was free, and is handed out although the device is to leave: "
                                + now.blocks()[place]);
            }
        }
    }

    private void checkChange(DeviceView was) {
        Optional<DeviceView> is = find(was.index());
        if (is.isEmpty()) {
            checkLeft(was);
        } else if (!is.get().equals(was) && !(is.get().equals(leaving(was)) && mayLeave(was))) {
            world.violated("I23", "a device has changed from " + was + " to " + is.get());
        }
    }

    private boolean mayLeave(DeviceView device) {
        return mayLeave.test(device.index());
    }

    private static DeviceView leaving(DeviceView was) {
        return new DeviceView(
                was.index(), was.incarnation(), was.startBytes(), was.lengthBytes(), true);
    }

    private void checkLeft(DeviceView was) {
        world.reach(Probe.DEVICE_RETIRED);
        gone.add(was.index());
        if (!mayLeave(was)) {
            world.violated("I23", "nobody has asked for it, and " + was + " has left");
        }
        told.holdings()
                .forEach(
                        (client, file, index, hold) -> {
                            // A READ grant that nobody maps ends with the lease, without a proof.
                            boolean stands = hold.write() || hold.mapped() || leases.isLive(client);
                            if (stands && was.has(hold.place()) && !told.mayBeGone(client, file)) {
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

    private void checkNew(Picture before) {
        for (DeviceView is : devices) {
            boolean isNew = before.devices().stream().noneMatch(was -> was.index() == is.index());
            if (isNew && gone.contains(is.index())) {
                world.violated("I23", "a device has the index of one that has left: " + is);
            } else if (isNew && is.incarnation() > 1) {
                world.reach(Probe.DEVICE_BACK_IN_ANOTHER_LIFE);
            }
        }
    }

    /** What keeps a device that is to leave. */
    private void reached(Picture now, DeviceView device, boolean isAfterCrash) {
        if (find(device.index()).isEmpty()) {
            return;
        }
        if (isAfterCrash) {
            world.reach(Probe.RETIRING_OVER_A_CRASH);
        }
        int late = 0;
        int granted = 0;
        int others = 0;
        int first = Picture.place(device.index(), device.startBytes());
        int end = first + (int) (device.lengthBytes() / SimServer.BLOCK);
        for (int place = first; place < end; place++) {
            Block block = now.blocks()[place];
            if (now.claims()[place] == Picture.FREE) {
                continue;
            }
            if (!block.writers().isEmpty()) {
                granted++;
            } else if (now.claims()[place] == Picture.QUARANTINED) {
                late++;
            } else {
                others++;
            }
        }
        if (late > 0 && granted + others == 0) {
            world.reach(Probe.RETIRING_WAITS_FOR_A_PROOF);
        } else if (granted > 0) {
            world.reach(Probe.RETIRING_WHILE_WRITTEN);
        } else if ((long) others * SimServer.BLOCK > now.space().free() - freeOn(now)) {
            world.reach(Probe.RETIRING_WITHOUT_ROOM);
        }
    }

    /** Free bytes that nobody is given, on devices that are to leave. */
    private static long freeOn(Picture now) {
        long blocks = 0;
        for (int place = 0; place < now.claims().length; place++) {
            if (now.claims()[place] == Picture.FREE
                    && now.device(place).filter(DeviceView::retiring).isPresent()) {
                blocks++;
            }
        }
        return blocks * SimServer.BLOCK;
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
            List<Extent> extents = reply.getMapBlocks().getExtentsList();
            for (Extent extent : extents) {
                if (extent.hasDeviceOffset()
                        && find(extent.getDevice())
                                .filter(device -> contains(device, extent))
                                .isEmpty()) {
                    world.violated(
                            "I23", "an answer names what no device of the volume has: " + extent);
                }
            }
            if (extents.stream()
                            .filter(Extent::hasDeviceOffset)
                            .mapToInt(Extent::getDevice)
                            .distinct()
                            .count()
                    > 1) {
                world.reach(Probe.EXTENTS_OF_SEVERAL_DEVICES);
            }
        }
    }

    private static boolean contains(DeviceView device, Extent extent) {
        return extent.getDeviceOffset() >= device.startBytes()
                && extent.getDeviceOffset() + extent.getLength()
                        <= device.startBytes() + device.lengthBytes();
    }
}
