package dev.outlay.server;

import dev.outlay.server.admin.HttpEndpoint;
import dev.outlay.server.config.ListenAddress;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.engine.LeaseTimer;
import dev.outlay.server.engine.MonotonicClock;
import dev.outlay.server.engine.ServerIdentity;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.VolumeEngine;
import dev.outlay.server.engine.VolumeException;
import dev.outlay.server.engine.Volumes;
import dev.outlay.server.fence.CommandDriver;
import dev.outlay.server.fence.FenceAgents;
import dev.outlay.server.fence.FenceDriver;
import dev.outlay.server.fence.FenceService;
import dev.outlay.server.fence.ManualDriver;
import dev.outlay.server.journal.JournalLock;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.server.rpc.GrpcFront;
import dev.outlay.server.rpc.ListenException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server, and the one place where its parts are put together:
 *
 * <pre>
 * config, clocks, random
 *   └ meters ── HTTP: metrics and health, from the first moment on
 *   └ lock of the data directory
 *   └ identity ── volumes (journals replayed) ── sessions (clients of the journals)
 *                   └ fencing (driver, agents)
 *                   └ volumes start ── lease timer ── gRPC
 * </pre>
 *
 * <p>{@link #close} takes it apart in the opposite order: gRPC answers what it has taken, then the
 * volumes make durable what they have answered, and HTTP says so until the end.
 */
public final class OutlayServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutlayServer.class);

    private final Readiness readiness = new Readiness();
    private final Deque<Part> parts = new ArrayDeque<>();
    private OptionalInt httpPort = OptionalInt.empty();
    private int grpcPort;

    /** Something started that has to be stopped. */
    private interface Part {
        void stop();
    }

    private OutlayServer() {}

    /**
     * Starts a server; it serves when this returns.
     *
     * @throws StartException if it cannot; nothing is left running then
     */
    public static OutlayServer start(ServerConfig config) throws StartException {
        return start(config, ServerSeams.system());
    }

    /** As {@link #start(ServerConfig)}, on a machine that may be played. */
    public static OutlayServer start(ServerConfig config, ServerSeams seams) throws StartException {
        OutlayServer server = new OutlayServer();
        try {
            server.startParts(config, seams);
        } catch (IOException | VolumeException | ListenException e) {
            server.close();
            throw new StartException(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private void startParts(ServerConfig config, ServerSeams seams)
            throws IOException, VolumeException, ListenException {
        MonotonicClock clock = seams.clock();
        InstantSource wallClock = seams.wallClock();
        SecureRandom random = new SecureRandom();
        String version = version();
        ServerMeters meters = started(new ServerMeters(version));
        if (config.httpListen().isPresent()) {
            HttpEndpoint http =
                    started(
                            HttpEndpoint.start(
                                    config.httpListen().get().toSocketAddress(),
                                    meters::scrape,
                                    readiness));
            httpPort = OptionalInt.of(http.port());
            LOG.info(
                    "event=serving-http listen={}",
                    new ListenAddress(config.httpListen().get().host(), http.port()));
        }
        makeDataDirectory(config.dataDirectory());
        JournalLock lock = JournalLock.acquire(config.dataDirectory());
        parts.push(() -> unlock(lock));
        ServerIdentity identity =
                ServerIdentity.next(
                        config.dataDirectory(), new UUID(random.nextLong(), random.nextLong()));
        LOG.info(
                "event=starting version={} server={} incarnation={} data-directory=\"{}\"",
                version,
                identity.id(),
                identity.incarnation(),
                config.dataDirectory().toAbsolutePath());
        Volumes volumes =
                Volumes.open(config, identity, clock, wallClock, meters, seams.journals());
        parts.push(volumes::close);
        Sessions sessions = new Sessions(config, identity, clock, volumes, random);
        FenceAgents agents = new FenceAgents(config.fence().timeout());
        FenceService fences =
                new FenceService(
                        volumes,
                        driver(config.fence(), agents),
                        meters,
                        config.fence().retryMin(),
                        config.fence().retryMax());
        parts.push(fences::close);
        agents.onConnect(fences::retryHost);
        volumes.listen(fences);
        volumes.start();
        LeaseTimer timer = new LeaseTimer(sessions, clock);
        parts.push(timer::close);
        GrpcFront front =
                GrpcFront.start(
                        new GrpcFront.Parts(
                                config,
                                volumes,
                                sessions,
                                fences,
                                agents,
                                config.volumeLimits(),
                                clock,
                                wallClock,
                                random,
                                meters,
                                version));
        parts.push(front::close);
        grpcPort = front.port();
        readiness.ready(() -> troubles(volumes));
        LOG.info(
                "event=ready volumes={} unavailable={}",
                volumes.all().size(),
                volumes.unavailable().size());
    }

    /** What is wrong with volumes, a line each. */
    private static List<String> troubles(Volumes volumes) {
        List<String> troubles = new ArrayList<>();
        volumes.unavailable()
                .forEach(
                        (name, why) ->
                                troubles.add("volume '" + name + "' is unavailable: " + why));
        for (VolumeEngine volume : volumes.all()) {
            volume.status()
                    .readOnlyReason()
                    .ifPresent(
                            why ->
                                    troubles.add(
                                            "volume '" + volume.name() + "' is read-only: " + why));
        }
        return troubles;
    }

    private static FenceDriver driver(ServerConfig.Fence fence, FenceAgents agents) {
        return switch (fence.driver()) {
            case MANUAL -> new ManualDriver();
            case COMMAND -> new CommandDriver(fence.command(), fence.timeout());
            case AGENT -> agents;
        };
    }

    private static void makeDataDirectory(Path directory) throws IOException {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new IOException(
                    "the data directory "
                            + directory.toAbsolutePath()
                            + " cannot be made ("
                            + e
                            + ") - choose another place in data-directory",
                    e);
        }
    }

    private static void unlock(JournalLock lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("event=unlock-failed reason=\"{}\"", e.getMessage());
        }
    }

    private ServerMeters started(ServerMeters meters) {
        parts.push(meters::close);
        return meters;
    }

    private HttpEndpoint started(HttpEndpoint http) {
        parts.push(http::close);
        return http;
    }

    /** The port of gRPC over TCP, also where any free one was asked for. */
    public int grpcPort() {
        return grpcPort;
    }

    /** The port of metrics and health; empty if they are not served. */
    public OptionalInt httpPort() {
        return httpPort;
    }

    /** Stops gracefully: nothing that was answered is lost. May be called again. */
    @Override
    public synchronized void close() {
        readiness.stopping();
        boolean wasRunning = !parts.isEmpty();
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.stop();
            } catch (RuntimeException e) {
                LOG.error("event=stop-failed note=\"the other parts are stopped all the same\"", e);
            }
        }
        if (wasRunning) {
            LOG.info("event=stopped");
        }
    }

    /** The version of this build. */
    static String version() {
        Properties properties = new Properties();
        try (InputStream in = OutlayServer.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }
}
