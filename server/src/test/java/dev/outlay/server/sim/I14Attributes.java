package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import java.util.Arrays;

/**
 * I14, I16, I24: the size changes only as somebody asks, change counter and map epoch never fall,
 * and every change of the map raises the epoch.
 */
record I14Attributes(World world, Asked asked) implements Invariant {

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
            boolean visible =
                    file.size() != old.size() || !file.writtenBlocks().equals(old.writtenBlocks());
            if (file.changeCounter() < old.changeCounter()
                    || (visible
                            && !file.removing()
                            && file.changeCounter() == old.changeCounter())) {
                world.violated(
                        "I16",
                        where
                                + "change counter "
                                + old.changeCounter()
                                + " then "
                                + file.changeCounter()
                                + (visible ? ", and it was changed" : ""));
            }
            boolean mapChanged =
                    !Arrays.equals(file.places(), old.places())
                            || !Arrays.equals(file.written(), old.written());
            if (file.mapEpoch() < old.mapEpoch()
                    || (mapChanged && file.mapEpoch() == old.mapEpoch())) {
                world.violated(
                        "I24",
                        where
                                + "map epoch "
                                + old.mapEpoch()
                                + " then "
                                + file.mapEpoch()
                                + (mapChanged ? ", and its map was changed" : ""));
            }
        }
    }
}
