package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import dev.outlay.server.OutlayServer;
import dev.outlay.server.StartException;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.Reason;
import dev.outlay.v1.RenewRequest;
import dev.outlay.v1.SessionRef;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrpcFrontTest {
    private static final long WAIT_SECONDS = 20;

    @TempDir Path directory;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        server =
                TestServer.withVolume(
                        directory, Map.of("unix-socket", directory.resolve("s").toString()));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aUnaryErrorCarriesItsDetail() throws Exception {
        StatusRuntimeException refused =
                assertThrows(
                        StatusRuntimeException.class,
                        () ->
                                server.files()
                                        .lookup(
                                                LookupRequest.newBuilder()
                                                        .setVolume(TestServer.VOLUME)
                                                        .setPath("/nowhere")
                                                        .build()));
        assertEquals(Status.Code.NOT_FOUND, refused.getStatus().getCode());
        ErrorDetail detail = detail(refused);
        assertEquals(Reason.REASON_NOT_FOUND, detail.getReason());
        assertTrue(detail.getMessage().contains("nowhere"), detail.getMessage());
        assertFalse(detail.getWhatToDo().isEmpty());
        assertFalse(detail.getLeaseRenewed());
    }

    @Test
    void anErrorTellsWhetherItRenewed() throws Exception {
        SessionRef session = server.open("a");
        StatusRuntimeException refused =
                assertThrows(
                        StatusRuntimeException.class,
                        () ->
                                server.files()
                                        .lookup(
                                                LookupRequest.newBuilder()
                                                        .setSession(session)
                                                        .setVolume("other")
                                                        .setPath("/")
                                                        .build()));
        assertTrue(detail(refused).getLeaseRenewed());
        assertTrue(
                server.sessions()
                        .renew(RenewRequest.newBuilder().setSession(session).build())
                        .getLeaseRenewed());
    }

    @Test
    void aCallWithoutItsSessionIsUnauthenticated() throws Exception {
        StatusRuntimeException refused =
                assertThrows(
                        StatusRuntimeException.class,
                        () -> server.sessions().renew(RenewRequest.getDefaultInstance()));
        assertEquals(Status.Code.UNAUTHENTICATED, refused.getStatus().getCode());
        assertEquals(Reason.REASON_NO_SESSION, detail(refused).getReason());
    }

    @Test
    void reflectionListsTheServices() throws Exception {
        CompletableFuture<List<String>> listed = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> ask =
                ServerReflectionGrpc.newStub(server.channel())
                        .serverReflectionInfo(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(ServerReflectionResponse response) {
                                        listed.complete(
                                                response
                                                        .getListServicesResponse()
                                                        .getServiceList()
                                                        .stream()
                                                        .map(service -> service.getName())
                                                        .toList());
                                    }

                                    @Override
                                    public void onError(Throwable failure) {
                                        listed.completeExceptionally(failure);
                                    }

                                    @Override
                                    public void onCompleted() {}
                                });
        ask.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        List<String> names = listed.get(WAIT_SECONDS, TimeUnit.SECONDS);
        ask.onCompleted();
        for (String service : List.of("Sessions", "Layouts", "Files", "Devices", "Admin")) {
            assertTrue(names.contains("outlay.v1." + service), names::toString);
        }
        assertTrue(names.contains("grpc.health.v1.Health"), names::toString);
    }

    @Test
    void healthSaysServing() {
        for (String service : List.of("", "outlay.v1.Sessions", "outlay.v1.Admin")) {
            assertEquals(
                    ServingStatus.SERVING,
                    HealthGrpc.newBlockingStub(server.channel())
                            .check(HealthCheckRequest.newBuilder().setService(service).build())
                            .getStatus());
        }
    }

    @Test
    void aPortInUseIsNamedWithWhatToDo(@TempDir Path other) throws Exception {
        String address = "127.0.0.1:" + server.server().grpcPort();
        StartException refused = startRefused(other, Map.of("listen", address));
        assertTrue(refused.getMessage().contains("cannot listen on " + address));
        assertTrue(refused.getMessage().contains("another address in listen"));
    }

    @Test
    void theUnixSocketServesAsTcpDoes() throws Exception {
        MultiThreadIoEventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ManagedChannel unix =
                NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(directory.resolve("s")))
                        .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                        .eventLoopGroup(loops)
                        .overrideAuthority("localhost")
                        .usePlaintext()
                        .build();
        try {
            var info =
                    dev.outlay.v1.AdminGrpc.newBlockingStub(unix)
                            .getServerInfo(GetServerInfoRequest.getDefaultInstance());
            assertEquals(1, info.getServerIncarnation());
        } finally {
            unix.shutdownNow();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    @Test
    void aUnixSocketIsReplacedOnlyIfNobodyListens(@TempDir Path other) throws Exception {
        Path live = directory.resolve("s");
        StartException inUse = startRefused(other, Map.of("unix-socket", live.toString()));
        assertTrue(inUse.getMessage().contains("somebody listens"), inUse.getMessage());

        Path file = Files.writeString(other.resolve("file"), "mine");
        StartException noSocket = startRefused(other, Map.of("unix-socket", file.toString()));
        assertTrue(noSocket.getMessage().contains("is no socket"), noSocket.getMessage());
        assertEquals("mine", Files.readString(file));

        Path stale = other.resolve("stale");
        try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(stale));
        }
        assertTrue(Files.exists(stale));
        OutlayServer.start(TestServer.config(other, Map.of("unix-socket", stale.toString())))
                .close();
        assertFalse(Files.exists(stale), "gone with the server that listened");
    }

    @Test
    void tooLongASocketPathIsRefused(@TempDir Path other) throws Exception {
        Path longPath = other.resolve("x".repeat(120));
        StartException refused = startRefused(other, Map.of("unix-socket", longPath.toString()));
        assertTrue(refused.getMessage().contains("bytes, more than 107"), refused.getMessage());
    }

    private static StartException startRefused(Path directory, Map<String, String> settings)
            throws Exception {
        var config = TestServer.config(directory, settings);
        return assertThrows(StartException.class, () -> OutlayServer.start(config));
    }

    private static ErrorDetail detail(StatusRuntimeException refused) throws Exception {
        com.google.rpc.Status status =
                Objects.requireNonNull(StatusProto.fromThrowable(refused), "no details");
        Any detail = status.getDetails(0);
        return detail.unpack(ErrorDetail.class);
    }
}
