package dev.outlay.server.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Serves {@code /metrics}, {@code /health/live} and {@code /health/ready} over HTTP/1.1.
 *
 * <p>One thread, at most {@value #CONNECTIONS_MAX} connections, one request a connection: what a
 * stranger can make it hold is bounded, and it never touches a volume's thread.
 */
public final class HttpEndpoint implements AutoCloseable {
    static final int CONNECTIONS_MAX = 64;
    private static final int LINE_BYTES_MAX = 4096;
    private static final int HEADER_BYTES_MAX = 8192;

    private final EventLoopGroup group;
    private final Channel listening;

    private HttpEndpoint(EventLoopGroup group, Channel listening) {
        this.group = group;
        this.listening = listening;
    }

    /**
     * Starts to listen.
     *
     * @param metrics gives the page of {@code /metrics} in the text format of Prometheus
     * @throws IOException if the address cannot be had; says which and what to do
     */
    public static HttpEndpoint start(
            InetSocketAddress address, Supplier<String> metrics, Health health) throws IOException {
        EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("http", true), NioIoHandler.newFactory());
        AtomicInteger connections = new AtomicInteger();
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(group)
                        .channel(NioServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, CONNECTIONS_MAX)
                        .childHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        admit(channel, connections, new Pages(metrics, health));
                                    }
                                });
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            shutDown(group);
            throw new IOException(
                    "cannot serve HTTP on "
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + ": "
                            + bound.cause().getMessage()
                            + "; stop whoever uses it, or choose another address in http-listen",
                    bound.cause());
        }
        return new HttpEndpoint(group, bound.channel());
    }

    /** The port it listens on, also where any free one was asked for. */
    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** Stops listening and drops what is connected. */
    @Override
    public void close() {
        listening.close().awaitUninterruptibly();
        shutDown(group);
    }

    private static void admit(Channel channel, AtomicInteger connections, Pages pages) {
        channel.closeFuture().addListener(closed -> connections.decrementAndGet());
        if (connections.incrementAndGet() > CONNECTIONS_MAX) {
            var _ = channel.close();
            return;
        }
        channel.pipeline()
                .addLast(
                        new HttpServerCodec(
                                new HttpDecoderConfig()
                                        .setMaxInitialLineLength(LINE_BYTES_MAX)
                                        .setMaxHeaderSize(HEADER_BYTES_MAX)))
                .addLast(new RequestHandler(pages));
    }

    private static void shutDown(EventLoopGroup group) {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
