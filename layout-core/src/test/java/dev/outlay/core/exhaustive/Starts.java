package dev.outlay.core.exhaustive;

import dev.outlay.core.exhaustive.Step.Kind;

/** The files that sequences begin with. */
final class Starts {

    private Starts() {}

    /** A file without a byte. */
    static World empty() {
        return settled(new World());
    }

    /** Two blocks, both written to their ends, held by nobody. */
    static World written() {
        World world = new World();
        write(world, 0);
        write(world, 1);
        world.step(new Step(Kind.TRUNCATE, 0, 2));
        fill(world);
        return settled(world);
    }

    /** The first block is written, the second is a hole inside the file. */
    static World hole() {
        World world = written();
        world.step(new Step(Kind.PUNCH, 0, 1));
        return settled(world);
    }

    /** One client may store into both written blocks. */
    static World held() {
        World world = written();
        world.step(new Step(Kind.MAP_RW, 0, 0));
        world.step(new Step(Kind.MAP_RW, 0, 1));
        return settled(world);
    }

    /** One client may store into two blocks that hold what their last owner left. */
    static World unwritten() {
        World world = new World();
        world.step(new Step(Kind.MAP_RW, 0, 0));
        world.step(new Step(Kind.MAP_RW, 0, 1));
        return settled(world);
    }

    /** All that is held is durable, and no recall is open. */
    private static World settled(World world) {
        world.volume.settle();
        return world;
    }

    private static void write(World world, int block) {
        world.step(new Step(Kind.MAP_RW, 0, block));
        world.step(new Step(Kind.STORE, 0, block));
        world.step(new Step(Kind.COMMIT, 0, block));
        world.step(new Step(Kind.RETURN, 0, block));
    }

    /** In place, so that bytes are behind the middle of each block, too. */
    private static void fill(World world) {
        for (int block = 0; block < Expected.BLOCKS; block++) {
            while (!world.works().isEmpty()) {
                world.finishWork(0);
            }
            world.step(new Step(Kind.MAP_RW, 0, block));
            world.step(new Step(Kind.STORE, 0, block));
            world.step(new Step(Kind.RETURN, 0, block));
        }
    }
}
