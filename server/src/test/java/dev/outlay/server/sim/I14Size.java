package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;

/**
 * I14: size grows only by commit or explicit extension; bytes exposed by growth are committed or
 * zero.
 *
 * <p>From picture to picture: the size changes only to one that somebody asks for who has no answer
 * yet. What growth exposes is seen by reads (I1) and by what becomes written (I2).
 */
record I14Size(World world, Asked asked) implements Invariant {

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old == null) {
                continue;
            }
            String where = "file " + file.id() + ": ";
            if (file.size() != old.size() && !asked.resizes(file.id(), file.size())) {
                world.violated(
                        "I14",
                        where
                                + "its size went from "
                                + old.size()
                                + " to "
                                + file.size()
                                + " and nobody asked for that");
            }
        }
    }
}
