package dev.outlay.server.scenario;

import dev.outlay.client.cli.ClientCommands;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.server.OutlayServer;
import dev.outlay.server.ServerSeams;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.tool.ToolCommands;
import dev.outlay.v1.AdminGrpc;
import dev.outlay.v1.Allocation;
import dev.outlay.v1.CheckVolumeRequest;
import dev.outlay.v1.CheckVolumeResponse;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.Finding;
import dev.outlay.v1.ShowVolumeRequest;
import dev.outlay.v1.SpaceUsage;
import dev.outlay.v1.TakeSnapshotRequest;
import dev.outlay.v1.TakeSnapshotResponse;
import dev.outlay.v1.VolumeStatus;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** One server with one volume over one device, in a folder: started, killed, started again. */
final class ScenarioServer implements AutoCloseable {
    static final String VOLUME = "v";
    static final int BLOCK = DeviceFile.BLOCK;

    /** Where the process is killed the socket's file stays behind, as it does in the field. */
    private static final class UnixLoop {
        static final EventLoopGroup GROUP =
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("test-net", true), EpollIoHandler.newFactory());
    }

    private final Path folder;
    private final DeviceFile device;
    private final boolean ownProcess;
    private final ServerSeams seams;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private FencePolicy fence = FencePolicy.FENCE_POLICY_STRICT;
    private Allocation allocation = Allocation.ALLOCATION_UNWRITTEN;
    private @Nullable RunningServer running;
    private @Nullable ManagedChannel channel;

    private ScenarioServer(Path folder, long deviceBytes, boolean ownProcess, ServerSeams seams) {
        this.seams = seams;
        this.folder = folder;
        this.ownProcess = ownProcess;
        this.device = DeviceFile.make(folder.resolve("device"), deviceBytes);
        settings.put("listen", "127.0.0.1:0");
        settings.put("http-listen", "127.0.0.1:0");
        settings.put("data-directory", dataDirectory().toString());
        settings.put("journal.segment-size", "1MiB");
        settings.put("lease.min", "20ms");
        settings.put("lease.default", "20s");
        settings.put("shutdown.timeout", "5s");
        if (ownProcess && Epoll.isAvailable()) {
            settings.put("unix-socket", socket().toString());
        }
    }

    /** A server in this process, serving, with an empty volume. */
    static ScenarioServer here(Path folder, long deviceBytes) throws Exception {
        return here(folder, deviceBytes, ServerSeams.system(), Map.of());
    }

    /** The same on a machine that is played, with settings of its own. */
    static ScenarioServer here(
            Path folder, long deviceBytes, ServerSeams seams, Map<String, String> settings)
            throws Exception {
        ScenarioServer server = new ScenarioServer(folder, deviceBytes, false, seams);
        server.settings.putAll(settings);
        return started(server);
    }

    /**
     * A server in this process with settings of its own, serving, with an empty volume.
     *
     * @param fence what its volume takes for a proof
     */
    static ScenarioServer here(
            Path folder, long deviceBytes, Map<String, String> settings, FencePolicy fence)
            throws Exception {
        ScenarioServer server =
                new ScenarioServer(folder, deviceBytes, false, ServerSeams.system());
        server.settings.putAll(settings);
        server.fence = fence;
        return started(server);
    }

    /** A server in this process, serving, with an empty volume that hands out zeros. */
    static ScenarioServer ofZeros(Path folder, long deviceBytes) throws Exception {
        ScenarioServer server =
                new ScenarioServer(folder, deviceBytes, false, ServerSeams.system());
        server.allocation = Allocation.ALLOCATION_ZEROED;
        return started(server);
    }

    /** A server in a process of its own, serving, with an empty volume. */
    static ScenarioServer process(Path folder, long deviceBytes) throws Exception {
        return started(new ScenarioServer(folder, deviceBytes, true, ServerSeams.system()));
    }

    private static ScenarioServer started(ScenarioServer server) throws Exception {
        server.start();
        var _ =
                server.admin()
                        .createVolume(
                                CreateVolumeRequest.newBuilder()
                                        .setVolume(VOLUME)
                                        .setFencePolicy(server.fence)
                                        .setAllocation(server.allocation)
                                        .setAcceptStaleWriterRisk(
                                                server.fence == FencePolicy.FENCE_POLICY_TIMED)
                                        .addDevices(
                                                DeviceSlice.newBuilder()
                                                        .setPath(server.device.path().toString()))
                                        .build());
        return server;
    }

    // ---- running

    void start() throws Exception {
        RunningServer started =
                ownProcess
                        ? ServerProcess.start(settings, folder.resolve("log"))
                        : new RunningServer.Here(OutlayServer.start(config(), seams));
        running = started;
        channel =
                settings.containsKey("unix-socket")
                        ? NettyChannelBuilder.forAddress(new DomainSocketAddress(socket().toFile()))
                                .overrideAuthority("localhost")
                                .channelType(EpollDomainSocketChannel.class)
                                .eventLoopGroup(UnixLoop.GROUP)
                                .usePlaintext()
                                .build()
                        : NettyChannelBuilder.forAddress("127.0.0.1", started.grpcPort())
                                .usePlaintext()
                                .build();
    }

    ServerConfig config() throws Exception {
        return config(Map.of());
    }

    /** As {@link #config}, with more settings. */
    ServerConfig config(Map<String, String> more) throws Exception {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.putAll(more);
        return ServerConfig.parse("test", "", all);
    }

    /** Kills the process without warning. */
    void crash() {
        Objects.requireNonNull(running).kill();
        gone();
    }

    /** Stops gracefully. */
    void stop() {
        Objects.requireNonNull(running).stop();
        gone();
    }

    /** Kills the process, and starts it again. */
    void crashAndRestart() throws Exception {
        crash();
        start();
    }

    void restart() throws Exception {
        stop();
        start();
    }

    private void gone() {
        running = null;
        Objects.requireNonNull(channel).shutdownNow();
    }

    boolean isRunning() {
        return running != null;
    }

    @Override
    public void close() {
        if (running != null) {
            stop();
        }
    }

    // ---- what it has

    ManagedChannel channel() {
        return Objects.requireNonNull(channel);
    }

    DeviceFile device() {
        return device;
    }

    Path dataDirectory() {
        return folder.resolve("data");
    }

    Path volumeDirectory() {
        return dataDirectory().resolve("volumes").resolve(VOLUME);
    }

    private Path socket() {
        return folder.resolve("socket");
    }

    /** How a client of another process names this server. */
    String address() {
        return "127.0.0.1:" + Objects.requireNonNull(running).grpcPort();
    }

    AdminGrpc.AdminBlockingStub admin() {
        return AdminGrpc.newBlockingStub(channel());
    }

    VolumeStatus status() {
        return admin().showVolume(ShowVolumeRequest.newBuilder().setVolume(VOLUME).build())
                .getStatus();
    }

    SpaceUsage space() {
        return status().getSpace();
    }

    TakeSnapshotResponse takeSnapshot() {
        return admin().takeSnapshot(TakeSnapshotRequest.newBuilder().setVolume(VOLUME).build());
    }

    /** One meter of the metrics page. */
    double meter(String name) throws IOException, InterruptedException {
        return page("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /** A page of the HTTP port. */
    String page(String path) throws IOException, InterruptedException {
        URI uri =
                URI.create("http://127.0.0.1:" + Objects.requireNonNull(running).httpPort() + path);
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(uri).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    // ---- fsck

    Path historyDirectory() {
        return folder.resolve("history");
    }

    /** What {@code outlay history} answers, given these arguments. */
    static Answer history(String... args) {
        CommandLine command = made(ClientCommands.byName(), "history");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        command.setExecutionExceptionHandler(
                (failure, line, parsed) -> {
                    line.getErr().println(failure.getMessage());
                    return failure instanceof CommandFailure of
                            ? of.exitCode().code()
                            : ExitCode.FAILED.code();
                });
        int exitCode = command.execute(args);
        return new Answer(exitCode, out.toString(), err.toString());
    }

    private static CommandLine made(Map<String, Supplier<Object>> commands, String name) {
        return new CommandLine(Objects.requireNonNull(commands.get(name), "no such command").get());
    }

    /** What a command did. */
    record Answer(int exitCode, String out, String err) {}

    /** What the running volume finds wrong with itself. */
    List<String> findings() {
        CheckVolumeResponse checked =
                admin().checkVolume(CheckVolumeRequest.newBuilder().setVolume(VOLUME).build());
        return checked.getFindingsList().stream().map(Finding::getMessage).toList();
    }

    /** What {@code outlay fsck} says of the volume on disk while no server runs. */
    record Fsck(int exitCode, String output) {}

    Fsck fsck() {
        CommandLine command = made(ToolCommands.byName(), "fsck");
        StringWriter output = new StringWriter();
        command.setOut(new PrintWriter(output, true));
        command.setErr(new PrintWriter(output, true));
        int exitCode = command.execute(VOLUME, "--data", dataDirectory().toString());
        return new Fsck(exitCode, output.toString());
    }
}
