package dev.outlay.server.sim;

import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How long each lease runs, at both its ends: for the client from when it sent what was answered as
 * a renewal, by its own clock; for the server from when it received that.
 */
final class Leases implements Talk.Listener {

    private final World world;
    private final Talk talk;
    private final IdentityHashMap<Request, Long> sentNanos = new IdentityHashMap<>();
    private final IdentityHashMap<Request, Long> heardNanos = new IdentityHashMap<>();
    private final Map<Long, Long> clientEnds = new HashMap<>();
    private final Map<Long, Long> heardLast = new HashMap<>();
    private long serverStarted;
    private long startedBefore;
    private long serverDied;
    private boolean serverDown = true;

    Leases(World world, Talk talk) {
        this.world = world;
        this.talk = talk;
    }

    @Override
    public void sent(long client, Request request) {
        sentNanos.put(request, world.nanos());
    }

    @Override
    public void heard(long client, Request request) {
        heardNanos.put(request, world.nanos());
    }

    @Override
    public void said(long client, Request request, Reply reply) {
        Long heard = heardNanos.remove(request);
        if (heard != null && renews(reply)) {
            heardLast.merge(client, heard, Math::max);
        }
    }

    @Override
    public void got(long client, Request request, Reply reply) {
        Long sent = sentNanos.remove(request);
        SimProcess process = talk.processOf(client);
        if (sent != null && process != null && renews(reply)) {
            long lease = (long) (SimServer.LEASE_MILLIS * 1e6 / process.clockRate());
            clientEnds.merge(client, sent + lease, Math::max);
        }
    }

    private static boolean renews(Reply reply) {
        return reply.getLeaseRenewed();
    }

    @Override
    public void serverDied() {
        serverDown = true;
        serverDied = world.nanos();
        heardNanos.clear();
    }

    /** A server has its state, for the first time or again. */
    void batch() {
        if (serverDown) {
            serverDown = false;
            startedBefore = serverStarted;
            serverStarted = world.nanos();
        }
    }

    /** When the server that runs had its state. */
    long serverStartedNanos() {
        return serverStarted;
    }

    /** When the client's own clock says that its lease is over; long ago if it never had one. */
    long clientEndsNanos(long client) {
        return clientEnds.getOrDefault(client, 0L);
    }

    /** Whether the client may still touch the device, by its own clock. */
    boolean isLive(long client) {
        SimProcess process = talk.processOf(client);
        return process != null
                && !process.isDead()
                && !process.isStopped()
                && clientEndsNanos(client) > world.nanos();
    }

    @Nullable SimProcess processOf(long client) {
        return talk.processOf(client);
    }

    /** Before this the server may not act as if the lease were over. */
    long serverMayActNanos(long client) {
        return mayActNanos(client, serverStarted);
    }

    /**
     * Whether the server that has just started can have found the lease over: the one before it had
     * waited long enough, and died when that was durable, but before anybody saw it.
     */
    boolean mayBeFoundOver(long client) {
        return serverStarted == world.nanos() && mayActNanos(client, startedBefore) <= serverDied;
    }

    private long mayActNanos(long client, long started) {
        return Math.max(heardLast.getOrDefault(client, 0L), started)
                + (SimServer.LEASE_MILLIS + SimServer.MAX_IO_MILLIS) * 1_000_000;
    }
}
