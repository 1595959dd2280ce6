package dev.outlay.client;

import io.grpc.Channel;

/** A fence agent's connection to its server. */
public final class AgentChannel implements AutoCloseable {

    private final Channels.Connection connection;

    private AgentChannel(Channels.Connection connection) {
        this.connection = connection;
    }

    /** A connection that is made when it is first used. */
    public static AgentChannel open(String server) throws OutlayException {
        return new AgentChannel(Channels.open(server));
    }

    public Channel channel() {
        return connection.channel();
    }

    @Override
    public void close() {
        connection.close();
    }
}
