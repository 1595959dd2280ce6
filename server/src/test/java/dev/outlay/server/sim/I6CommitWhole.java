package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * I6: a commit is atomic and durable: ranges, size and times together.
 *
 * <p>After each batch, the first one after a crash included: a commit without an answer of which
 * one block has become written has all of them written, the size it asks for and its mtime; else
 * none shows. And what commits were answered with - change counter, size, mtime - the volume has,
 * or something newer.
 */
final class I6CommitWhole implements Invariant {

    private final World world;
    private final SharedMemory memory;
    private final Asked asked;
    private final Tags tags;

    /** The last commit that each client has sent: what it sends again it has stored before. */
    private final Map<Long, Long> lastSent = new HashMap<>();

    /** The newest attributes that a commit of each file was answered with. */
    private final Map<Long, FileAttributes> answered = new HashMap<>();

    I6CommitWhole(World world, SharedMemory memory, Asked asked, Tags tags) {
        this.tags = tags;
        this.world = world;
        this.memory = memory;
        this.asked = asked;
    }

    @Override
    public void sent(long client, Request request) {
        CommitBlocksRequest commit = request.getCommitBlocks();
        long operation = commit.getOperation().getOperationId();
        if (!request.hasCommitBlocks() || operation <= lastSent.getOrDefault(client, 0L)) {
            return;
        }
        lastSent.put(client, operation);
        for (CommitRange range : commit.getRangesList()) {
            long start =
                    (long) Picture.place(range.getDevice(), range.getDeviceOffset())
                            * SimServer.BLOCK;
            if (!memory.isDurable(start, range.getLength())
                    && isOwnMissing(client, start, range.getLength())) {
                violated(commit.getFileId(), "is committed before it is durable: " + commit);
            }
        }
    }

    /**
     * Whether a crash would take what this client itself has stored, and not only others' bytes.
     */
    private boolean isOwnMissing(long client, long start, long length) {
        for (long at = start; at < start + length; at += Contents.WORD) {
            long word = memory.word(at);
            if (!memory.isDurable(at, Contents.WORD) && tags.isBy(word, client)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasCommitBlocks()) {
            FileAttributes told = reply.getCommitBlocks().getAttributes();
            answered.merge(
                    request.getCommitBlocks().getFileId(),
                    told,
                    (x, y) -> x.getChangeCounter() > y.getChangeCounter() ? x : y);
        }
    }

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView old : before.files().values()) {
            FileView file = now.files().get(old.id());
            if (file == null) {
                answered.remove(old.id());
                if (!old.removing() && !asked.removes(old)) {
                    violated(old.id(), "is gone and nobody has removed it");
                }
            } else if (file.mapEpoch() != old.mapEpoch()) {
                checkWhole(old, file);
            }
        }
        answered.forEach((id, told) -> checkAnswered(now.files().get(id), told));
    }

    private void checkAnswered(@Nullable FileView file, FileAttributes told) {
        if (file == null || file.removing()) {
            return;
        }
        boolean same = file.changeCounter() == told.getChangeCounter();
        if (file.changeCounter() < told.getChangeCounter()
                || (same
                        && (file.size() != told.getSizeBytes()
                                || file.modifiedMillis() != told.getModifiedMillis()))) {
            violated(
                    file.id(),
                    "has not what a commit was answered with: change counter "
                            + file.changeCounter()
                            + ", size "
                            + file.size()
                            + ", mtime "
                            + file.modifiedMillis()
                            + "; answered were "
                            + told.getChangeCounter()
                            + ", "
                            + told.getSizeBytes()
                            + ", "
                            + told.getModifiedMillis());
        }
    }

    /**
     * What a commit without an answer shows of itself.
     *
     * @param fresh its blocks that have become written, by number on the device
     * @param missing how many of its blocks are not
     */
    private record Shown(
            CommitBlocksRequest commit,
            BitSet fresh,
            int missing,
            boolean tooShort,
            boolean early) {

        boolean isWhole() {
            return missing == 0 && !tooShort && !early;
        }

        /** Of whose blocks some are written and not by that other one. */
        boolean isMoreThan(BitSet others) {
            BitSet own = (BitSet) fresh.clone();
            own.andNot(others);
            return !own.isEmpty();
        }
    }

    /**
     * A commit that nobody was told of stays among those that may be done yet: where its client was
     * killed, for ever. Another one may name the same block at the same place meanwhile, and is the
     * one that is done, if it is whole.
     */
    private void checkWhole(FileView old, FileView file) {
        if (file.removing()) {
            return;
        }
        List<Shown> all =
                asked.commits(file.id()).stream().map(commit -> shown(old, file, commit)).toList();
        BitSet explained = new BitSet();
        for (Shown each : all) {
            if (each.isWhole()) {
                explained.or(each.fresh);
            }
        }
        for (Shown each : all) {
            if (each.fresh.cardinality() > 1) {
                world.reach(Probe.COMMIT_OF_MANY_BLOCKS);
            }
            if (!each.isWhole() && each.isMoreThan(explained)) {
                violated(
                        file.id(),
                        each.fresh.cardinality()
                                + " blocks of a commit are written and "
                                + each.missing
                                + " are not"
                                + (each.tooShort ? ", and the size is " + file.size() : "")
                                + (each.early ? ", and the mtime is " + file.modifiedMillis() : "")
                                + ": "
                                + each.commit);
            }
        }
    }

    private Shown shown(FileView old, FileView file, CommitBlocksRequest commit) {
        BitSet fresh = new BitSet();
        int missing = 0;
        for (CommitRange range : commit.getRangesList()) {
            for (long at = 0; at < range.getLength(); at += SimServer.BLOCK) {
                long index = (range.getFileOffset() + at) / SimServer.BLOCK;
                int place = Picture.place(range.getDevice(), range.getDeviceOffset() + at);
                boolean was = old.isWritten(index) && old.place(index) == place;
                boolean is = file.isWritten(index) && file.place(index) == place;
                if (is && !was) {
                    fresh.set(place);
                }
                missing += is || was || asked.takes(old, index) ? 0 : 1;
            }
        }
        boolean tooShort =
                commit.hasLastWriteOffset()
                        && file.size() <= commit.getLastWriteOffset()
                        && !asked.truncates(file.id());
        boolean early =
                commit.hasModifiedMillis()
                        && file.modifiedMillis() < commit.getModifiedMillis()
                        && !asked.movesTimeBack(file.id());
        return new Shown(commit, fresh, missing, tooShort, early);
    }

    private void violated(long file, String what) {
        world.violated("I6", "file " + file + " " + what);
    }
}
