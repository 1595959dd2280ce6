package dev.outlay.server.rpc;

import dev.outlay.core.value.Limits;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.engine.MonotonicClock;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.Volumes;
import dev.outlay.server.fence.FenceAgents;
import dev.outlay.server.fence.FenceService;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.server.metrics.TrafficTracer;
import io.grpc.BindableService;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening sockets and the services behind them: TCP, and a Unix socket where configured, in
 * the clear; the configuration refuses addresses off this host unless they were asked for.
 *
 * <p>{@link #close} is graceful: new calls are refused, every stream is told, what was taken is
 * answered, and after the time configured whatever is left is cut.
 */
public final class GrpcFront implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcFront.class);

    /** A silent connection is asked whether it lives after so long. */
    private static final Duration KEEPALIVE = Duration.ofSeconds(30);

    private static final Duration KEEPALIVE_ANSWER = Duration.ofSeconds(10);

    /** Clients may ask as often as this, also between calls. */
    private static final Duration CLIENT_KEEPALIVE_LEAST = Duration.ofSeconds(5);

    private static final int CALLS_PER_CONNECTION = 1024;
    private static final int SLOW_CALLS_WAITING = 16;

    private final ServerConfig config;
    private final Transport transport;
    private final HealthStatusManager health = new HealthStatusManager();
    private final SessionStreams streams = new SessionStreams();
    private final ThreadPoolExecutor slow;
    private final List<Server> servers = new ArrayList<>();
    private Runnable stopAgents = () -> {};
    private Optional<Path> unixSocket = Optional.empty();

    /**
     * What the services work with.
     *
     * @param agents hears fence agents, whether they are asked or not
     * @param wallClock for time stamps only
     * @param random cryptographically strong, but in simulations
     * @param version of the program
     */
    public record Parts(
            ServerConfig config,
            Volumes volumes,
            Sessions sessions,
            FenceService fences,
            FenceAgents agents,
            Limits limits,
            MonotonicClock clock,
            InstantSource wallClock,
            RandomGenerator random,
            ServerMeters meters,
            String version) {}

    private GrpcFront(ServerConfig config, Transport transport) {
        this.config = config;
        this.transport = transport;
        this.slow =
                new ThreadPoolExecutor(
                        1,
                        1,
                        0,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(SLOW_CALLS_WAITING),
                        Thread.ofPlatform().daemon().name("grpc-slow").factory());
    }

    /**
     * Starts to listen and to serve.
     *
     * @throws ListenException if an address cannot be had; nothing is left behind then
     */
    public static GrpcFront start(Parts parts) throws ListenException {
        return start(parts, StreamLimits.of(parts.config().limits().messageBytes()));
    }

    static GrpcFront start(Parts parts, StreamLimits streamLimits) throws ListenException {
        GrpcFront front = new GrpcFront(parts.config(), Transport.best());
        try {
            front.listen(front.services(parts, streamLimits), new TrafficTracer(parts.meters()));
        } catch (ListenException | RuntimeException e) {
            front.servers.forEach(Server::shutdownNow);
            front.release();
            throw e;
        }
        return front;
    }

    private List<BindableService> services(Parts parts, StreamLimits streamLimits) {
        int messageBytes = config.limits().messageBytes();
        Loops loops = new Loops(transport.workers());
        WireCommands wire = new WireCommands(parts.limits(), parts.wallClock(), parts.random());
        ClientNotices notices =
                new ClientNotices(parts.volumes(), streams, parts.limits().recallMillis());
        parts.volumes().listen(notices);
        Operations operations =
                new Operations(
                        parts.volumes(),
                        parts.sessions(),
                        notices,
                        wire,
                        parts.limits(),
                        messageBytes);
        parts.sessions().tellReattach(streams::reattach);
        Admission admission = new Admission(parts.sessions(), parts.limits(), messageBytes);
        UnaryCalls calls = new UnaryCalls(admission, loops, parts.clock(), parts.meters());
        SessionStream.Parts streamParts =
                new SessionStream.Parts(
                        admission,
                        new StreamRequests(operations),
                        streams,
                        notices,
                        parts.clock(),
                        parts.meters(),
                        streamLimits);
        AdminService.About about =
                new AdminService.About(
                        parts.version(),
                        parts.wallClock().millis(),
                        config.lease(),
                        messageBytes,
                        WireReplies.limits(parts.limits(), messageBytes));
        FencingService fencing = new FencingService(parts.agents());
        stopAgents = fencing::stop;
        return List.of(
                new SessionsService(calls, operations, admission, loops, streamParts),
                new LayoutsService(calls, operations),
                new FilesService(calls, operations),
                new DevicesService(calls, operations),
                new AdminService(
                        calls,
                        operations,
                        parts.volumes(),
                        parts.sessions(),
                        parts.fences(),
                        new ClientAdmin(
                                operations,
                                parts.volumes(),
                                parts.sessions(),
                                notices,
                                parts.limits(),
                                messageBytes),
                        slow,
                        about),
                fencing,
                health.getHealthService(),
                ProtoReflectionServiceV1.newInstance());
    }

    private void listen(List<BindableService> services, TrafficTracer tracer)
            throws ListenException {
        ConnectionGate gate = new ConnectionGate(config.limits().connections());
        Server tcp =
                server(
                        config.listen().toSocketAddress(),
                        gate.guard(transport.tcp()),
                        services,
                        tracer);
        try {
            servers.add(tcp.start());
        } catch (IOException e) {
            throw new ListenException(
                    "cannot listen on "
                            + config.listen()
                            + ": "
                            + reason(e)
                            + " - stop whoever uses it, or choose another address in listen",
                    e);
        }
        if (config.unixSocket().isPresent()) {
            listenOn(config.unixSocket().get(), gate, services, tracer);
        }
        for (BindableService service : services) {
            health.setStatus(
                    service.bindService().getServiceDescriptor().getName(), ServingStatus.SERVING);
        }
        LOG.info(
                "event=serving listen={}:{} unix-socket={} transport={}",
                config.listen().host(),
                port(),
                config.unixSocket().map(Path::toString).orElse("none"),
                transport.name());
    }

    private void listenOn(
            Path path, ConnectionGate gate, List<BindableService> services, TrafficTracer tracer)
            throws ListenException {
        UnixSocketFile.prepare(path);
        Server unix =
                server(
                        transport.unixAddress().apply(path),
                        gate.guard(transport.unix()),
                        services,
                        tracer);
        try {
            servers.add(unix.start());
            unixSocket = Optional.of(path);
        } catch (IOException e) {
            throw new ListenException(
                    "cannot listen on the Unix socket "
                            + path
                            + ": "
                            + reason(e)
                            + " - choose another path in unix-socket",
                    e);
        }
    }

    private static String reason(IOException e) {
        return String.valueOf((e.getCause() != null ? e.getCause() : e).getMessage());
    }

    private Server server(
            SocketAddress address,
            ChannelFactory<ServerChannel> channels,
            List<BindableService> services,
            TrafficTracer tracer) {
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(address, InsecureServerCredentials.create())
                        .channelFactory(channels)
                        .bossEventLoopGroup(transport.acceptor())
                        .workerEventLoopGroup(transport.workers())
                        .directExecutor()
                        .addStreamTracerFactory(tracer)
                        .maxInboundMessageSize(config.limits().messageBytes())
                        .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                        .keepAliveTime(KEEPALIVE.toSeconds(), TimeUnit.SECONDS)
                        .keepAliveTimeout(KEEPALIVE_ANSWER.toSeconds(), TimeUnit.SECONDS)
                        .permitKeepAliveTime(CLIENT_KEEPALIVE_LEAST.toSeconds(), TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true);
        services.forEach(builder::addService);
        return builder.build();
    }

    /** The TCP port it listens on, also where any free one was asked for. */
    public int port() {
        return servers.getFirst().getPort();
    }

    /** Stops as gracefully as the time configured allows. */
    @Override
    public void close() {
        health.enterTerminalState();
        servers.forEach(Server::shutdown);
        stopAgents.run();
        long deadline = System.nanoTime() + config.shutdownTimeout().toNanos();
        try {
            streams.stop().get(left(deadline), TimeUnit.NANOSECONDS);
            for (Server server : servers) {
                if (!server.awaitTermination(left(deadline), TimeUnit.NANOSECONDS)) {
                    LOG.warn("event=calls-cut reason=\"not answered within shutdown.timeout\"");
                }
            }
        } catch (TimeoutException e) {
            LOG.warn("event=streams-cut reason=\"not answered within shutdown.timeout\"");
        } catch (ExecutionException e) {
            LOG.error("event=stop-failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        servers.forEach(Server::shutdownNow);
        release();
    }

    private static long left(long deadline) {
        return Math.max(0, deadline - System.nanoTime());
    }

    private void release() {
        transport.close();
        slow.shutdown();
        unixSocket.ifPresent(
                path -> {
                    try {
                        Files.deleteIfExists(path);
                    } catch (IOException e) {
                        LOG.warn("event=socket-left path={} reason=\"{}\"", path, e.getMessage());
                    }
                });
    }
}
