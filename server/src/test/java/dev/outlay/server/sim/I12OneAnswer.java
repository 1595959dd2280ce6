package dev.outlay.server.sim;

import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * I12: one effect, one answer per operation id, across connections and restarts.
 *
 * <p>The answers that leave the server are compared: two to the same operation of a client are the
 * same, but for grants that are kept in memory alone and were lost with it. And no file's change
 * counter moves by more than there are operations without an answer that may move it: what has been
 * answered is not done again when it arrives once more.
 */
final class I12OneAnswer implements Invariant {

    private static final int REMEMBERED = 5_000;

    private final World world;
    private final Asked asked;
    private final Map<Key, Reply> answers = new LinkedHashMap<>();

    /**
     * Those of them that the server may keep in memory alone: grants that are not durable, and what
     * was returned of such.
     */
    private final Set<Key> inMemory = new HashSet<>();

    private record Key(long client, long operation) {}

    I12OneAnswer(World world, Asked asked) {
        this.world = world;
        this.asked = asked;
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        Optional<OperationHeader> header = Asked.header(request);
        // A read through the server changes nothing, so that a repeated one reads anew.
        if (header.isEmpty() || reply.hasError() || request.hasRead()) {
            return;
        }
        Key key = new Key(client, header.get().getOperationId());
        Reply plain = reply.toBuilder().clearMessageId().clearLeaseRenewed().build();
        Reply before = answers.putIfAbsent(key, plain);
        if (before != null) {
            world.reach(Probe.ANSWERED_AGAIN);
            if (!before.equals(plain)) {
                world.violated(
                        "I12",
                        "operation "
                                + key.operation
                                + " of client "
                                + Long.toHexString(client)
                                + " was answered twice, differently: "
                                + before
                                + " and "
                                + plain);
            }
        }
        if (isPlainRead(request, reply) || request.hasReturnLayout()) {
            inMemory.add(key);
        }
        if (answers.size() > REMEMBERED) {
            Key oldest = answers.keySet().iterator().next();
            answers.remove(oldest);
            inMemory.remove(oldest);
        }
    }

    /**
     * A mapping is durable, but not that there was nothing to map: over a hole the same request is
     * granted plain READ, which is kept in memory alone (3, "Answers with durable facts").
     */
    private static boolean isPlainRead(Request request, Reply reply) {
        return request.hasMapBlocks()
                && request.getMapBlocks().getIomode() == IoMode.IO_MODE_READ
                && reply.getMapBlocks().getRangesList().stream().noneMatch(LayoutRange::getMapped);
    }

    /** What was granted for reading is gone, and is granted anew. */
    @Override
    public void serverDied() {
        answers.keySet().removeAll(inMemory);
        inMemory.clear();
    }

    @Override
    public void stateReadBack() {
        serverDied();
    }

    @Override
    public void batch(Picture before, Picture now) {
        for (FileView file : now.files().values()) {
            FileView old = before.files().get(file.id());
            if (old != null && file.changeCounter() > old.changeCounter()) {
                long may = asked.countChangers(file.id());
                if (file.changeCounter() - old.changeCounter() > may) {
                    world.violated(
                            "I12",
                            "file "
                                    + file.id()
                                    + " was changed "
                                    + (file.changeCounter() - old.changeCounter())
                                    + " times, and "
                                    + may
                                    + " operations without an answer may change it");
                }
            }
        }
    }
}
