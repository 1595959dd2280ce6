package dev.outlay.server.rpc;

import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Netty's threads and kinds of channels: epoll where this machine has it, Java's own otherwise.
 *
 * @param name for the log
 * @param acceptor the thread that accepts connections
 * @param workers the threads that serve them, one for each processor
 */
record Transport(
        String name,
        EventLoopGroup acceptor,
        EventLoopGroup workers,
        ChannelFactory<ServerChannel> tcp,
        ChannelFactory<ServerChannel> unix,
        Function<Path, SocketAddress> unixAddress)
        implements AutoCloseable {

    static Transport best() {
        return Epoll.isAvailable() ? epoll() : nio();
    }

    static Transport epoll() {
        return new Transport(
                "epoll",
                threads("grpc-accept", 1, EpollIoHandler.newFactory()),
                threads("grpc", processors(), EpollIoHandler.newFactory()),
                EpollServerSocketChannel::new,
                EpollServerDomainSocketChannel::new,
                path -> new DomainSocketAddress(path.toFile()));
    }

    static Transport nio() {
        return new Transport(
                "nio",
                threads("grpc-accept", 1, NioIoHandler.newFactory()),
                threads("grpc", processors(), NioIoHandler.newFactory()),
                NioServerSocketChannel::new,
                NioServerDomainSocketChannel::new,
                UnixDomainSocketAddress::of);
    }

    private static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static EventLoopGroup threads(String name, int count, IoHandlerFactory io) {
        return new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory(name, true), io);
    }

    /** Ends the threads; connections that are left are dropped. */
    @Override
    public void close() {
        acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        workers.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
