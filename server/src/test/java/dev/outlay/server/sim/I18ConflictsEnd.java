package dev.outlay.server.sim;

import dev.outlay.core.value.ByteRange;
import dev.outlay.server.sim.Picture.FileView;
import dev.outlay.server.sim.Picture.LayoutView;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Recall;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * I18: no server thread waits for a client; each conflict ends within recall deadline + lease + max
 * I/O.
 *
 * <p>What a recall asks for is in the layout of its client no longer than that, in virtual time,
 * each partial return adding a deadline up to the cap, as long as somebody asks for it who has
 * asked for that long: what nobody waits for any more is left to a silent client as a courtesy (4).
 * A request for a grant has its answer when the time that it may wait is over, and one for space,
 * which waits for recalls alone, once those are over. Time in which the volume cannot write or
 * reach its device, or waits for its clients after a restart, does not count. That no thread waits
 * shows by itself: there is one.
 */
final class I18ConflictsEnd implements Invariant {

    private static final long MILLI = 1_000_000;

    /** For what lies on the way: loops, timers, batches. */
    private static final long SLACK_NANOS = 400 * MILLI;

    private static final int EXTENSIONS = 8;

    private final World world;
    private final Map<Key, Open> recalls = new HashMap<>();
    private final IdentityHashMap<Request, Asking> waiting = new IdentityHashMap<>();
    private final LongSupplier hinderedNanos;

    /** Until then, or since, nothing could be granted or taken. */
    private long stoodStillNanos;

    private record Key(long client, long recall) {}

    private record Asking(long client, long sinceNanos) {}

    private record Open(Recall recall, long sinceNanos, int pieces) {}

    /**
     * @param hinderedNanos when the server's own disk or device was broken last
     */
    I18ConflictsEnd(World world, LongSupplier hinderedNanos) {
        this.world = world;
        this.hinderedNanos = hinderedNanos;
    }

    @Override
    public void noticed(long client, Notice notice) {
        if (notice.hasRecall() && notice.getRecall().hasFile()) {
            recalls.merge(
                    new Key(client, notice.getRecall().getRecallId()),
                    new Open(notice.getRecall(), world.nanos(), 0),
                    (old, fresh) ->
                            old.recall
                                            .getFile()
                                            .getRangesList()
                                            .equals(fresh.recall.getFile().getRangesList())
                                    ? old
                                    : fresh);
        }
    }

    @Override
    public void heard(long client, Request request) {
        if (!filesOf(request).isEmpty()) {
            waiting.put(request, new Asking(client, world.nanos()));
        } else if (request.hasReturnLayout()) {
            recalls.replaceAll(
                    (key, open) ->
                            key.client == client
                                    ? new Open(open.recall, open.sinceNanos, open.pieces + 1)
                                    : open);
        }
    }

    /** The files of which a request wants something that others may have. */
    private static List<Long> filesOf(Request request) {
        return switch (request.getBodyCase()) {
            case MAP_BLOCKS -> List.of(request.getMapBlocks().getFileId());
            case TRUNCATE -> List.of(request.getTruncate().getFileId());
            case ALLOCATE -> List.of(request.getAllocate().getFileId());
            case DEALLOCATE -> List.of(request.getDeallocate().getFileId());
            case CLONE ->
                    List.of(
                            request.getClone().getSourceId(),
                            request.getClone().getDestinationId());
            default -> List.of();
        };
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasError() && reply.getError().getReason() == Reason.REASON_READ_ONLY) {
            stoodStillNanos = world.nanos();
        }
        Asking asking = waiting.remove(request);
        if (asking != null && request.hasMapBlocks()) {
            check(request, asking, request.getMapBlocks().getWaitMillis(), "was answered");
        }
    }

    private void check(Request request, Asking asking, long millis, String what) {
        if (passed(asking.sinceNanos) > millis * MILLI + SLACK_NANOS) {
            world.violated(
                    "I18",
                    "a request "
                            + what
                            + " after "
                            + (world.nanos() - asking.sinceNanos) / MILLI
                            + " ms: "
                            + request);
        }
    }

    /** How long the server could do something about what began then. */
    private long passed(long sinceNanos) {
        long stoodStill = Math.max(stoodStillNanos, hinderedNanos.getAsLong());
        return world.nanos() - Math.max(sinceNanos, stoodStill);
    }

    @Override
    public void dropped(long client, Request request) {
        waiting.remove(request);
    }

    @Override
    public void serverDied() {
        recalls.clear();
        waiting.clear();
    }

    @Override
    public void batch(Picture before, Picture now) {
        if (now.inGrace()) {
            stoodStillNanos = world.nanos();
        }
        if (!recalls.isEmpty()) {
            recalls.entrySet().removeIf(each -> isOver(now, each.getKey(), each.getValue()));
        }
        waiting.forEach(
                (request, asking) -> {
                    if (request.hasMapBlocks()) {
                        check(
                                request,
                                asking,
                                request.getMapBlocks().getWaitMillis(),
                                "is not answered");
                    } else if (request.hasAllocate()) {
                        check(request, asking, mayMillis(EXTENSIONS), "is not answered");
                    }
                });
    }

    private static long mayMillis(int pieces) {
        return (1L + Math.min(EXTENSIONS, pieces)) * SimServer.RECALL_MILLIS
                + SimServer.LEASE_MILLIS
                + SimServer.MAX_IO_MILLIS;
    }

    /** Since when somebody else has asked for any of it; never if nobody does. */
    private long wantedSince(long holder, Recall recall) {
        long file = recall.getFile().getFileId();
        return waiting.entrySet().stream()
                .filter(each -> each.getValue().client != holder)
                .filter(each -> filesOf(each.getKey()).contains(file))
                .filter(each -> isInTheWay(recall, each.getKey()))
                .mapToLong(each -> each.getValue().sinceNanos)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static boolean isInTheWay(Recall recall, Request request) {
        if (!request.hasMapBlocks()) {
            return true;
        }
        long from = request.getMapBlocks().getOffset();
        long length = request.getMapBlocks().getLength();
        return recall.getFile().getRangesList().stream()
                .anyMatch(
                        r -> from - r.getOffset() < r.getLength() && r.getOffset() - from < length);
    }

    private boolean isOver(Picture now, Key key, Open open) {
        FileView file = now.files().get(open.recall.getFile().getFileId());
        LayoutView layout = file == null ? null : file.layouts().get(key.client);
        boolean held =
                file != null
                        && layout != null
                        && open.recall.getFile().getRangesList().stream()
                                .map(r -> ByteRange.ofLength(r.getOffset(), r.getLength()))
                                .anyMatch(
                                        r ->
                                                layout.write().overlaps(r)
                                                        || layout.read().overlaps(r));
        if (file == null || !held) {
            world.reach(Probe.RECALL_ENDED);
            return true;
        }
        // The blocks of a removed file are waited for by nobody but the volume.
        long wanted = file.removing() ? open.sinceNanos : wantedSince(key.client, open.recall);
        long may = mayMillis(open.pieces) * MILLI + SLACK_NANOS;
        if (wanted != Long.MAX_VALUE && passed(Math.max(wanted, open.sinceNanos)) > may) {
            world.violated(
                    "I18",
                    "client "
                            + Long.toHexString(key.client)
                            + " holds "
                            + layout
                            + " of file "
                            + open.recall.getFile().getFileId()
                            + " "
                            + (world.nanos() - open.sinceNanos) / MILLI
                            + " ms after the recall "
                            + open.recall);
        }
        return false;
    }
}
