package dev.outlay.server.fence;

import dev.outlay.core.value.ProcessIdentity;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fence agents that are connected, one a host, and the driver that gives them orders. Only an
 * agent's own report that a process is gone counts; a lost connection, or silence, is a failure.
 * Thread-safe; an agent is called outside of the lock.
 */
public final class FenceAgents implements FenceDriver {

    private static final Logger LOG = LoggerFactory.getLogger(FenceAgents.class);

    /** The way to an agent. Any thread may call. */
    public interface Agent {
        void order(long orderId, FenceTarget target, Duration timeout);

        /** The connection is of no use any more. */
        void disconnect(String why);
    }

    /** An agent's connection. */
    public static final class Connection {
        private final String host;
        private final String bootId;
        private final Agent agent;
        private final Map<Long, CompletableFuture<FenceResult>> orders = new HashMap<>();
        private long nextOrder = 1;

        private Connection(String host, String bootId, Agent agent) {
            this.host = host;
            this.bootId = bootId;
            this.agent = agent;
        }
    }

    private final Duration timeout;
    private final Map<String, Connection> byHost = new HashMap<>();
    private volatile Consumer<String> onConnect = _ -> {};

    public FenceAgents(Duration timeout) {
        this.timeout = timeout;
    }

    /** Who hears of the host of each agent that connects. */
    public void onConnect(Consumer<String> listener) {
        onConnect = listener;
    }

    // ---- agents

    /**
     * An agent is here. A new connection from the same boot of a host takes the place of an older
     * one; null if another machine goes by that name.
     */
    public @Nullable Connection connect(String host, String bootId, Agent agent) {
        Connection connection = new Connection(host, bootId, agent);
        Connection older;
        synchronized (this) {
            older = byHost.get(host);
            if (older != null && !older.bootId.equals(bootId)) {
                LOG.warn("host={} event=second-fence-agent-refused boot={}", host, bootId);
                return null;
            }
            byHost.put(host, connection);
        }
        if (older != null) {
            lost(older, "a newer connection took its place");
            older.agent.disconnect("a newer connection of host " + host + " took the place");
        }
        LOG.info("host={} event=fence-agent-connected", host);
        onConnect.accept(host);
        return connection;
    }

    public void report(Connection from, long orderId, boolean confirmed, String detail) {
        CompletableFuture<FenceResult> order;
        synchronized (this) {
            order = from.orders.remove(orderId);
        }
        if (order != null) {
            order.complete(
                    confirmed
                            ? new FenceResult.Confirmed(detail)
                            : new FenceResult.Failed("the agent of " + from.host + ": " + detail));
        }
    }

    public void disconnected(Connection connection) {
        synchronized (this) {
            byHost.remove(connection.host, connection);
        }
        LOG.info("host={} event=fence-agent-disconnected", connection.host);
        lost(connection, "its connection was lost");
    }

    private void lost(Connection connection, String why) {
        Map<Long, CompletableFuture<FenceResult>> unanswered;
        synchronized (this) {
            unanswered = Map.copyOf(connection.orders);
            connection.orders.clear();
        }
        unanswered
                .values()
                .forEach(
                        order ->
                                order.complete(
                                        new FenceResult.Failed(
                                                "the agent of "
                                                        + connection.host
                                                        + " did not report: "
                                                        + why)));
    }

    // ---- the driver

    @Override
    public String name() {
        return "agent";
    }

    @Override
    public CompletableFuture<FenceResult> fence(FenceTarget target) {
        if (target.client().process().isEmpty()) {
            return failed(
                    "the client did not say where it runs; make sure that it has ended, then:"
                            + " outlay quarantine confirm "
                            + target.client().id());
        }
        ProcessIdentity process = target.client().process().get();
        CompletableFuture<FenceResult> order = new CompletableFuture<>();
        Connection connection;
        long orderId = 0;
        synchronized (this) {
            connection = byHost.get(process.host());
            if (connection != null) {
                orderId = connection.nextOrder++;
                connection.orders.put(orderId, order);
            }
        }
        if (connection == null) {
            return failed(
                    "no fence agent of host "
                            + process.host()
                            + " is connected; run there: outlay fence-agent --host "
                            + process.host());
        }
        Connection asked = Objects.requireNonNull(connection);
        long id = orderId;
        asked.agent.order(id, target, timeout);
        return order.completeOnTimeout(
                        new FenceResult.Failed(
                                "the agent of "
                                        + process.host()
                                        + " did not report within "
                                        + timeout.toMillis()
                                        + " ms"),
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS)
                .whenComplete((_, _) -> forget(asked, id));
    }

    private synchronized void forget(Connection connection, long orderId) {
        connection.orders.remove(orderId);
    }

    private static CompletableFuture<FenceResult> failed(String reason) {
        return CompletableFuture.completedFuture(new FenceResult.Failed(reason));
    }

    @Override
    public void close() {}
}
