package dev.outlay.server.sim;

import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.DeviceView;
import dev.outlay.server.sim.Picture.FileView;

/**
 * I21: the counts of all block states sum to the total, always; with no clients left and quarantine
 * proven, granted = pending = reserved = 0.
 *
 * <p>After each batch the blocks of the picture are counted by state and held against the counts
 * that the volume keeps. What is left at the end of the run is looked at there.
 */
final class I21Counts implements Invariant {

    private final World world;

    I21Counts(World world) {
        this.world = world;
    }

    @Override
    public void batch(Picture before, Picture now) {
        long[] blocks = new long[7];
        for (DeviceView device : now.devices()) {
            int first = Picture.place(device.index(), device.startBytes());
            int count = (int) (device.lengthBytes() / SimServer.BLOCK);
            blocks[6] += count;
            for (int place = first; place < first + count; place++) {
                blocks[state(now, place)]++;
            }
        }
        SpaceUse kept = now.space();
        long[] counts = {
            kept.free(),
            kept.reserved(),
            kept.granted(),
            kept.mapped(),
            kept.pending(),
            kept.quarantined(),
            kept.total()
        };
        long sum = 0;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] != blocks[i] * SimServer.BLOCK) {
                world.violated("I21", "the counts say " + kept + ", and of some there are others");
                return;
            }
            sum += i == 6 ? 0 : counts[i];
        }
        if (sum != kept.total()) {
            world.violated("I21", "the counts do not sum to the total: " + kept);
        }
    }

    private static int state(Picture now, int place) {
        return switch (now.claims()[place]) {
            case Picture.FREE -> 0;
            case Picture.RESERVED -> 1;
            case Picture.QUARANTINED -> 5;
            default -> stateInFile(now, now.blocks()[place], place);
        };
    }

    private static int stateInFile(Picture now, Block block, int place) {
        FileView file = now.files().get(block.file());
        if (file == null) {
            return 3;
        }
        boolean pending =
                file.removing()
                        && block.others().stream().allMatch(use -> now.isRemoving(use.file()));
        boolean granted =
                file.besides(block.index()) == place
                        || (!file.isWritten(block.index()) && !file.kept()[(int) block.index()]);
        return pending ? 4 : granted ? 2 : 3;
    }
}
