package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.FileView;
import org.jspecify.annotations.Nullable;

/**
 * I7, I9: a block that a client held RW is nobody else's before that client itself has given it up
 * or its end is proven; otherwise it is in quarantine in its name. Of a pair, who gives up all of a
 * device gives up the block on another one with it.
 */
record I7Reuse(World world, Asked asked) implements Invariant {

    @Override
    public void batch(Picture before, Picture now) {
        for (int place = 0; place < now.blocks().length; place++) {
            Block was = before.blocks()[place];
            Block is = now.blocks()[place];
            for (long client : was.writers()) {
                if (!is.writers().contains(client) && !is.late().contains(client)) {
                    released(before, now, place, was, client);
                }
            }
            for (long client : was.late()) {
                if (!is.late().contains(client) && !asked.isProven(client)) {
                    world.violated(
                            "I7",
                            "block "
                                    + place
                                    + " left the quarantine of client "
                                    + Long.toHexString(client)
                                    + " without proof");
                }
            }
        }
    }

    private void released(Picture before, Picture now, int place, Block was, long client) {
        FileView file = before.files().get(was.file());
        if (now.isBehindCopy(client, was.file(), was.index(), place)) {
            return;
        }
        String name = file == null ? "" : file.name();
        if (!asked.gaveUp(client, was.file(), name, was.index(), place)
                && !asked.gaveUp(client, was.file(), name, was.index(), other(file, was, place))) {
            world.violated(
                    "I7",
                    "client "
                            + Long.toHexString(client)
                            + " held block "
                            + was.index()
                            + " of file "
                            + was.file()
                            + " RW and lost it, without its own word, a proof or a quarantine");
        }
    }

    /**
     * Of a pair, the block that the other one is to replace, or is to be replaced by: -1 if none.
     */
    private static int other(@Nullable FileView file, Block block, int place) {
        if (file == null) {
            return -1;
        }
        int copy = file.besides(block.index());
        return copy == place ? file.place(block.index()) : copy;
    }
}
