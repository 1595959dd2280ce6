package dev.outlay.client.fence;

import dev.outlay.client.AgentChannel;
import dev.outlay.client.fence.ProcessEnder.Ending;
import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.v1.FenceAgentHello;
import dev.outlay.v1.FenceAgentMessage;
import dev.outlay.v1.FenceOrder;
import dev.outlay.v1.FenceReport;
import dev.outlay.v1.FencingGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The fence agent of a host: connected to the server as long as it runs, it ends the processes it
 * is told to end and reports when they are gone. It confirms nothing that it has not seen.
 *
 * <p>Thread-safe.
 */
public final class FenceAgent implements AutoCloseable {

    private static final Duration RECONNECT_MIN = Duration.ofMillis(200);
    private static final Duration RECONNECT_MAX = Duration.ofSeconds(30);

    private final String server;
    private final LocalHost host;
    private final ProcessEnder processes;
    private final HostCaches caches;
    private final Consumer<String> log;
    private final AgentChannel channel;
    private final ExecutorService orders = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    task -> Thread.ofPlatform().daemon().name("fence-agent").unstarted(task));
    private final CountDownLatch closed = new CountDownLatch(1);
    private Duration pause = RECONNECT_MIN;

    private FenceAgent(
            String server,
            LocalHost host,
            Map<String, Path> devicePaths,
            Consumer<String> log,
            AgentChannel channel) {
        this.server = server;
        this.host = host;
        this.processes = new ProcessEnder(host);
        this.caches = new HostCaches(devicePaths);
        this.log = log;
        this.channel = channel;
    }

    /**
     * Starts an agent; it connects, and connects again, until it is closed.
     *
     * @param devicePaths where this host finds devices, by UUID; others are where the server finds
     *     them
     * @param log gets a line of what it does
     * @throws IOException if it could not tell that a process of another user is gone
     */
    public static FenceAgent start(
            String server, LocalHost host, Map<String, Path> devicePaths, Consumer<String> log)
            throws IOException {
        if (!LocalHost.seesEveryProcess()) {
            throw new IOException(
                    "/proc hides the processes of other users, so that a process that is not seen"
                            + " may still run; run the agent as root");
        }
        FenceAgent agent =
                new FenceAgent(server, host, devicePaths, log, AgentChannel.open(server));
        agent.timer.execute(agent::connect);
        return agent;
    }

    /** Waits until it is closed. */
    public void await() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the connection

    private void connect() {
        Stream stream = new Stream();
        stream.out = FencingGrpc.newStub(channel.channel()).serve(stream);
        stream.send(
                FenceAgentMessage.newBuilder()
                        .setHello(
                                FenceAgentHello.newBuilder()
                                        .setHost(host.name())
                                        .setBootId(host.bootId()))
                        .build());
        log.accept("fence agent of host " + host.name() + " asks " + server + " for orders");
    }

    private void connectLater(String why) {
        try {
            timer.execute(
                    () -> {
                        log.accept(
                                "the connection to "
                                        + server
                                        + " ended ("
                                        + why
                                        + "); again in "
                                        + pause.toMillis()
                                        + " ms");
                        var _ =
                                timer.schedule(
                                        this::connect, pause.toMillis(), TimeUnit.MILLISECONDS);
                        Duration next = pause.multipliedBy(2);
                        pause = next.compareTo(RECONNECT_MAX) > 0 ? RECONNECT_MAX : next;
                    });
        } catch (RejectedExecutionException e) {
            // It is being closed.
            return;
        }
    }

    /** One connection. Orders come one at a time, reports go from any thread. */
    private final class Stream implements StreamObserver<FenceOrder> {
        private StreamObserver<FenceAgentMessage> out = new Nowhere();

        @Override
        public void onNext(FenceOrder order) {
            timer.execute(() -> pause = RECONNECT_MIN);
            orders.execute(() -> send(report(order)));
        }

        @Override
        public void onError(Throwable broken) {
            Status status = Status.fromThrowable(broken);
            connectLater(
                    status.getDescription() == null
                            ? status.getCode().name()
                            : status.getDescription());
        }

        @Override
        public void onCompleted() {
            connectLater("the server ended it");
        }

        private synchronized void send(FenceAgentMessage message) {
            out.onNext(message);
        }
    }

    /** Where nothing is connected yet. */
    private static final class Nowhere implements StreamObserver<FenceAgentMessage> {
        @Override
        public void onNext(FenceAgentMessage message) {}

        @Override
        public void onError(Throwable broken) {}

        @Override
        public void onCompleted() {}
    }

    // ---- an order

    private FenceAgentMessage report(FenceOrder order) {
        Ending ending = obey(order);
        log.accept(
                "client "
                        + String.format("%016x", order.getClientId())
                        + " ('"
                        + order.getOwner()
                        + "', pid "
                        + order.getProcess().getPid()
                        + "): "
                        + (ending.gone() ? "gone: " : "NOT confirmed: ")
                        + ending.detail());
        return FenceAgentMessage.newBuilder()
                .setReport(
                        FenceReport.newBuilder()
                                .setOrderId(order.getOrderId())
                                .setConfirmed(ending.gone())
                                .setDetail(ending.detail()))
                .build();
    }

    private Ending obey(FenceOrder order) {
        dev.outlay.v1.ProcessIdentity named = order.getProcess();
        try {
            Ending ending =
                    processes.end(
                            new ProcessIdentity(
                                    named.getHost(),
                                    named.getBootId(),
                                    named.getPidNamespace(),
                                    named.getPid(),
                                    named.getStartTicks()),
                            Duration.ofMillis(Integer.toUnsignedLong(order.getTimeoutMillis())));
            if (ending.gone()) {
                for (FenceOrder.Device device : order.getDevicesList()) {
                    ByteBuffer uuid = device.getUuid().asReadOnlyByteBuffer();
                    caches.flush(new UUID(uuid.getLong(), uuid.getLong()), device.getPathHint());
                }
            }
            return ending;
        } catch (IOException | RuntimeException e) {
            return new Ending(false, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        orders.shutdownNow();
        channel.close();
        closed.countDown();
    }
}
