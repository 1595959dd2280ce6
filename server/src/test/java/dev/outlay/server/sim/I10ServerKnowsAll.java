package dev.outlay.server.sim;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.server.sim.Holdings.Hold;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import org.jspecify.annotations.Nullable;

/**
 * I10: the server's picture of a client's grants contains the client's own.
 *
 * <p>After each batch: what replies have brought to a client whose lease runs by its own clock,
 * less what it has sent back, is in the layouts of the volume. What it holds for reading may be
 * missing while it owes a re-attach: the server waits for it then.
 *
 * <p>Of a client that was superseded the server knows no grants, but blocks that nobody gets before
 * it is proven to be gone, which is I7's and I9's to look at. It may be superseded while its lease
 * runs: by the request of a process before it, which was killed while it opened a session, and
 * whose request comes late (seed 9790).
 */
final class I10ServerKnowsAll implements Invariant {

    private final World world;
    private final Believed believed;
    private final Leases leases;

    I10ServerKnowsAll(World world, Believed believed, Leases leases) {
        this.world = world;
        this.believed = believed;
        this.leases = leases;
    }

    @Override
    public void batch(Picture before, Picture now) {
        for (long client : believed.holdings().clients()) {
            if (leases.isLive(client) && !isSuperseded(now, client)) {
                boolean readsCount = !now.inGrace() && !believed.owes(client);
                believed.holdings()
                        .forEach(
                                client,
                                (_, file, index, hold) -> {
                                    if (hold.write() || hold.mapped() || readsCount) {
                                        check(now, client, file, index, hold);
                                    }
                                });
            }
        }
    }

    private static boolean isSuperseded(Picture now, long client) {
        ClientView view = now.clients().get(client);
        return view != null && view.ended().filter(EndCause.SUPERSEDED::equals).isPresent();
    }

    private void check(Picture now, long client, long file, long index, Hold hold) {
        FileView view = now.files().get(file);
        LayoutView layout = view == null ? null : view.layouts().get(client);
        if (isKnown(layout, index, hold) || believed.isTaking(client, file)) {
            return;
        }
        world.violated(
                "I10",
                "client "
                        + Long.toHexString(client)
                        + " holds block "
                        + index
                        + " of file "
                        + file
                        + (hold.write() ? " RW" : " READ")
                        + " and its lease runs, but the server knows only of "
                        + layout);
    }

    private static boolean isKnown(@Nullable LayoutView layout, long index, Hold hold) {
        if (layout == null) {
            return false;
        }
        ByteRange block = ByteRange.ofLength(index * SimServer.BLOCK, SimServer.BLOCK);
        RangeSet writes = layout.write();
        return writes.containsAll(block)
                || (!hold.write()
                        && (hold.mapped() ? layout.mapped() : layout.read()).containsAll(block));
    }
}
