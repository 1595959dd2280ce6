package dev.outlay.server.sim;

import dev.outlay.core.value.ByteRange;
import dev.outlay.server.sim.Picture.ClientView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import dev.outlay.server.sim.Sharing.How;

/**
 * I9: a conflicting grant follows only a full return, "nothing held", or revocation with
 * quarantine.
 *
 * <p>From picture to picture: where a client holds a block for writing that it did not, or reads
 * beside what was written, whoever held it in a way that does not bear that has asked to give it up
 * and has no answer yet, is proven to have ended, or has lost its lease, by the server's clock and
 * by its own.
 */
final class I9ConflictFollows implements Invariant {

    private final World world;
    private final Asked asked;
    private final Leases leases;

    I9ConflictFollows(World world, Asked asked, Leases leases) {
        this.world = world;
        this.asked = asked;
        this.leases = leases;
    }

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old == null || old.layouts().isEmpty()) {
                continue;
            }
            file.layouts()
                    .forEach(
                            (client, layout) -> {
                                LayoutView had = old.layouts().get(client);
                                for (ByteRange range : layout.write().ranges()) {
                                    look(before, now, file, old, client, layout, had, range);
                                }
                                for (ByteRange range : layout.read().ranges()) {
                                    look(before, now, file, old, client, layout, had, range);
                                }
                            });
        }
    }

    private void look(
            Picture before,
            Picture now,
            FileView file,
            FileView old,
            long client,
            LayoutView layout,
            @org.jspecify.annotations.Nullable LayoutView had,
            ByteRange range) {
        boolean isWrite = layout.write().containsAll(range);
        if (had != null && (isWrite ? had.write() : had.read()).containsAll(range)) {
            return;
        }
        for (long at = range.start(); at < range.end(); at += SimServer.BLOCK) {
            ByteRange block = ByteRange.ofLength(at, SimServer.BLOCK);
            How how = how(layout, block);
            if (had != null && holds(had, block) && how(had, block) == how) {
                continue;
            }
            for (var each : old.layouts().entrySet()) {
                boolean conflicts =
                        each.getKey() != client
                                && holds(each.getValue(), block)
                                && !Sharing.bears(
                                        before,
                                        old,
                                        at / SimServer.BLOCK,
                                        how,
                                        how(each.getValue(), block));
                LayoutView has = file.layouts().get(each.getKey());
                if (conflicts && (has == null || !holds(has, block))) {
                    world.reach(Probe.CONFLICTING_GRANT);
                    checkGone(now, old, at / SimServer.BLOCK, each.getKey(), client);
                }
            }
        }
    }

    private static boolean holds(LayoutView layout, ByteRange block) {
        return layout.write().overlaps(block) || layout.read().overlaps(block);
    }

    private static How how(LayoutView layout, ByteRange block) {
        return layout.atomic().overlaps(block)
                ? How.ATOMIC
                : layout.write().overlaps(block) ? How.WRITE : How.READ;
    }

    private void checkGone(Picture now, FileView file, long index, long holder, long client) {
        ClientView view = now.clients().get(holder);
        boolean ended = view == null || view.ended().isPresent();
        if (ended && !leases.isLive(holder)) {
            world.count("I9 conflicting grant after a lease");
        } else if (!asked.gaveUp(holder, file.id(), file.name(), index, file.place(index))) {
            world.violated(
                    "I9",
                    "block "
                            + index
                            + " of file "
                            + file.id()
                            + " went from client "
                            + Long.toHexString(holder)
                            + " to client "
                            + Long.toHexString(client)
                            + ", and the first has neither given it up nor ended");
        }
    }
}
