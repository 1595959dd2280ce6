package dev.outlay.bench;

import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/** The stream of a session, and the bare one beside it: the same messages either way. */
final class Streams {

    static final String ECHO_SERVICE = "outlay.bench.Echo";

    static final MethodDescriptor<ClientMessage, ServerMessage> ECHO =
            MethodDescriptor.<ClientMessage, ServerMessage>newBuilder()
                    .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
                    .setFullMethodName(
                            MethodDescriptor.generateFullMethodName(ECHO_SERVICE, "Echo"))
                    .setRequestMarshaller(ProtoUtils.marshaller(ClientMessage.getDefaultInstance()))
                    .setResponseMarshaller(
                            ProtoUtils.marshaller(ServerMessage.getDefaultInstance()))
                    .build();

    static final MethodDescriptor<ClientMessage, ServerMessage> SESSION =
            SessionsGrpc.getStreamMethod();

    private static final int MAX_MESSAGE_BYTES = 8 << 20;

    private Streams() {}

    /** A connection with a thread of its own. */
    static final class Connection implements AutoCloseable {
        private final EventLoopGroup loop;
        private final ManagedChannel channel;

        /**
         * @param address {@code host:port}
         */
        Connection(String address) {
            boolean epoll = Epoll.isAvailable();
            loop =
                    new MultiThreadIoEventLoopGroup(
                            1,
                            new DefaultThreadFactory("bench-net", true),
                            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
            channel =
                    NettyChannelBuilder.forTarget(address)
                            .eventLoopGroup(loop)
                            .channelType(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                            .usePlaintext()
                            .directExecutor()
                            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                            .build();
        }

        ManagedChannel channel() {
            return channel;
        }

        @Override
        public void close() {
            channel.shutdownNow();
            var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }
}
