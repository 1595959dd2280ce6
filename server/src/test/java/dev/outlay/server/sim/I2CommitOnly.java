package dev.outlay.server.sim;

import dev.outlay.core.value.ExtentState;
import dev.outlay.server.sim.Picture.Block;
import dev.outlay.server.sim.Picture.DeviceView;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.Owner;
import dev.outlay.v1.CloneRequest;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.WriteRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * I2, I3, I6: a block becomes part of a file's bytes only by a commit that is under way, of a
 * client that held it RW, and holds what that client stored since it was allocated, durably; by a
 * write through the server, and holds what was sent; by a clone, and is the source's block; or it
 * is moved, and holds what the file held. It ceases to be only where somebody asks for that.
 */
final class I2CommitOnly implements Invariant {

    private final World world;
    private final SharedMemory memory;
    private final Contents contents;
    private final Asked asked;
    private final Tags tags;

    /** When each block of the device was last allocated. */
    private final long[] allocatedNanos;

    private long serverDiedNanos = -1;

    /** The commit by which a block was replaced last, in this batch. */
    private Asked.@Nullable Ask swap;

    I2CommitOnly(
            World world,
            SharedMemory memory,
            Contents contents,
            Asked asked,
            Tags tags,
            int blocks) {
        this.world = world;
        this.contents = contents;
        this.memory = memory;
        this.asked = asked;
        this.tags = tags;
        this.allocatedNanos = new long[blocks];
    }

    @Override
    public void serverDied() {
        serverDiedNanos = world.nanos();
    }

    @Override
    public void batch(Picture before, Picture now) {
        swap = null;
        for (int place = 0; place < now.blocks().length; place++) {
            Block was = before.blocks()[place];
            Block is = now.blocks()[place];
            if (!is.owners().isEmpty() && !is.hasOwnerOf(was)) {
                allocatedNanos[place] = world.nanos();
            }
            for (Owner owner : is.owners()) {
                if (owner.isWritten() && !was.isWrittenIn(owner.file(), owner.index())) {
                    appeared(before, now, place, owner);
                }
            }
            for (Owner owner : was.owners()) {
                if (owner.isWritten() && !is.isWrittenIn(owner.file(), owner.index())) {
                    taken(before, now, owner);
                }
            }
        }
    }

    /** A block has become readable in a place of a file: whoever asked for that got just that. */
    private void appeared(Picture before, Picture now, int place, Owner is) {
        // What is granted, beside the map or in it, is filled by its holder alone.
        boolean move = before.blocks()[place].writers().isEmpty() && isMove(before, now, is);
        if (isCloned(before, now, place, is)) {
            world.count("block cloned");
        } else if (move && isUnchanged(before, place, is)) {
            // Not a write through the server that was answered long ago, unheard.
            world.reach(movedOff(before, is));
            checkDurable(place, is);
        } else if (isServerWrite(before, now, place, is)) {
            world.count("block written by the server");
        } else if (move) {
            world.count("block rewritten");
            checkMoved(before, place, is);
        } else {
            exposed(before, now, place, is);
        }
    }

    private static Probe movedOff(Picture before, Owner is) {
        FileView file = Objects.requireNonNull(before.files().get(is.file()));
        return before.device(file.place(is.index())).filter(DeviceView::retiring).isPresent()
                ? Probe.BLOCK_LEFT_A_DEVICE
                : Probe.BLOCK_RELOCATED;
    }

    /**
     * Whether the block is the one that the source of a clone has at that offset; if so, what it
     * holds is this file's own from now on.
     */
    private boolean isCloned(Picture before, Picture now, int place, Owner is) {
        boolean isNew = !before.files().containsKey(is.file());
        FileView file = Objects.requireNonNull(now.files().get(is.file()));
        for (CloneRequest clone : asked.clones(file, is.index(), isNew)) {
            long from =
                    is.index()
                            - clone.getDestinationOffset() / SimServer.BLOCK
                            + clone.getOffset() / SimServer.BLOCK;
            if (before.blocks()[place].isWrittenIn(clone.getSourceId(), from)
                    || now.blocks()[place].isWrittenIn(clone.getSourceId(), from)
                    || passed(before, place, clone.getSourceId(), from)) {
                tags.adopt(is.file(), is.index(), words(place));
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the block came into the source of a clone and left it again in one and the same
     * batch: by a write or a commit under way, or because it was moved.
     */
    private boolean passed(Picture before, int place, long source, long index) {
        FileView file = before.files().get(source);
        if (file == null || !asked.takes(file, index)) {
            return false;
        }
        Owner there = new Owner(source, index, ExtentState.WRITTEN);
        return asked.commit(source, index, place, before.blocks()[place].writers()).isPresent()
                || asked.writes(source, index).stream()
                        .anyMatch(a -> holds(before, place, there, a.request().getWrite()))
                || isUnchanged(before, place, there);
    }

    private long[] words(int place) {
        long[] words = new long[Contents.WORDS_PER_BLOCK];
        for (int i = 0; i < words.length; i++) {
            words[i] = memory.word((long) place * SimServer.BLOCK + (long) i * Contents.WORD);
        }
        return words;
    }

    /**
     * Whether the block holds what a client sent through the server, and everywhere else what the
     * file held before; the other blocks of the same request come with it.
     */
    private boolean isServerWrite(Picture before, Picture now, int place, Owner is) {
        for (Asked.Ask ask : asked.writes(is.file(), is.index())) {
            WriteRequest write = ask.request().getWrite();
            if (holds(before, place, is, write)) {
                checkDurable(place, is);
                checkWhole(before, now, is, write);
                return true;
            }
        }
        return false;
    }

    private boolean holds(Picture before, int place, Owner is, WriteRequest write) {
        ByteBuffer data = write.getData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long[] words = words(place);
        for (int i = 0; i < words.length; i++) {
            long at = is.index() * SimServer.BLOCK + (long) i * Contents.WORD - write.getOffset();
            boolean sent = at >= 0 && at < data.capacity();
            if (sent ? words[i] != data.getLong((int) at) : !isKept(before, is, i, words[i])) {
                return false;
            }
        }
        return true;
    }

    /** Whether a word is as it was; where somebody may store late, any of the file's own. */
    private boolean isKept(Picture before, Owner is, int word, long value) {
        long place = is.index() * Contents.WORDS_PER_BLOCK + word;
        return contents.before(is.file(), place) == value
                || (isAtRisk(before, is) && tags.problem(value, is.file(), place).isEmpty());
    }

    private static boolean isAtRisk(Picture before, Owner is) {
        FileView file = before.files().get(is.file());
        return file != null
                && file.isWritten(is.index())
                && !before.blocks()[file.place(is.index())].late().isEmpty();
    }

    /** I6: all of a write through the server, or nothing. */
    private void checkWhole(Picture before, Picture now, Owner is, WriteRequest write) {
        FileView old = before.files().get(is.file());
        FileView file = now.files().get(is.file());
        long end = Math.ceilDiv(write.getOffset() + write.getData().size(), SimServer.BLOCK);
        for (long index = write.getOffset() / SimServer.BLOCK; index < end; index++) {
            boolean moved =
                    file != null
                            && file.isWritten(index)
                            && (old == null || old.place(index) != file.place(index));
            if (!moved && file != null && !file.removing() && !asked.takes(file, index)) {
                world.violated(
                        "I6",
                        "of a write through the server to blocks up to "
                                + end
                                + " of file "
                                + is.file()
                                + " block "
                                + is.index()
                                + " is seen and block "
                                + index
                                + " is not");
            }
        }
    }

    /**
     * Whether the block was written elsewhere, and somebody may still store late there, or the
     * server was at work on the file: a proof may come while it copies, and blocks of which a
     * request zeroes a part move together.
     */
    private static boolean isMove(Picture before, Picture now, Owner is) {
        FileView file = before.files().get(is.file());
        return file != null
                && file.isWritten(is.index())
                && (!now.blocks()[file.place(is.index())].late().isEmpty() || file.working());
    }

    private boolean isUnchanged(Picture before, int place, Owner is) {
        long[] words = words(place);
        for (int i = 0; i < words.length; i++) {
            if (!isKept(before, is, i, words[i])) {
                return false;
            }
        }
        return true;
    }

    /** What was moved is as it was, or zero where somebody asks for that. */
    private void checkMoved(Picture before, int place, Owner is) {
        checkDurable(place, is);
        FileView file = Objects.requireNonNull(before.files().get(is.file()));
        boolean zeroed = asked.takes(file, is.index());
        long[] words = words(place);
        for (int i = 0; i < words.length; i++) {
            if (!isKept(before, is, i, words[i]) && !(zeroed && words[i] == 0)) {
                long at = is.index() * Contents.WORDS_PER_BLOCK + i;
                world.violated(
                        "I1",
                        where(is)
                                + " was moved and shows "
                                + Tags.name(words[i])
                                + " instead of "
                                + Tags.name(contents.before(is.file(), at)));
                return;
            }
        }
    }

    private void exposed(Picture before, Picture now, int place, Owner is) {
        Block was = before.blocks()[place];
        Optional<Asked.Ask> commit = asked.commit(is.file(), is.index(), place, was.writers());
        if (commit.isEmpty()) {
            world.violated("I2", where(is) + " became written and nobody commits it");
            return;
        }
        long client = commit.get().client();
        if (!was.isIn(is.file(), is.index()) || !was.writers().contains(client)) {
            world.violated(
                    "I3",
                    where(is)
                            + " was committed by client "
                            + Long.toHexString(client)
                            + ", which held no RW there");
        }
        checkCommitDurable(place, is, client);
        checkCommitted(before, place, is, client);
        checkWhole(now, is, commit.get().request().getCommitBlocks());
        if (replaces(before, is)) {
            swapped(place, commit.get());
        }
    }

    private static String where(Owner is) {
        return "block " + is.index() + " of file " + is.file();
    }

    private void checkDurable(int place, Owner is) {
        if (!memory.isDurable((long) place * SimServer.BLOCK, SimServer.BLOCK)) {
            world.violated("I6", where(is) + " became written and is not durable");
        }
    }

    /**
     * As that, but for what its committer has stored there since it asked for the commit: a crash
     * may take that, and leaves what the commit covers.
     */
    private void checkCommitDurable(int place, Owner is, long by) {
        long start = (long) place * SimServer.BLOCK;
        for (int i = 0; i < Contents.WORDS_PER_BLOCK; i++) {
            long offset = start + (long) i * Contents.WORD;
            long at = is.index() * Contents.WORDS_PER_BLOCK + i;
            if (!memory.isDurable(offset, Contents.WORD)
                    && !(tags.isLater(memory.word(offset), by)
                            && tags.problem(memory.durableWord(offset), is.file(), at).isEmpty())) {
                world.violated("I6", where(is) + " became written and is not durable");
                return;
            }
        }
    }

    /**
     * The block holds what its committer has stored since it was allocated and, if it replaces
     * another one, what that held.
     */
    private void checkCommitted(Picture before, int place, Owner is, long by) {
        boolean replaces = replaces(before, is);
        long[] words = words(place);
        for (int i = 0; i < words.length; i++) {
            long at = is.index() * Contents.WORDS_PER_BLOCK + i;
            if (replaces
                    && (isKept(before, is, i, words[i])
                            || isCopied(before, is, i, words[i], allocatedNanos[place]))) {
                continue;
            }
            String problem = tags.problem(words[i], is.file(), at);
            if (!problem.isEmpty()) {
                // It says what is wrong.
            } else if (words[i] == 0) {
                problem = replaces ? "zeros instead of " + name(is, at) : "";
            } else if (tags.of(words[i]).client() != by) {
                problem = "what another client wrote, " + Tags.name(words[i]);
            } else if (memory.storedNanos((long) place * SimServer.BLOCK + (long) i * Contents.WORD)
                    < allocatedNanos[place]) {
                problem = "what was there before it was allocated, " + Tags.name(words[i]);
            }
            if (!problem.isEmpty()) {
                world.violated("I1", where(is) + " became written and shows " + problem);
                return;
            }
        }
    }

    private static boolean replaces(Picture before, Owner is) {
        FileView file = before.files().get(is.file());
        return file != null && file.isWritten(is.index());
    }

    private void swapped(int place, Asked.Ask commit) {
        world.count("block replaced by a commit");
        if (commit.equals(swap)) {
            world.reach(Probe.SWAP_OF_MANY_BLOCKS);
        }
        if (allocatedNanos[place] < serverDiedNanos) {
            world.reach(Probe.SWAP_AFTER_RESTART);
        }
        swap = commit;
    }

    /**
     * Whether a word may be a copy of what the block that is replaced holds, though nobody may read
     * that there: it lies past the end of file as it was, where what an RW holder stores is the
     * file's own too (3.6; seed 20918 shrunk); or it was copied before its host crashed, with a
     * store in place that no flush had covered (seed 20918).
     */
    private boolean isCopied(Picture before, Owner is, int word, long value, long sinceNanos) {
        FileView file = Objects.requireNonNull(before.files().get(is.file()));
        long within = (long) word * Contents.WORD;
        long at = (long) file.place(is.index()) * SimServer.BLOCK + within;
        boolean isPastEnd = is.index() * SimServer.BLOCK + within >= file.size();
        return (isPastEnd && memory.word(at) == value) || memory.isUndone(at, value, sinceNanos);
    }

    private String name(Owner is, long at) {
        return Tags.name(contents.before(is.file(), at));
    }

    /** I6: all that a commit names, or nothing. */
    private void checkWhole(Picture now, Owner is, CommitBlocksRequest commit) {
        FileView file = now.files().get(is.file());
        for (CommitRange range : commit.getRangesList()) {
            for (long at = 0; at < range.getLength(); at += SimServer.BLOCK) {
                long index = (range.getFileOffset() + at) / SimServer.BLOCK;
                if (file != null
                        && !file.isWritten(index)
                        && !file.removing()
                        && !asked.takes(file, index)) {
                    world.violated(
                            "I6",
                            where(is)
                                    + " was committed, and not block "
                                    + index
                                    + ", which the same commit names");
                }
            }
        }
    }

    private void taken(Picture before, Picture now, Owner was) {
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
