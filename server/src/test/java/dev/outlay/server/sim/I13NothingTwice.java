package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Recall;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * I13: re-return, re-recall, re-fence change nothing; re-commit changes no map.
 *
 * <p>A return that arrives when its sender holds nothing of that file, and asks for nothing, is
 * answered with nothing returned; if it was refused (by a server that has restarted, where its
 * sender has to restate what it holds first), what counts is when it comes again. A recall that is
 * told again has the layout's seqid unless its scope is wider. A file of which only commits of
 * blocks are asked that were written there before keeps its map and its epoch, unless somebody's RW
 * grant ends: what was not committed goes with it, and to end a grant takes no request that names
 * the file (a second incarnation opens its session, a lease runs out).
 */
final class I13NothingTwice implements Invariant {

    private final World world;
    private final Asked asked;
    private final Set<Key> empty = new HashSet<>();
    private final Map<Key, Recall> recalls = new HashMap<>();
    private Picture picture;

    private record Key(long client, long number) {}

    I13NothingTwice(World world, Asked asked, int blocks) {
        this.world = world;
        this.asked = asked;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void heard(long client, Request request) {
        if (request.hasReturnLayout()) {
            ReturnLayoutRequest asks = request.getReturnLayout();
            FileView file = picture.files().get(asks.getFile().getFileId());
            Key key = new Key(client, asks.getOperation().getOperationId());
            if (asks.hasFile()
                    && (file == null || !file.layouts().containsKey(client))
                    && !asked.isAnswered(client, asks.getOperation())
                    && !asked.mayBeGranted(client)) {
                empty.add(key);
            } else {
                // It comes again, refused before: what it returns may have been restated meanwhile.
                empty.remove(key);
            }
        }
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasReturnLayout()) {
            long operation = request.getReturnLayout().getOperation().getOperationId();
            if (empty.remove(new Key(client, operation))) {
                world.reach(Probe.RETURNED_AGAIN);
                if (reply.getReturnLayout().getReturnedCount() > 0) {
                    world.violated(
                            "I13",
                            "client "
                                    + Long.toHexString(client)
                                    + " returned what it did not hold, and the answer is "
                                    + reply);
                }
            }
        }
    }

    @Override
    public void noticed(long client, Notice notice) {
        if (!notice.hasRecall() || !notice.getRecall().hasFile()) {
            return;
        }
        Recall recall = notice.getRecall();
        Recall before = recalls.put(new Key(client, recall.getRecallId()), recall);
        if (before == null
                || !before.getFile().getRangesList().equals(recall.getFile().getRangesList())) {
            return;
        }
        world.reach(Probe.RECALLED_AGAIN);
        FileView file = picture.files().get(recall.getFile().getFileId());
        LayoutView layout = file == null ? null : file.layouts().get(client);
        if (before.getFile().getStateid().getSeqid() != recall.getFile().getStateid().getSeqid()
                && layout != null
                && layout.seqid() == before.getFile().getStateid().getSeqid()) {
            world.violated("I13", "a recall told again is another one: " + before + recall);
        }
    }

    @Override
    public void serverDied() {
        empty.clear();
        recalls.clear();
    }

    /** Recalls are numbered anew. */
    @Override
    public void stateReadBack() {
        recalls.clear();
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old == null
                    || old.working()
                    || file.changeCounter() == old.changeCounter()
                    || endsGrants(old, file)
                    || isSomebodyProven(before, now, old)
                    || hasLeftADevice(before, old, file)
                    || !asked.changesOnlyByCommit(file.id())
                    || !asked.commits(file.id()).stream().allMatch(c -> isWritten(old, c))) {
                continue;
            }
            world.reach(Probe.COMMITTED_AGAIN);
            if (file.mapEpoch() != old.mapEpoch()
                    || !Arrays.equals(file.places(), old.places())
                    || !Arrays.equals(file.written(), old.written())) {
                world.violated(
                        "I13",
                        "file "
                                + file.id()
                                + ": only what was written is committed, and its map changed, epoch "
                                + old.mapEpoch()
                                + " to "
                                + file.mapEpoch()
                                + ", written "
                                + old.writtenBlocks()
                                + " at "
                                + Arrays.toString(old.places())
                                + " to "
                                + file.writtenBlocks()
                                + " at "
                                + Arrays.toString(file.places()));
            }
        }
    }

    private static boolean endsGrants(FileView old, FileView file) {
        return old.layouts().entrySet().stream()
                .anyMatch(
                        e -> {
                            LayoutView now = file.layouts().get(e.getKey());
                            return now == null
                                    ? !e.getValue().write().isEmpty()
                                    : !now.write().equals(e.getValue().write());
                        });
    }

    /** Whose stores cannot come any more is no risk any more, which the map tells, too. */
    private static boolean isSomebodyProven(Picture before, Picture now, FileView old) {
        return Arrays.stream(old.places())
                .filter(place -> place >= 0)
                .anyMatch(
                        place -> !now.blocks()[place].late().equals(before.blocks()[place].late()));
    }

    /**
     * What is kept unwritten on a device that is to leave is exchanged for other blocks at once.
     */
    private static boolean hasLeftADevice(Picture before, FileView old, FileView file) {
        for (int index = 0; index < old.places().length; index++) {
            if (old.kept()[index]
                    && old.place(index) != file.place(index)
                    && before.device(old.place(index)).filter(d -> d.retiring()).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWritten(FileView file, CommitBlocksRequest commit) {
        for (CommitRange range : commit.getRangesList()) {
            for (long at = 0; at < range.getLength(); at += SimServer.BLOCK) {
                long index = (range.getFileOffset() + at) / SimServer.BLOCK;
                if (!file.isWritten(index)
                        || file.place(index)
                                != Picture.place(range.getDevice(), range.getDeviceOffset() + at)) {
                    return false;
                }
            }
        }
        return true;
    }
}
