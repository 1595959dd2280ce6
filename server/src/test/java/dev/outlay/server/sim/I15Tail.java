package dev.outlay.server.sim;

import dev.outlay.core.value.ByteRange;
import dev.outlay.server.sim.Picture.FileView;

/**
 * I15: what lies past the end of file in its last block is zero while nobody holds that block RW
 * and no zeroing is under way there, unless somebody may still store there late.
 */
record I15Tail(World world, SharedMemory memory) implements Invariant {

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView file : now.files().values()) {
            long index = file.size() / SimServer.BLOCK;
            if (file.size() % SimServer.BLOCK == 0
                    || !file.isWritten(index)
                    || file.removing()
                    || file.working()) {
                continue;
            }
            ByteRange block = ByteRange.ofLength(index * SimServer.BLOCK, SimServer.BLOCK);
            boolean held =
                    file.layouts().values().stream().anyMatch(l -> l.write().overlaps(block))
                            || !now.blocks()[file.place(index)].late().isEmpty();
            if (held) {
                continue;
            }
            long start = (long) file.place(index) * SimServer.BLOCK;
            for (long at = file.size(); at < block.end(); at += Contents.WORD) {
                long word = memory.word(start + at - block.start());
                if (word != 0) {
                    world.violated(
                            "I15",
                            "file "
                                    + file.id()
                                    + " ends at "
                                    + file.size()
                                    + " and has "
                                    + Long.toHexString(word)
                                    + " on the device at "
                                    + at);
                    break;
                }
            }
        }
    }
}
