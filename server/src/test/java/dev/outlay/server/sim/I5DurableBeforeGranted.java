package dev.outlay.server.sim;

import dev.outlay.server.sim.Holdings.Hold;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * I5: a client learns of an RW extent only after allocation and grant are durable.
 *
 * <p>Whatever clients were told to hold RW, as replies left the server, is at once and after every
 * batch - the first one after a crash above all - theirs in the volume, at the same place of the
 * device, or in quarantine in their name, until they give it back. And now and then the journal's
 * disk is copied as a crash would leave it, and read back: that is the volume as it is.
 */
final class I5DurableBeforeGranted implements Invariant {

    /** So many batches lie between two looks at the disk. */
    private static final int BATCHES_PER_LOOK = 512;

    private final World world;
    private final Asked asked;
    private final Told told;
    private final Supplier<Optional<byte[][]>> images;
    private Picture picture;
    private int batches;

    /**
     * @param images the volume as it runs, and as a crash would leave it
     */
    I5DurableBeforeGranted(
            World world, Asked asked, Told told, int blocks, Supplier<Optional<byte[][]>> images) {
        this.world = world;
        this.asked = asked;
        this.told = told;
        this.images = images;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasMapBlocks() && !asked.isBlind()) {
            long file = request.getMapBlocks().getFileId();
            told.holdings()
                    .of(client, file)
                    .forEach((index, hold) -> check(client, file, index, hold));
        }
    }

    @Override
    public void serverDied() {
        // The next picture is the one of the server after it.
        batches = 0;
        world.reach(Probe.HELD_OVER_A_CRASH);
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        told.holdings().forEach(this::check);
        if (batches++ % BATCHES_PER_LOOK == BATCHES_PER_LOOK / 2) {
            images.get().ifPresent(this::compare);
        }
    }

    private void check(long client, long file, long index, Hold hold) {
        if (!hold.write() || hold.place() < 0) {
            return;
        }
        Block block = picture.blocks()[hold.place()];
        boolean held =
                (block.isIn(file, index) && block.writers().contains(client))
                        || picture.isBehindCopy(client, file, index, hold.place());
        if (held || block.late().contains(client) || told.mayBeGone(client, file)) {
            return;
        }
        world.violated(
                "I5",
                "client "
                        + Long.toHexString(client)
                        + " was told that it holds block "
                        + index
                        + " of file "
                        + file
                        + " RW as "
                        + hold
                        + " at block "
                        + hold.place()
                        + " of the device, which is "
                        + block);
    }

    private void compare(byte[][] both) {
        world.reach(Probe.DISK_READ_BACK);
        if (!Arrays.equals(both[0], both[1])) {
            world.violated("I5", "a crash now would leave another volume than the one that runs");
        }
    }
}
