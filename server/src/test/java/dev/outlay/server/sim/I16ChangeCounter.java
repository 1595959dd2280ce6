package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashMap;
import java.util.Map;

/**
 * I16: the change counter rises on each visible change; commit never moves mtime back.
 *
 * <p>From picture to picture: where size or committed blocks of a file differ, its counter is
 * higher, and it never falls; mtime falls only where somebody truncates, punches or sets it. From
 * messages: no two commits of a file are answered with the same counter, each with a higher one
 * than what the volume showed when it arrived.
 */
final class I16ChangeCounter implements Invariant {

    private final World world;
    private final Asked asked;
    private final Map<Key, Long> counterAtArrival = new HashMap<>();
    private Picture picture;

    private record Key(long client, long operation) {}

    I16ChangeCounter(World world, Asked asked, int blocks) {
        this.world = world;
        this.asked = asked;
        this.picture = Picture.empty(blocks);
    }

    @Override
    public void heard(long client, Request request) {
        if (request.hasCommitBlocks()
                && !asked.isAnswered(client, request.getCommitBlocks().getOperation())) {
            FileView file = picture.files().get(request.getCommitBlocks().getFileId());
            counterAtArrival.putIfAbsent(
                    key(client, request), file == null ? 0 : file.changeCounter());
        }
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (!request.hasCommitBlocks() || (reply.hasError() && Asked.isForNow(reply))) {
            return;
        }
        Long before = counterAtArrival.remove(key(client, request));
        CommitBlocksResponse answer = reply.getCommitBlocks();
        FileView file = picture.files().get(request.getCommitBlocks().getFileId());
        boolean dropped = file == null || file.removing();
        if (reply.hasCommitBlocks()
                && before != null
                && !dropped
                && answer.getAttributes().getChangeCounter() <= before) {
            world.violated(
                    "I16",
                    "a commit of file "
                            + request.getCommitBlocks().getFileId()
                            + " was answered with change counter "
                            + answer.getAttributes().getChangeCounter()
                            + ", which it had before");
        }
    }

    private static Key key(long client, Request request) {
        return new Key(client, request.getCommitBlocks().getOperation().getOperationId());
    }

    @Override
    public void batch(Picture before, Picture now) {
        picture = now;
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old == null || file.removing()) {
                continue;
            }
            boolean visible =
                    file.size() != old.size() || !file.writtenBlocks().equals(old.writtenBlocks());
            if (file.changeCounter() < old.changeCounter()
                    || (visible && file.changeCounter() == old.changeCounter())) {
                world.violated(
                        "I16",
                        "file "
                                + file.id()
                                + ": change counter "
                                + old.changeCounter()
                                + " then "
                                + file.changeCounter()
                                + (visible ? ", and it was changed" : ""));
            }
            if (file.modifiedMillis() < old.modifiedMillis() && !asked.movesTimeBack(file.id())) {
                world.violated(
                        "I16",
                        "mtime of file "
                                + file.id()
                                + " went back from "
                                + old.modifiedMillis()
                                + " to "
                                + file.modifiedMillis());
            }
        }
    }
}
