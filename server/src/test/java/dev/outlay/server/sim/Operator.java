package dev.outlay.server.sim;

import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.sim.Script.Act;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Who looks after the devices of the volume while clients work: gives it one more, has one emptied,
 * and now and then pulls a cable, so that some hosts do not reach a device for a while.
 */
final class Operator {

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int MOST_LESS_BLOCKS = 3;
    private static final int CLIENT_HOSTS = 2;

    private final World world;
    private final SimServer server;
    private final SharedMemory memory;
    private final Set<Integer> retired = new HashSet<>();
    private boolean calm;

    Operator(World world, SimServer server, SharedMemory memory) {
        this.world = world;
        this.server = server;
        this.memory = memory;
    }

    void act(Act act) {
        SplittableRandom dice = new SplittableRandom(act.seed());
        world.tell("operator: ", act.deed());
        world.count("operator", act.deed());
        switch (act.deed()) {
            case RETIRE -> retire(dice);
            case ADD -> add(dice);
            case CUT -> cut(dice);
        }
    }

    /** Whether a device was ever to leave. */
    boolean hasRetired(int index) {
        return retired.contains(index);
    }

    /** All cables are in from now on. */
    void calmDown() {
        calm = true;
        for (int host = SimServer.HOST; host <= SimServer.HOST + CLIENT_HOSTS; host++) {
            for (int unit = 0; unit < Units.COUNT; unit++) {
                memory.reach(host, unit, true);
            }
        }
    }

    /** Mostly the oldest device, whose memory is the next one's, goes first. */
    private void retire(SplittableRandom dice) {
        List<VolumeDevice> staying = new ArrayList<>();
        server.look(
                state ->
                        state.tables().devices().stream()
                                .filter(d -> !state.tables().isRetiring(d.index()))
                                .forEach(staying::add));
        if (staying.isEmpty()) {
            return;
        }
        VolumeDevice device = staying.get(dice.nextInt(3) > 0 ? 0 : dice.nextInt(staying.size()));
        retired.add(device.index());
        server.retire(device, reply -> retiring(device, reply));
    }

    private void retiring(VolumeDevice device, Reply reply) {
        world.tell("device ", device.index(), " is to leave: ", reply);
        if (reply instanceof Reply.Failure failure) {
            if (failure.reason() == Reason.NO_SPACE) {
                world.reach(Probe.RETIRE_WITHOUT_ROOM);
            } else if (failure.reason() == Reason.INVALID_ARGUMENT) {
                world.reach(Probe.RETIRE_OF_THE_LAST);
            }
        }
    }

    private void add(SplittableRandom dice) {
        boolean begun =
                server.add(
                        dice.nextInt(MOST_LESS_BLOCKS),
                        reply -> {
                            world.tell("a device is to join: ", reply);
                            if (reply instanceof Reply.Done) {
                                world.reach(Probe.DEVICE_ADDED);
                            }
                        });
        if (!begun) {
            world.count("no unit for one more device");
        }
    }

    private void cut(SplittableRandom dice) {
        if (calm) {
            return;
        }
        int unit = dice.nextInt(Units.COUNT);
        List<Integer> hosts =
                dice.nextBoolean()
                        ? List.of(SimServer.HOST, SimServer.HOST + 1, SimServer.HOST + 2)
                        : List.of(SimServer.HOST + dice.nextInt(CLIENT_HOSTS + 1));
        hosts.forEach(host -> memory.reach(host, unit, false));
        world.tell("hosts ", hosts, " do not reach unit ", unit);
        world.after(
                dice.nextLong(3 * SimServer.LEASE_MILLIS * NANOS_PER_MILLI),
                () -> hosts.forEach(host -> memory.reach(host, unit, true)));
    }
}
