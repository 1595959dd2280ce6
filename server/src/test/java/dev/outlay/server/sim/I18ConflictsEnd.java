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
import java.util.Map;

/**
 * I18: no server thread waits for a client; each conflict ends within recall deadline + lease + max
 * I/O.
 *
 * <p>What a recall asks for is in the layout of its client no longer than that, in virtual time,
 * each partial return adding a deadline up to the cap; and a request for a grant has its answer
 * when the time that it may wait is over. Time in which the volume cannot write, or waits for its
 * clients after a restart, does not count. That no thread waits shows by itself: there is one.
 */
final class I18ConflictsEnd implements Invariant {

    private static final long MILLI = 1_000_000;

    /** For what lies on the way: loops, timers, batches. */
    private static final long SLACK_NANOS = 400 * MILLI;

    private static final int EXTENSIONS = 8;

    private final World world;
    private final Map<Key, Open> recalls = new HashMap<>();
    private final IdentityHashMap<Request, Long> waiting = new IdentityHashMap<>();

    /** Until then, or since, nothing could be granted or taken. */
    private long stoodStillNanos;

    private record Key(long client, long recall) {}

    private record Open(Recall recall, long sinceNanos, int pieces) {}

    I18ConflictsEnd(World world) {
        this.world = world;
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
        if (request.hasMapBlocks()) {
            waiting.put(request, world.nanos());
        } else if (request.hasReturnLayout()) {
            recalls.replaceAll(
                    (key, open) ->
                            key.client == client
                                    ? new Open(open.recall, open.sinceNanos, open.pieces + 1)
                                    : open);
        }
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (reply.hasError() && reply.getError().getReason() == Reason.REASON_READ_ONLY) {
            stoodStillNanos = world.nanos();
        }
        Long since = waiting.remove(request);
        if (since != null) {
            long may = request.getMapBlocks().getWaitMillis() * MILLI + SLACK_NANOS;
            if (world.nanos() - Math.max(since, stoodStillNanos) > may) {
                world.violated(
                        "I18",
                        "a request was answered after "
                                + (world.nanos() - since) / MILLI
                                + " ms: "
                                + request);
            }
        }
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
    }

    private boolean isOver(Picture now, Key key, Open open) {
        FileView file = now.files().get(open.recall.getFile().getFileId());
        LayoutView layout = file == null ? null : file.layouts().get(key.client);
        boolean held =
                layout != null
                        && open.recall.getFile().getRangesList().stream()
                                .map(r -> ByteRange.ofLength(r.getOffset(), r.getLength()))
                                .anyMatch(
                                        r ->
                                                layout.write().overlaps(r)
                                                        || layout.read().overlaps(r));
        if (!held) {
            world.reach(Probe.RECALL_ENDED);
            return true;
        }
        long deadlines = 1L + Math.min(EXTENSIONS, open.pieces);
        long may =
                (deadlines * SimServer.RECALL_MILLIS
                                        + SimServer.LEASE_MILLIS
                                        + SimServer.MAX_IO_MILLIS)
                                * MILLI
                        + SLACK_NANOS;
        if (world.nanos() - Math.max(open.sinceNanos, stoodStillNanos) > may) {
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
