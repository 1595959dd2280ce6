package dev.outlay.server.rpc;

import dev.outlay.server.OutlayServer;
import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import dev.outlay.v1.AdminGrpc;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.DevicesGrpc;
import dev.outlay.v1.Durability;
import dev.outlay.v1.FilesGrpc;
import dev.outlay.v1.LayoutsGrpc;
import dev.outlay.v1.OpenSessionRequest;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.SessionRef;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/** A real server over a temporary device file, and a channel to it. */
final class TestServer implements AutoCloseable {
    static final String VOLUME = "v1";
    static final int BLOCK = 4096;

    private static final long DEVICE_BYTES = 16 << 20;

    private final Path device;
    private final OutlayServer server;
    private final ManagedChannel channel;

    private TestServer(Path device, OutlayServer server) {
        this.device = device;
        this.server = server;
        this.channel =
                NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                        .usePlaintext()
                        .build();
    }

    /** Starts a server with one volume. */
    static TestServer withVolume(Path directory, Map<String, String> settings) throws Exception {
        Path device = directory.resolve("device");
        var _ =
                DeviceFormatter.format(
                        device,
                        new FormatOptions(
                                OptionalLong.of(DEVICE_BYTES),
                                BLOCK,
                                true,
                                false,
                                new UUID(7430, 1)));
        TestServer started =
                new TestServer(device, OutlayServer.start(config(directory, settings)));
        var _ =
                started.admin()
                        .createVolume(
                                CreateVolumeRequest.newBuilder()
                                        .setVolume(VOLUME)
                                        .addDevices(
                                                DeviceSlice.newBuilder().setPath(device.toString()))
                                        .setLeastDurability(Durability.DURABILITY_VISIBLE)
                                        .build());
        return started;
    }

    /** Starts a server on what an earlier one left in {@code directory}. */
    static TestServer again(Path directory, Map<String, String> settings) throws Exception {
        return new TestServer(
                directory.resolve("device"), OutlayServer.start(config(directory, settings)));
    }

    static ServerConfig config(Path directory, Map<String, String> settings) throws Exception {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("listen", "127.0.0.1:0");
        all.put("http-listen", "none");
        all.put("data-directory", directory.resolve("data").toString());
        all.put("journal.segment-size", "1MiB");
        all.putAll(settings);
        return ServerConfig.parse("test", "", all);
    }

    Path device() {
        return device;
    }

    OutlayServer server() {
        return server;
    }

    ManagedChannel channel() {
        return channel;
    }

    AdminGrpc.AdminBlockingStub admin() {
        return AdminGrpc.newBlockingStub(channel);
    }

    SessionsGrpc.SessionsBlockingStub sessions() {
        return SessionsGrpc.newBlockingStub(channel);
    }

    LayoutsGrpc.LayoutsBlockingStub layouts() {
        return LayoutsGrpc.newBlockingStub(channel);
    }

    FilesGrpc.FilesBlockingStub files() {
        return FilesGrpc.newBlockingStub(channel);
    }

    DevicesGrpc.DevicesBlockingStub devices() {
        return DevicesGrpc.newBlockingStub(channel);
    }

    SessionRef open(String owner) {
        return ref(sessions().openSession(openRequest(owner)));
    }

    static OpenSessionRequest openRequest(String owner) {
        return OpenSessionRequest.newBuilder()
                .setOwner(owner)
                .setIncarnation(owner.hashCode() | 1L)
                .setMaxIoMillis(1000)
                .build();
    }

    static SessionRef ref(OpenSessionResponse opened) {
        return SessionRef.newBuilder()
                .setClientId(opened.getClientId())
                .setSecret(opened.getSecret())
                .build();
    }

    /** The header of operation {@code id}, everything before it answered. */
    static OperationHeader operation(long id) {
        return OperationHeader.newBuilder()
                .setVolume(VOLUME)
                .setOperationId(id)
                .setAnsweredThrough(id - 1)
                .build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.close();
    }
}
