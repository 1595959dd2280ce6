package dev.outlay.server.sim;

import dev.outlay.core.value.Stateid;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;

/**
 * I11: seqids rise by one; replies and recalls apply in that order.
 *
 * <p>From picture to picture: the seqid of a layout only rises, and it has risen where what is held
 * differs.
 */
record I11Sequence(World world) implements Invariant {

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old == null || now.inGrace() || before.inGrace()) {
                continue;
            }
            file.layouts()
                    .forEach(
                            (client, layout) -> {
                                LayoutView was = old.layouts().get(client);
                                if (was != null
                                        && was.idHigh() == layout.idHigh()
                                        && was.idLow() == layout.idLow()
                                        && (was.seqid() == layout.seqid()
                                                ? !was.holdsAsMuchAs(layout)
                                                : !Stateid.isAfter(layout.seqid(), was.seqid()))) {
                                    world.violated(
                                            "I11",
                                            "the seqid of client "
                                                    + Long.toHexString(client)
                                                    + " on file "
                                                    + file.id()
                                                    + " went from "
                                                    + was.seqid()
                                                    + " to "
                                                    + layout.seqid());
                                }
                            });
        }
    }
}
