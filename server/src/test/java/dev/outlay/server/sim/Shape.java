package dev.outlay.server.sim;

import java.util.SplittableRandom;

/**
 * How large a run is: different for each seed, so that some are crowded and some are short of
 * space.
 *
 * @param files names that the programs use
 * @param blocks of the volume
 * @param fileBlocks of each file that the programs touch
 * @param operations steps of all programs together
 * @param stopsReaders whether a client that stops does so in the middle of a read, and goes on
 *     there before it hears what came meanwhile
 * @param isZeroed whether the server zeroes blocks before it hands them out
 * @param isAtomic whether programs open files so that what they write is seen at once
 * @param devices that the volume has at first; if there are several, they come and go
 * @param stripeBlocks so many blocks of a file lie on one device, then on the next; 0: linear
 */
record Shape(
        int clients,
        int files,
        int blocks,
        int fileBlocks,
        int operations,
        boolean stopsReaders,
        boolean isZeroed,
        boolean isAtomic,
        boolean overtakes,
        int devices,
        int stripeBlocks) {

    private static final int[] CLIENTS = {3, 3, 4, 4, 4, 5, 5, 5};

    private static final int ZEROED_ONE_IN = 6;

    private static final int SEVERAL_DEVICES_ONE_IN = 4;

    static Shape of(long seed, int operations) {
        SplittableRandom random = new SplittableRandom(seed ^ 0x54a9e54a9eL);
        int clients = CLIENTS[random.nextInt(CLIENTS.length)];
        int files = 1 + random.nextInt(1 + random.nextInt(3));
        int fileBlocks = 1 + random.nextInt(1 + random.nextInt(6));
        boolean isTight = random.nextInt(4) == 0;
        int blocks =
                isTight ? (files + 1) * fileBlocks + random.nextInt(8) : 40 + random.nextInt(24);
        boolean isZeroed = random.nextInt(ZEROED_ONE_IN) == 0;
        // With dice of its own: a seed without it does what it does where no program can.
        boolean isAtomic = new SplittableRandom(seed ^ 0xa70e1cL).nextBoolean();
        boolean overtakes = new SplittableRandom(seed ^ 0x07e27a4eL).nextBoolean();
        Shape shape =
                new Shape(
                        clients,
                        files,
                        blocks,
                        fileBlocks,
                        operations,
                        false,
                        isZeroed,
                        isAtomic,
                        overtakes,
                        1,
                        0);
        return shape.onSeveralDevices(new SplittableRandom(seed ^ 0xde71ceL));
    }

    /** With dice of its own: a seed with one device does what it does where no other has more. */
    private Shape onSeveralDevices(SplittableRandom random) {
        if (random.nextInt(SEVERAL_DEVICES_ONE_IN) > 0) {
            return this;
        }
        return new Shape(
                clients,
                files,
                blocks,
                fileBlocks,
                operations,
                stopsReaders,
                isZeroed,
                isAtomic,
                overtakes,
                2 + random.nextInt(2),
                random.nextInt(3));
    }

    boolean hasSeveralDevices() {
        return devices > 1;
    }

    /** The blocks of each device. */
    int deviceBlocks() {
        return Math.ceilDiv(blocks, devices);
    }

    /**
     * As crowded, but clients are stopped in reads alone, and often; and what leaves one file is
     * soon another's, since there is little more space than the files need.
     */
    Shape withStoppedReaders() {
        int several = Math.max(2, files);
        return new Shape(
                Math.max(3, clients),
                several,
                several * fileBlocks + 2,
                fileBlocks,
                operations,
                true,
                isZeroed,
                isAtomic,
                overtakes,
                devices,
                stripeBlocks);
    }
}
