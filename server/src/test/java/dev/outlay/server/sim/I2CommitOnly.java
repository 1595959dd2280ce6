package dev.outlay.server.sim;

import dev.outlay.core.value.ExtentState;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.FileView;
import java.util.Optional;

/**
 * I2, I3, I6: a block becomes part of a file's bytes only by a commit that is under way, of a
 * client that held it RW, and holds what that client stored since it was allocated, durably; it
 * ceases to be only where somebody asks for that.
 */
final class I2CommitOnly implements Invariant {

    private final World world;
    private final SharedMemory memory;
    private final Asked asked;
    private final Tags tags;

    /** When each block of the device was last allocated. */
    private final long[] allocatedNanos;

    I2CommitOnly(World world, SharedMemory memory, Asked asked, Tags tags, int blocks) {
        this.world = world;
        this.memory = memory;
        this.asked = asked;
        this.tags = tags;
        this.allocatedNanos = new long[blocks];
    }

    @Override
    public void batch(Picture before, Picture now) {
        for (int place = 0; place < now.blocks().length; place++) {
            Block was = before.blocks()[place];
            Block is = now.blocks()[place];
            if (is.state() != null && !was.isIn(is.file(), is.index())) {
                allocatedNanos[place] = world.nanos();
            }
            boolean wasWritten = was.state() == ExtentState.WRITTEN;
            boolean isWritten = is.state() == ExtentState.WRITTEN;
            boolean moved = !was.isIn(is.file(), is.index());
            if (isWritten && (!wasWritten || moved)) {
                if (isMove(before, now, is)) {
                    world.reach(Probe.BLOCK_RELOCATED);
                    checkWords(place, is, Optional.empty());
                } else {
                    exposed(before, place, is);
                }
            }
            if (wasWritten && (!isWritten || moved)) {
                taken(before, now, was);
            }
        }
    }

    /**
     * Whether the block was written elsewhere, and somebody may still store late there, or the
     * server was at work on the file: a proof may come while it copies, and blocks of which a
     * request zeroes a part move together.
     */
    private static boolean isMove(Picture before, Picture now, Block is) {
        FileView file = before.files().get(is.file());
        return file != null
                && file.isWritten(is.index())
                && (!now.blocks()[file.place(is.index())].late().isEmpty() || file.working());
    }

    private void exposed(Picture before, int place, Block is) {
        String where = "block " + is.index() + " of file " + is.file();
        Optional<Asked.Ask> commit =
                asked.commit(is.file(), is.index(), place, before.blocks()[place].writers());
        if (commit.isEmpty()) {
            world.violated("I2", where + " became written and nobody commits it");
            return;
        }
        long client = commit.get().client();
        if (!before.blocks()[place].isIn(is.file(), is.index())
                || !before.blocks()[place].writers().contains(client)) {
            world.violated(
                    "I3",
                    where
                            + " was committed by client "
                            + Long.toHexString(client)
                            + ", which held no RW there");
        }
        checkWords(place, is, Optional.of(client));
    }

    /** What the block holds belongs there, and is durable. */
    private void checkWords(int place, Block is, Optional<Long> by) {
        String where = "block " + is.index() + " of file " + is.file();
        long start = (long) place * SimServer.BLOCK;
        if (!memory.isDurable(start, SimServer.BLOCK)) {
            world.violated("I6", where + " became written and is not durable");
        }
        for (int i = 0; i < Contents.WORDS_PER_BLOCK; i++) {
            long word = memory.word(start + (long) i * Contents.WORD);
            String problem =
                    tags.problem(word, is.file(), is.index() * Contents.WORDS_PER_BLOCK + i);
            if (problem.isEmpty() && word != 0 && by.isPresent()) {
                Tags.Write write = tags.of(word);
                if (write.client() != by.get()) {
                    problem = "what another client wrote, " + Tags.name(word);
                } else if (write.endNanos() < allocatedNanos[place]) {
                    problem = "what was there before it was allocated, " + Tags.name(word);
                }
            }
            if (!problem.isEmpty()) {
                world.violated("I1", where + " became written and shows " + problem);
                return;
            }
        }
    }

    private void taken(Picture before, Picture now, Block was) {
        FileView file = before.files().get(was.file());
        FileView after = now.files().get(was.file());
        if (after != null && after.isWritten(was.index())) {
            return;
        }
        if (file != null && !file.removing() && !asked.takes(file, was.index())) {
            world.violated(
                    "I6",
                    "committed block "
                            + was.index()
                            + " of file "
                            + was.file()
                            + " is gone and nobody asked for that");
        }
    }
}
