package dev.outlay.server.sim;

import dev.outlay.core.value.ExtentState;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.DeviceView;

/**
 * I4: a physical block is in exactly one block state, and in more than one map only as SHARED,
 * never written in place.
 *
 * <p>After each batch every block of every device is looked up in free space, in the maps of all
 * files and beside them, in the work of the server and in quarantine: it is found once, and nothing
 * is found that lies on no device of the volume. What is in several maps is written in each of
 * them, and no store of a live writer lands there.
 */
final class I4OneState implements Invariant {

    private final World world;
    private Picture picture;

    I4OneState(World world, int blocks) {
        this.world = world;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        for (DeviceView device : now.devices()) {
            int first = Picture.place(device.index(), device.startBytes());
            int count = (int) (device.lengthBytes() / SimServer.BLOCK);
            for (int place = first; place < first + count; place++) {
                int claims = now.claims()[place];
                if (Integer.bitCount(claims) != 1) {
                    world.violated(
                            "I4",
                            "block "
                                    + place
                                    + " is in the states 0b"
                                    + Integer.toBinaryString(claims)
                                    + ": "
                                    + now.blocks()[place]);
                }
                Block block = now.blocks()[place];
                if (!block.others().isEmpty()) {
                    checkShared(now, place, block);
                }
            }
        }
        for (int place = 0; place < now.claims().length; place++) {
            if (now.claims()[place] != 0 && now.device(place).isEmpty()) {
                world.violated(
                        "I4", "block " + place + " is in use, and on no device of the volume");
            }
        }
    }

    private void checkShared(Picture now, int place, Block block) {
        world.count("I4 block in several maps");
        boolean writtenEverywhere =
                block.state() == ExtentState.WRITTEN
                        && block.others().stream().allMatch(now::isWritten);
        if (!writtenEverywhere || !block.writers().isEmpty()) {
            world.violated(
                    "I4", "block " + place + " is in several maps, and is no shared one: " + block);
        }
    }

    /** A client stores to a block. */
    void stores(long client, int place) {
        Block block = picture.blocks()[place];
        if (!block.others().isEmpty() && !block.late().contains(client)) {
            world.violated(
                    "I4",
                    "client "
                            + Long.toHexString(client)
                            + " stores in place to block "
                            + place
                            + ", which is in several maps: "
                            + block);
        }
    }
}
