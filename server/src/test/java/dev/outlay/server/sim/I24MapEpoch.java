package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.Arrays;

/**
 * I24: any change of a mapped range raises the epoch; use of an old mapping is detected.
 *
 * <p>From picture to picture: where the map of a file differs, its epoch is higher, and it never
 * falls. From messages: a commit is answered only if the map of the epoch in the answer has each
 * block it names written at the place it names; a commit by a mapping that is no more is refused.
 */
final class I24MapEpoch implements Invariant {

    private final World world;
    private final Moments moments;
    private Picture picture;

    I24MapEpoch(World world, Moments moments, int blocks) {
        this.world = world;
        this.moments = moments;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old == null) {
                continue;
            }
            boolean mapChanged =
                    !Arrays.equals(file.places(), old.places())
                            || !Arrays.equals(file.written(), old.written());
            if (file.mapEpoch() < old.mapEpoch()
                    || (mapChanged && file.mapEpoch() == old.mapEpoch())) {
                world.violated(
                        "I24",
                        "file "
                                + file.id()
                                + ": map epoch "
                                + old.mapEpoch()
                                + " then "
                                + file.mapEpoch()
                                + (mapChanged ? ", and its map was changed" : ""));
            }
        }
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasCommitBlocks()) {
            CommitBlocksRequest commit = request.getCommitBlocks();
            moments.at(commit.getFileId(), reply.getCommitBlocks().getMapEpoch())
                    .filter(view -> !isRemoved(view.id()))
                    .ifPresent(view -> checkCommitted(view, commit));
        }
    }

    /**
     * A commit on a removed file is accepted and dropped (3.6). The moment of its epoch may be one
     * before the removal, if the batch that removed the file went on to free what others gave back.
     */
    private boolean isRemoved(long file) {
        FileView now = picture.files().get(file);
        return now == null || now.removing();
    }

    private void checkCommitted(FileView view, CommitBlocksRequest commit) {
        world.reach(Probe.COMMIT_OF_ITS_EPOCH);
        for (CommitRange range : commit.getRangesList()) {
            for (long at = 0; at < range.getLength(); at += SimServer.BLOCK) {
                long index = (range.getFileOffset() + at) / SimServer.BLOCK;
                int place = Picture.place(range.getDevice(), range.getDeviceOffset() + at);
                if (!view.isWritten(index) || view.place(index) != place) {
                    world.violated(
                            "I24",
                            "a commit of file "
                                    + view.id()
                                    + " names block "
                                    + index
                                    + " at block "
                                    + place
                                    + " of the device and was answered with map epoch "
                                    + view.mapEpoch()
                                    + ", in which that block "
                                    + (view.isWritten(index) ? "is written" : "is not written")
                                    + " and lies at "
                                    + view.place(index));
                }
            }
        }
    }
}
