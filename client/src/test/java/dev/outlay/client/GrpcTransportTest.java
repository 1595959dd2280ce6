package dev.outlay.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.outlay.client.session.FakeServer;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.AdminGrpc;
import dev.outlay.v1.AttachSessionResponse;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.EndClientResponse;
import dev.outlay.v1.ErrorDetail;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.GetServerInfoResponse;
import dev.outlay.v1.LookupResponse;
import dev.outlay.v1.OpenSessionResponse;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionLimits;
import dev.outlay.v1.SessionsGrpc;
import dev.outlay.v1.ShowVolumeRequest;
import dev.outlay.v1.ShowVolumeResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real network, against a server that knows only how to look up. */
final class GrpcTransportTest {

    @TempDir private Path folder = Path.of("");

    private final AtomicInteger streams = new AtomicInteger();
    private volatile boolean breakNext;

    /** One stream: opens, attaches, looks up, ends. */
    private final class Sessions extends SessionsGrpc.SessionsImplBase {
        @Override
        public StreamObserver<ClientMessage> stream(StreamObserver<ServerMessage> out) {
            streams.incrementAndGet();
            return new StreamObserver<>() {
                @Override
                public void onNext(ClientMessage message) {
                    ServerMessage.Builder answer = ServerMessage.newBuilder();
                    for (Request request : message.getRequestsList()) {
                        if (breakNext && request.hasLookup()) {
                            breakNext = false;
                            out.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
                            return;
                        }
                        answer.addReplies(
                                reply(request)
                                        .setMessageId(request.getMessageId())
                                        .setLeaseRenewed(true));
                    }
                    out.onNext(answer.build());
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {
                    out.onCompleted();
                }
            };
        }

        private Reply.Builder reply(Request request) {
            SessionLimits limits =
                    SessionLimits.newBuilder()
                            .setOutstandingOperations(10)
                            .setMessageBytes(1 << 20)
                            .setRangesPerCommit(10)
                            .setLayoutsPerReattach(10)
                            .build();
            return switch (request.getBodyCase()) {
                case OPEN_SESSION ->
                        Reply.newBuilder()
                                .setOpenSession(
                                        OpenSessionResponse.newBuilder()
                                                .setClientId(1)
                                                .setSecret(FakeServer.SECRET)
                                                .setServerId(FakeServer.SERVER_ID)
                                                .setLeaseMillis(10_000)
                                                .setLimits(limits));
                case ATTACH_SESSION ->
                        Reply.newBuilder()
                                .setAttachSession(
                                        AttachSessionResponse.newBuilder()
                                                .setServerId(FakeServer.SERVER_ID)
                                                .setLeaseMillis(10_000)
                                                .setLimits(limits));
                case LOOKUP ->
                        Reply.newBuilder()
                                .setLookup(
                                        LookupResponse.newBuilder()
                                                .setAttributes(
                                                        FileAttributes.newBuilder()
                                                                .setFileId(5)
                                                                .setParentId(1)
                                                                .setKind(FileKind.FILE_KIND_FILE)));
                case END_CLIENT ->
                        Reply.newBuilder().setEndClient(EndClientResponse.getDefaultInstance());
                default -> throw new AssertionError("unexpected " + request);
            };
        }
    }

    private static final class Administration extends AdminGrpc.AdminImplBase {
        @Override
        public void getServerInfo(
                GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> out) {
            out.onNext(
                    GetServerInfoResponse.newBuilder()
                            .setVersion("1.2.3")
                            .setServerId(FakeServer.SERVER_ID)
                            .build());
            out.onCompleted();
        }

        @Override
        public void showVolume(ShowVolumeRequest request, StreamObserver<ShowVolumeResponse> out) {
            out.onError(
                    StatusProto.toStatusRuntimeException(
                            Status.newBuilder()
                                    .setCode(Code.NOT_FOUND_VALUE)
                                    .addDetails(
                                            Any.pack(
                                                    ErrorDetail.newBuilder()
                                                            .setReason(
                                                                    dev.outlay.v1.Reason
                                                                            .REASON_NOT_FOUND)
                                                            .setMessage("no such volume")
                                                            .setWhatToDo("make one")
                                                            .build()))
                                    .build()));
        }
    }

    private Server start(NettyServerBuilder builder) throws IOException {
        return builder.addService(new Sessions()).addService(new Administration()).build().start();
    }

    @Test
    void overTcpAStreamThatBreaksIsReplaced() throws IOException {
        Server server = start(NettyServerBuilder.forPort(0));
        try (LayoutClient client =
                LayoutClient.connect(ClientOptions.to("localhost:" + server.getPort(), "test"))) {
            assertEquals(5, client.lookup("v", "/x").file().value());
            breakNext = true;
            assertEquals(5, client.lookup("v", "/x").file().value());
            assertEquals(2, streams.get());
            assertEquals("1.2.3", client.admin().serverInfo().version());
            assertTrue(client.session().leaseLeftMillis() > 0);
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void overAUnixSocket() throws IOException {
        Assumptions.assumeTrue(Epoll.isAvailable(), "this system has no epoll");
        Path socket = folder.resolve("server.sock");
        MultiThreadIoEventLoopGroup loop =
                new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Server server =
                start(
                        NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                                .channelType(EpollServerDomainSocketChannel.class)
                                .bossEventLoopGroup(loop)
                                .workerEventLoopGroup(loop));
        try (LayoutClient client =
                LayoutClient.connect(ClientOptions.to("unix:" + socket, "test"))) {
            assertEquals(5, client.lookup("v", "/x").file().value());
        } finally {
            server.shutdownNow();
            var _ = loop.shutdownGracefully();
        }
    }

    @Test
    void aTypedErrorOfAUnaryCallKeepsItsWords() throws IOException {
        Server server = start(NettyServerBuilder.forPort(0));
        try (AdminClient admin = AdminClient.connect("localhost:" + server.getPort(), 5_000)) {
            OutlayException e = assertThrows(OutlayException.class, () -> admin.showVolume("none"));
            assertEquals("no such volume - make one", e.getMessage());
            assertTrue(e.is(Reason.NOT_FOUND));
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void aConnectionLostWhileItIsMadeIsNoAnswer() {
        io.grpc.StatusRuntimeException lost =
                io.grpc.Status.UNKNOWN
                        .withDescription("channel closed")
                        .withCause(new ClosedChannelException())
                        .asRuntimeException();
        OutlayException e = GrpcErrors.of(lost, "host:1");
        assertTrue(
                e.getMessage().startsWith("cannot reach the server at host:1: channel closed"),
                e.getMessage());

        OutlayException answered =
                GrpcErrors.of(io.grpc.Status.UNKNOWN.asRuntimeException(), "host:1");
        assertTrue(answered.getMessage().contains("answered UNKNOWN"), answered.getMessage());
    }

    @Test
    void nobodyListening() throws IOException {
        Server server = start(NettyServerBuilder.forPort(0));
        String address = "localhost:" + server.getPort();
        server.shutdownNow();
        OutlayException e =
                assertThrows(
                        OutlayException.class,
                        () ->
                                LayoutClient.connect(
                                        ClientOptions.to(address, "test").withDeadlineMillis(300)));
        assertTrue(
                e.getMessage().startsWith("cannot reach the server at " + address + ": "),
                e.getMessage());
        assertTrue(
                e.getMessage().endsWith(" - is the server running, and the address right?"),
                e.getMessage());
    }

    @Test
    void addressesThatAreNone() {
        for (String address : new String[] {"host", "host:", "host:0", "host:x", "unix:relative"}) {
            OutlayException e =
                    assertThrows(
                            OutlayException.class,
                            () -> LayoutClient.connect(ClientOptions.to(address, "test")));
            assertTrue(e.getMessage().contains("'" + address + "'"), e.getMessage());
        }
    }
}
