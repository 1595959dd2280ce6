package dev.outlay.server.sim;

import dev.outlay.server.sim.Holdings.Hold;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import dev.outlay.v1.Request;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * I22: in grace nothing conflicts with a grant that may still be restated.
 *
 * <p>After a restart the grants for reading that clients were told of before, and have not given
 * back, may be restated until their client has re-attached or its time is over: until then nobody
 * else holds those blocks for writing, and none of them leaves its place in the file. And grace
 * does not end before that.
 */
final class I22Grace implements Invariant {

    private final World world;
    private final Told told;
    private final Leases leases;

    /** Clients that have not re-attached since the state was read back. */
    private final Set<Long> owing = new HashSet<>();

    private final Map<Long, Long> reattached = new HashMap<>();

    /** Clients that have said themselves that they end. */
    private final Set<Long> ending = new HashSet<>();

    private long lastBatchNanos;
    private boolean died;

    I22Grace(World world, Told told, Leases leases) {
        this.world = world;
        this.told = told;
        this.leases = leases;
    }

    @Override
    public void heard(long client, Request request) {
        if (request.hasReattach()) {
            owing.remove(client);
            reattached.put(client, world.nanos());
        } else if (request.hasEndClient()) {
            ending.add(client);
        }
    }

    @Override
    public void serverDied() {
        died = true;
    }

    @Override
    public void batch(Picture before, Picture now) {
        if (died || (now.inGrace() && !before.inGrace())) {
            died = false;
            owing.clear();
            for (long client : told.holdings().clients()) {
                // Who has come back since the last picture may have come back to this state.
                if (reattached.getOrDefault(client, 0L) <= lastBatchNanos) {
                    owing.add(client);
                }
            }
        }
        lastBatchNanos = world.nanos();
        owing.removeIf(client -> isOver(now, client));
        if (owing.isEmpty()) {
            return;
        }
        if (now.inGrace()) {
            for (long client : owing) {
                told.holdings()
                        .forEach(
                                client,
                                (_, file, index, hold) -> {
                                    if (!hold.write() && !told.mayBeGone(client, file)) {
                                        check(now, client, file, index, hold);
                                    }
                                });
            }
        } else if (before.inGrace()) {
            owing.forEach(client -> checkEnd(now, client));
        }
    }

    /**
     * Whether the client cannot restate anything: it has ended, by any cause. By its own word it
     * may before its lease is over, and without having re-attached (2; seed 24744).
     */
    private boolean isOver(Picture now, long client) {
        ClientView view = now.clients().get(client);
        return (view == null || view.ended().isPresent())
                && (ending.contains(client) || !leases.isLive(client));
    }

    private void check(Picture now, long client, long file, long index, Hold hold) {
        world.reach(Probe.MAY_BE_RESTATED);
        FileView view = now.files().get(file);
        String wrong = "";
        if (view == null) {
            wrong = "the file is gone";
        } else if (hold.place() >= 0
                && (view.place(index) != hold.place() || !view.isWritten(index))) {
            wrong = "the block has left its place " + hold.place();
        } else {
            dev.outlay.core.value.ByteRange block =
                    dev.outlay.core.value.ByteRange.ofLength(
                            index * SimServer.BLOCK, SimServer.BLOCK);
            for (var other : view.layouts().entrySet()) {
                LayoutView layout = other.getValue();
                if (other.getKey() != client
                        && layout.write().overlaps(block)
                        && !Sharing.bears(
                                now,
                                view,
                                index,
                                Sharing.How.READ,
                                layout.atomic().overlaps(block)
                                        ? Sharing.How.ATOMIC
                                        : Sharing.How.WRITE)) {
                    wrong = "client " + Long.toHexString(other.getKey()) + " holds it RW";
                }
            }
        }
        if (!wrong.isEmpty()) {
            world.violated(
                    "I22",
                    "client "
                            + Long.toHexString(client)
                            + " may still restate block "
                            + index
                            + " of file "
                            + file
                            + " READ, and "
                            + wrong);
        }
    }

    private void checkEnd(Picture now, long client) {
        world.count("I22 grace ended without a client");
        ClientView view = now.clients().get(client);
        if (leases.isLive(client) || (view != null && view.ended().isEmpty())) {
            world.violated(
                    "I22",
                    "grace has ended, and client "
                            + Long.toHexString(client)
                            + " has neither re-attached nor ended");
        }
    }
}
