package dev.outlay.server.sim;

import dev.outlay.server.sim.Holdings.Hold;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.LayoutRange;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * I19: bounded overtaking among waiting requests.
 *
 * <p>While a request for a grant waits, it is counted how often another client is newly granted
 * some of the bytes it must have, in a way that keeps it waiting, by a request that arrived later:
 * a few times at most. Requests that arrive within the same moment are in no order.
 */
final class I19Overtaking implements Invariant {

    static final int MOST = 4;

    /** Streams have their own loops: so far apart, the earlier one is first in the queue. */
    private static final long MOMENT_NANOS = 5_000_000;

    private final World world;
    private final Told told;
    private final Map<Key, Waiting> waiting = new LinkedHashMap<>();

    private record Key(long client, long operation) {}

    private static final class Waiting {
        private final MapBlocksRequest request;
        private final long sinceNanos;
        private int overtaken;

        Waiting(MapBlocksRequest request, long sinceNanos) {
            this.request = request;
            this.sinceNanos = sinceNanos;
        }
    }

    /**
     * @param told as it was before a reply: it must hear of it later
     */
    I19Overtaking(World world, Told told) {
        this.world = world;
        this.told = told;
    }

    @Override
    public void heard(long client, Request request) {
        if (request.hasMapBlocks() && request.getMapBlocks().getMinLength() > 0) {
            waiting.putIfAbsent(
                    key(client, request), new Waiting(request.getMapBlocks(), world.nanos()));
        }
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        if (!request.hasMapBlocks()) {
            return;
        }
        Waiting served = waiting.remove(key(client, request));
        if (served != null && reply.hasMapBlocks() && !waiting.isEmpty()) {
            waiting.forEach(
                    (key, each) -> {
                        if (key.client != client
                                && each.sinceNanos + MOMENT_NANOS < served.sinceNanos
                                && each.request.getFileId() == served.request.getFileId()
                                && overtakes(client, each.request, reply)) {
                            overtaken(key, each, request);
                        }
                    });
        }
    }

    private void overtaken(Key key, Waiting each, Request by) {
        world.count("I19 overtaken");
        if (++each.overtaken > MOST) {
            world.violated(
                    "I19",
                    "client "
                            + Long.toHexString(key.client)
                            + " waits since "
                            + each.sinceNanos
                            + " and was overtaken "
                            + each.overtaken
                            + " times, at last by "
                            + by
                            + "; it asks for "
                            + each.request);
        }
    }

    /** Whether the reply newly grants a block that the request must have, in its way. */
    private boolean overtakes(long client, MapBlocksRequest request, Reply reply) {
        long start = request.getOffset();
        long end = start + request.getMinLength();
        boolean reads = request.getIomode() == IoMode.IO_MODE_READ;
        for (LayoutRange range : reply.getMapBlocks().getRangesList()) {
            boolean granted = range.getIomode() == IoMode.IO_MODE_READ;
            if (reads && granted) {
                continue;
            }
            for (long at = Math.max(start, range.getOffset());
                    at < Math.min(end, range.getOffset() + range.getLength());
                    at += SimServer.BLOCK) {
                Hold had = told.holdings().at(client, request.getFileId(), at / SimServer.BLOCK);
                if (had == null || (!granted && !had.write())) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public void dropped(long client, Request request) {
        if (request.hasMapBlocks()) {
            waiting.remove(key(client, request));
        }
    }

    @Override
    public void serverDied() {
        waiting.clear();
    }

    private static Key key(long client, Request request) {
        return new Key(client, request.getMapBlocks().getOperation().getOperationId());
    }
}
