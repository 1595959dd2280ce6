package dev.outlay.server.sim;

import com.google.protobuf.ByteString;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Layout;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnLayoutRequest;
import dev.outlay.v1.ReturnedLayout;
import dev.outlay.v1.Stateid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What clients hold as one end of the network sees it: what replies to them grant, less what they
 * have given back by their own word. Never more than that: where an order of messages leaves room,
 * what may be gone counts as gone.
 */
final class Held {

    private final Holdings holdings = new Holdings();

    /** MapBlocks without an answer, and what was given back since it was asked. */
    private final Map<Key, Pending> maps = new HashMap<>();

    /** Requests without an answer that may take what their own sender holds. */
    private final Map<Key, Request> taking = new HashMap<>();

    /** Commits that were answered: the answer to a late copy says nothing of later grants. */
    private final Set<Key> committed = new HashSet<>();

    /** The newest layout of which a client was told, by file. */
    private final Map<Of, ByteString> layouts = new HashMap<>();

    private record Key(long client, long operation) {}

    private record Of(long client, long file) {}

    private static final class Pending {
        private final List<ReturnLayoutRequest> returns = new ArrayList<>();
        private final List<ReturnedLayout> taken = new ArrayList<>();
        private boolean gone;

        /**
         * Whether the grant of this block may be gone before its answer comes. It says nothing of
         * other grants: those made since then stand, as the blocks of a file asked for later do
         * while an earlier request still waits.
         */
        boolean lost(long file, long index, int place) {
            return returns.stream().anyMatch(each -> Holdings.returns(each, file, index, place))
                    || taken.stream()
                            .anyMatch(
                                    each ->
                                            each.getFileId() == file
                                                    && Holdings.contains(
                                                            each.getRangesList(), index));
        }
    }

    Holdings holdings() {
        return holdings;
    }

    /** Whether a request of the client's own, without an answer, may take some of a file. */
    boolean isTaking(long client, long file) {
        if (taking.isEmpty()) {
            return false;
        }
        return taking.entrySet().stream()
                .anyMatch(e -> e.getKey().client == client && Holdings.takes(e.getValue(), file));
    }

    void asks(long client, Request request) {
        Asked.header(request).ifPresent(header -> asks(key(client, header), request));
        if (request.hasReturnLayout()) {
            if (isOfAnEarlierLayout(client, request.getReturnLayout())) {
                return;
            }
            holdings.returned(client, request.getReturnLayout());
            maps.forEach(
                    (key, pending) -> {
                        if (key.client == client) {
                            pending.returns.add(request.getReturnLayout());
                        }
                    });
        } else if (request.hasAttachSession()) {
            // Replies of the old connection are void (3).
            forgetMaps(client);
        } else if (request.hasReattach()) {
            holdings.restates(client, request.getReattach());
        } else if (request.hasEndClient()) {
            ended(client);
        }
    }

    /** A return that comes so late takes nothing: the layout that it names is no more. */
    private boolean isOfAnEarlierLayout(long client, ReturnLayoutRequest request) {
        ByteString newest = layouts.get(new Of(client, request.getFile().getFileId()));
        return newest != null
                && request.getFile().hasStateid()
                && !request.getFile().getStateid().getId().equals(newest);
    }

    private void told(long client, long file, Stateid stateid) {
        layouts.put(new Of(client, file), stateid.getId());
    }

    private void asks(Key key, Request request) {
        if (request.hasMapBlocks()) {
            maps.put(key, new Pending());
        } else if (!request.hasCommitBlocks() && !request.hasReturnLayout()) {
            taking.put(key, request);
        }
    }

    void answered(long client, Request request, Reply reply) {
        if (request.hasMapBlocks()) {
            Key key = key(client, request.getMapBlocks().getOperation());
            Pending pending = maps.remove(key);
            if (reply.hasMapBlocks() && pending != null && !pending.gone) {
                long file = request.getMapBlocks().getFileId();
                if (reply.getMapBlocks().hasStateid()) {
                    told(client, file, reply.getMapBlocks().getStateid());
                }
                holdings.granted(
                        client,
                        file,
                        request.getMapBlocks().getIomode() == IoMode.IO_MODE_READ,
                        reply.getMapBlocks(),
                        (index, place) -> pending.lost(file, index, place));
            }
            return;
        }
        if (reply.hasCommitBlocks()) {
            committed(client, request.getCommitBlocks(), reply.getCommitBlocks());
        }
        List<ReturnedLayout> taken = Holdings.taken(reply);
        if (!taken.isEmpty()) {
            holdings.takenBack(client, taken);
            maps.forEach(
                    (key, pending) -> {
                        if (key.client == client) {
                            pending.taken.addAll(taken);
                        }
                    });
        }
        if (reply.hasReturnLayout() && request.getReturnLayout().hasDevice()) {
            settled(client, request.getReturnLayout());
        }
        if (reply.getError().getReason() == Reason.REASON_STALE_FILE) {
            // It may have taken what it named before it found the file removed.
            holdings.forgetFile(client, request);
        }
        if (reply.hasReattach()) {
            reply.getReattach().getVolumesList().stream()
                    .flatMap(volume -> volume.getLayoutsList().stream())
                    .map(ReattachResponse.LayoutResult::getLayout)
                    .filter(Layout::hasStateid)
                    .forEach(layout -> told(client, layout.getFileId(), layout.getStateid()));
            // It tells nothing of MapBlocks that still wait on the same connection: what is granted
            // to them comes with their own answers.
            holdings.restated(client, reply.getReattach());
        }
        if (!(reply.hasError() && leavesOpen(reply))) {
            Asked.header(request).ifPresent(header -> taking.remove(key(client, header)));
        }
    }

    /**
     * Of a pair the commit leaves the block that was stored to. Who gives up all of the device that
     * the other one is on keeps it, and may commit it again (seeds 15410, 30657). On a file that is
     * being removed the commit is dropped (3.6), and the pair stays.
     */
    private void committed(long client, CommitBlocksRequest commit, CommitBlocksResponse reply) {
        boolean isFirst = committed.add(key(client, commit.getOperation()));
        if (isFirst && reply.getAttributes().getParentId() != 0) {
            holdings.committed(client, commit);
        }
    }

    /**
     * All that was held on a device has come back, and the answer names it: what is granted there
     * later, to MapBlocks that waited meanwhile, stands. Nobody may answer "nothing held" of a file
     * with such a request under way (3.3), but of a device, which is many files, one must.
     */
    private void settled(long client, ReturnLayoutRequest done) {
        long operation = done.getOperation().getOperationId();
        maps.forEach(
                (key, pending) -> {
                    if (key.client == client) {
                        pending.returns.removeIf(
                                each -> each.getOperation().getOperationId() == operation);
                    }
                });
    }

    /** The journal failed, or the client is lost: what was asked may be done or not. */
    private static boolean leavesOpen(Reply reply) {
        Reason reason = reply.getError().getReason();
        return Asked.isForNow(reply)
                || reason == Reason.REASON_EXPIRED
                || reason == Reason.REASON_FENCED;
    }

    /** The client is no more, by its own word or because it was told so. */
    void ended(long client) {
        holdings.ended(client);
        forgetMaps(client);
    }

    private void forgetMaps(long client) {
        maps.forEach((key, pending) -> pending.gone |= key.client == client);
    }

    /** No answer comes to what was asked. */
    void serverDied() {
        maps.clear();
    }

    private static Key key(long client, OperationHeader header) {
        return new Key(client, header.getOperationId());
    }
}
