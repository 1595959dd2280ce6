package dev.outlay.server.sim;

import java.nio.file.Path;

/**
 * Where the devices of a volume lie in the shared memory: each on one of a few units, in turn by
 * its index. An index is never used again, so the fourth device that a volume has ever had stands
 * on the memory of the first, formatted anew: what was left there is still there.
 *
 * <p>Blocks of all units are numbered together, so that a number names a block of the memory
 * whoever it belongs to, and under whichever index.
 */
final class Units {

    static final int COUNT = 3;

    /** More blocks than a unit has where a volume has several devices. */
    static final int STRIDE_BLOCKS = 50;

    private static final String PATH = "shared-memory";

    private Units() {}

    /** The unit that a device of the volume stands on. */
    static int of(int device) {
        return device % COUNT;
    }

    /** Where the bytes of a device begin in the memory. */
    static long base(int device) {
        return (long) of(device) * STRIDE_BLOCKS * SimServer.BLOCK;
    }

    /** The unit that a place of the memory is on. */
    static int at(int place) {
        return place / STRIDE_BLOCKS;
    }

    /** Under which name hosts find a unit. */
    static String path(int unit) {
        return unit == 0 ? PATH : PATH + "-" + unit;
    }

    /** The unit of that name. */
    static int at(Path path) {
        String name = path.toString();
        return name.equals(PATH) ? 0 : Integer.parseInt(name.substring(PATH.length() + 1));
    }
}
