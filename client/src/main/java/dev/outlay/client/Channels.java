package dev.outlay.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/** Connections to servers, over TCP or a Unix socket; by epoll where the system has it. */
final class Channels {

    private static final String UNIX_SCHEME = "unix:";

    /** A message is at most 4 MiB; the rest is the frame around it. */
    private static final int MAX_MESSAGE_BYTES = (4 << 20) + (64 << 10);

    /** A connection that is being used is asked so often whether the other side lives. */
    private static final int KEEPALIVE_SECONDS = 30;

    private static final int HIGHEST_PORT = 65_535;

    private Channels() {}

    /** A connection that is made when it is first used, with the one thread it runs on. */
    static final class Connection implements AutoCloseable {

        private final ManagedChannel channel;
        private final EventLoopGroup loop;

        private Connection(ManagedChannel channel, EventLoopGroup loop) {
            this.channel = channel;
            this.loop = loop;
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

    /**
     * A connection to {@code host:port} or {@code unix:/path}.
     *
     * @throws OutlayException if the address is none
     */
    static Connection open(String address) throws OutlayException {
        boolean epoll = Epoll.isAvailable();
        if (address.startsWith(UNIX_SCHEME)) {
            String path = address.substring(UNIX_SCHEME.length());
            if (!path.startsWith("/")) {
                throw badAddress(address, "the path of a Unix socket is absolute");
            }
            if (!epoll) {
                throw badAddress(address, "this system has no epoll; use host:port");
            }
            EventLoopGroup loop = loop(true);
            return new Connection(
                    finish(
                            NettyChannelBuilder.forAddress(new DomainSocketAddress(path))
                                    .overrideAuthority("localhost")
                                    .channelType(EpollDomainSocketChannel.class),
                            loop),
                    loop);
        }
        int colon = address.lastIndexOf(':');
        if (colon <= 0) {
            throw badAddress(address, "it has no port");
        }
        EventLoopGroup loop = loop(epoll);
        return new Connection(
                finish(
                        NettyChannelBuilder.forAddress(
                                        address.substring(0, colon), port(address, colon))
                                .channelType(
                                        epoll ? EpollSocketChannel.class : NioSocketChannel.class),
                        loop),
                loop);
    }

    private static ManagedChannel finish(NettyChannelBuilder builder, EventLoopGroup loop) {
        return builder.eventLoopGroup(loop)
                .usePlaintext()
                .directExecutor()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
                .build();
    }

    private static EventLoopGroup loop(boolean epoll) {
        return new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("outlay-net", true),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    private static int port(String address, int colon) throws OutlayException {
        try {
            int port = Integer.parseInt(address.substring(colon + 1));
            if (port >= 1 && port <= HIGHEST_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw badAddress(address, "'" + address.substring(colon + 1) + "' is not a port");
        }
        throw badAddress(address, "a port is 1 to " + HIGHEST_PORT);
    }

    private static OutlayException badAddress(String address, String problem) {
        return OutlayException.noAnswer(
                "the address '" + address + "' cannot be used: " + problem,
                "give host:port or unix:/path");
    }
}
