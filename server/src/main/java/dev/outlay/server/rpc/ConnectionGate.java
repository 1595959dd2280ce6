package dev.outlay.server.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets in so many connections at a time and no more; shared by all sockets of a server. */
final class ConnectionGate {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionGate.class);

    private final int max;
    private final AtomicInteger open = new AtomicInteger();

    ConnectionGate(int max) {
        this.max = max;
    }

    /** Channels of {@code factory} that pass their connections through this gate. */
    ChannelFactory<ServerChannel> guard(ChannelFactory<ServerChannel> factory) {
        return () -> {
            ServerChannel channel = factory.newChannel();
            channel.pipeline().addLast(new Handler());
            return channel;
        };
    }

    private final class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object accepted) {
            Channel connection = (Channel) accepted;
            if (open.incrementAndGet() > max) {
                open.decrementAndGet();
                LOG.warn(
                        "event=connection-refused reason=\"{} connections are open, as many as"
                                + " limits.connections allows\"",
                        max);
                connection.unsafe().closeForcibly();
                return;
            }
            context.fireChannelRead(connection);
            var _ = connection.closeFuture().addListener(closed -> open.decrementAndGet());
        }
    }
}
