package dev.outlay.server.sim;

import dev.outlay.server.sim.Holdings.Hold;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * I3: committed ranges ⊆ granted ranges of that client, incarnation and file.
 *
 * <p>When a commit arrives, each block it names is held against what replies have granted this very
 * client RW there, at this very place of the device, and what has not come back since. If there is
 * one that was not granted, the answer is a refusal.
 */
final class I3GrantedBeforeCommitted implements Invariant {

    private final World world;
    private final Asked asked;
    private final Told told;

    /** Commits that name what was not granted when they arrived first, and what that is. */
    private final Map<Key, Optional<String>> arrived = new HashMap<>();

    private record Key(long client, long operation) {}

    I3GrantedBeforeCommitted(World world, Asked asked, Told told) {
        this.world = world;
        this.asked = asked;
        this.told = told;
    }

    @Override
    public void heard(long client, Request request) {
        CommitBlocksRequest commit = request.getCommitBlocks();
        if (request.hasCommitBlocks() && !asked.isAnswered(client, commit.getOperation())) {
            arrived.computeIfAbsent(
                    new Key(client, commit.getOperation().getOperationId()),
                    _ -> notGranted(client, commit));
        }
    }

    private Optional<String> notGranted(long client, CommitBlocksRequest commit) {
        Map<Long, Hold> holds = told.holdings().of(client, commit.getFileId());
        for (CommitRange range : commit.getRangesList()) {
            for (long at = 0; at < range.getLength(); at += SimServer.BLOCK) {
                long index = (range.getFileOffset() + at) / SimServer.BLOCK;
                int place = Picture.place(range.getDevice(), range.getDeviceOffset() + at);
                Hold hold = holds.get(index);
                boolean granted =
                        hold != null && hold.write() && (hold.place() < 0 || hold.place() == place);
                if (!granted) {
                    return Optional.of(
                            "block "
                                    + index
                                    + " of file "
                                    + commit.getFileId()
                                    + " at block "
                                    + place
                                    + " of the device, where it held "
                                    + hold);
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (!request.hasCommitBlocks()) {
            return;
        }
        Key key = new Key(client, request.getCommitBlocks().getOperation().getOperationId());
        boolean stays = reply.hasError() && Asked.isForNow(reply);
        Optional<String> wrong =
                stays
                        ? Optional.empty()
                        : Optional.ofNullable(arrived.remove(key)).orElse(Optional.empty());
        if (wrong.isPresent()) {
            world.reach(Probe.COMMIT_NOT_GRANTED);
        }
        if (wrong.isPresent() && reply.hasCommitBlocks()) {
            world.violated(
                    "I3", "client " + Long.toHexString(client) + " has committed " + wrong.get());
        }
    }
}
