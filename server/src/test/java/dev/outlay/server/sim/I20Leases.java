package dev.outlay.server.sim;

import dev.outlay.core.value.EndCause;
import dev.outlay.server.sim.Picture.ClientView;
import java.util.Map;

/**
 * I20: the client stops at (send time of the last answered renewal + lease - margin); the server
 * acts at (receipt + lease + max I/O).
 *
 * <p>Each store is held against the lease as it follows from messages: one that lands later than
 * the lease and the longest I/O is that of a process which was stopped in its middle. And no client
 * lapses or expires in the volume before the time has passed since the server received what it
 * answered as a renewal, or since it was started.
 */
final class I20Leases implements Invariant {

    private static final long MAX_IO_NANOS = SimServer.MAX_IO_MILLIS * 1_000_000;

    private final World world;
    private final Asked asked;
    private final Leases leases;

    I20Leases(World world, Asked asked, Leases leases) {
        this.world = world;
        this.asked = asked;
        this.leases = leases;
    }

    /** A client stores. */
    void stores(long client) {
        long end = leases.clientEndsNanos(client);
        if (world.nanos() <= end) {
            return;
        }
        world.count("I20 store after the lease");
        SimProcess process = leases.processOf(client);
        long wentOn = process == null ? 0 : process.wentOnNanos();
        if (world.nanos() > Math.max(end, wentOn) + MAX_IO_NANOS) {
            world.violated(
                    "I20",
                    "client "
                            + Long.toHexString(client)
                            + " stores "
                            + (world.nanos() - end) / 1_000
                            + " us after its lease, and was not stopped in the middle of a store");
        }
    }

    @Override
    public void batch(Picture before, Picture now) {
        for (Map.Entry<Long, ClientView> each : now.clients().entrySet()) {
            ClientView was = before.clients().get(each.getKey());
            if (was == null || isOver(was) || !isOver(each.getValue())) {
                continue;
            }
            long client = each.getKey();
            world.reach(Probe.LEASE_OVER);
            if (world.nanos() < leases.serverMayActNanos(client)
                    && !leases.mayBeFoundOver(client)
                    && !asked.isProven(client)) {
                world.violated(
                        "I20",
                        "client "
                                + Long.toHexString(client)
                                + " is "
                                + each.getValue()
                                + " "
                                + (leases.serverMayActNanos(client) - world.nanos()) / 1_000
                                + " us before the server may say so");
            }
        }
    }

    private static boolean isOver(ClientView client) {
        return client.lapsed() || client.ended().filter(EndCause.EXPIRED::equals).isPresent();
    }
}
