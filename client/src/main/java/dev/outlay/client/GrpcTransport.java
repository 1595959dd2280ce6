package dev.outlay.client;

import dev.outlay.client.session.Transport;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.ServerMessage;
import dev.outlay.v1.SessionsGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Streams over gRPC. Messages arrive on the one thread of the connection. */
final class GrpcTransport implements Transport {

    private final String server;
    private final Channels.Connection connection;

    private GrpcTransport(String server, Channels.Connection connection) {
        this.server = server;
        this.connection = connection;
    }

    /**
     * A transport to {@code host:port} or {@code unix:/path}, not connected yet.
     *
     * @throws OutlayException if the address is none
     */
    static GrpcTransport to(String server) throws OutlayException {
        return new GrpcTransport(server, Channels.open(server));
    }

    /** For unary calls over the same connection. */
    Channel channel() {
        return connection.channel();
    }

    @Override
    public Stream open(Listener listener) {
        ManagedChannel channel = connection.channel();
        // The session has its own patience; gRPC's grows to minutes.
        channel.resetConnectBackoff();
        GrpcStream stream = new GrpcStream(server, listener);
        var _ = SessionsGrpc.newStub(channel).stream(stream);
        return stream;
    }

    @Override
    public void close() {
        connection.close();
    }

    private static final class GrpcStream
            implements Stream, ClientResponseObserver<ClientMessage, ServerMessage> {

        private final String server;
        private final Listener listener;
        private volatile @Nullable ClientCallStreamObserver<ClientMessage> requests;
        private volatile boolean over;

        GrpcStream(String server, Listener listener) {
            this.server = server;
            this.listener = listener;
        }

        // ---- out

        @Override
        public boolean isReady() {
            return !over && out().isReady();
        }

        @Override
        public void send(ClientMessage message) {
            if (over) {
                return;
            }
            try {
                out().onNext(message);
            } catch (IllegalStateException e) {
                // It has ended meanwhile; the listener hears of that, or has asked for it.
                over = true;
            }
        }

        @Override
        public void close() {
            over = true;
            out().cancel("given up by the client", null);
        }

        private ClientCallStreamObserver<ClientMessage> out() {
            return Objects.requireNonNull(requests, "begun before it is handed out");
        }

        // ---- in

        @Override
        public void beforeStart(ClientCallStreamObserver<ClientMessage> stream) {
            requests = stream;
            stream.setOnReadyHandler(
                    () -> {
                        if (!over) {
                            listener.ready();
                        }
                    });
        }

        @Override
        public void onNext(ServerMessage message) {
            if (!over) {
                listener.message(message);
            }
        }

        @Override
        public void onError(Throwable failure) {
            StatusRuntimeException status =
                    switch (failure) {
                        case StatusRuntimeException e -> e;
                        case StatusException e -> e.getStatus().asRuntimeException();
                        default -> Status.fromThrowable(failure).asRuntimeException();
                    };
            broken(GrpcErrors.of(status, server));
        }

        @Override
        public void onCompleted() {
            broken(
                    OutlayException.noAnswer(
                            "the server at " + server + " ended the session's stream",
                            "look at its log"));
        }

        private void broken(OutlayException why) {
            if (!over) {
                over = true;
                listener.broken(why);
            }
        }
    }
}
