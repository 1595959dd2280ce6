package dev.outlay.server.sim;

import dev.outlay.client.OutlayException;
import dev.outlay.client.session.Transport;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * The way from one process to the server. Messages of a stream keep their order in each direction,
 * and nothing else does: each stream has its own delays, so that what an old one still carries may
 * come after what a new one brings. A broken stream is noticed by each side in its own time, and
 * what was under way arrives or not.
 */
final class SimNetwork implements Transport {

    private static final long SHORTEST_NANOS = 20_000;
    private static final long LONGEST_NANOS = 3_000_000;

    /** So much later may a side notice that a stream is broken. */
    private static final long UNNOTICED_NANOS = 400_000_000;

    private final World world;
    private final SimProcess process;
    private final Peer peer;
    private final Set<Stretch> open = new LinkedHashSet<>();
    private long partitionedUntilNanos;

    /** The server, as the network finds it at the moment. */
    interface Peer {
        /** Which start of the server this is; 0: none runs. */
        int incarnation();

        ScheduledExecutorService newLoop();

        StreamObserver<ClientMessage> begin(
                ServerCallStreamObserver<ServerMessage> out, ScheduledExecutorService loop);

        /** A message leaves its client. */
        void sent(Stretch stream, ClientMessage message);

        /** A message arrives. */
        void heard(Stretch stream, ClientMessage message);

        /** What comes behind that message, and no library has sent. */
        Optional<Request.Builder> strayBehind(Stretch stream, ClientMessage message);

        /** A message leaves. */
        void said(Stretch stream, ServerMessage message);

        /** The server has lost a stream: nothing more leaves on it. */
        void dropped(Stretch stream);

        /** A message arrives at its client. */
        void got(Stretch stream, ServerMessage message);
    }

    SimNetwork(World world, SimProcess process, Peer peer) {
        this.world = world;
        this.process = process;
        this.peer = peer;
    }

    @Override
    public Stream open(Listener listener) {
        Stretch stream = new Stretch(listener);
        open.add(stream);
        stream.connect();
        return stream.atClient;
    }

    @Override
    public void close() {
        List.copyOf(open).forEach(stream -> stream.atClient.close());
    }

    // ---- trouble

    /** Nothing gets through for a while. */
    void partition(long nanos) {
        partitionedUntilNanos = Math.max(partitionedUntilNanos, world.nanos() + nanos);
    }

    void heal() {
        partitionedUntilNanos = 0;
    }

    /** Every stream breaks. */
    void drop() {
        List.copyOf(open).forEach(Stretch::cut);
    }

    /** The process is gone, and its kernel or nobody tells the server. */
    void processDied() {
        List.copyOf(open).forEach(Stretch::clientDied);
    }

    /** The server is gone. */
    void serverDied() {
        List.copyOf(open).forEach(Stretch::serverDied);
    }

    private long travel() {
        long delay = world.delay(SHORTEST_NANOS, LONGEST_NANOS);
        return Math.max(world.nanos() + delay, partitionedUntilNanos + delay);
    }

    /** One stream, both its ends and what lies between. */
    final class Stretch extends ServerCallStreamObserver<ServerMessage> {
        private final Listener listener;
        private final Deque<ClientMessage> arrived = new ArrayDeque<>();
        private final Insertions insertions = new Insertions();
        private @Nullable ClientMessage inserted;
        private @Nullable StreamObserver<ClientMessage> atServer;
        private Runnable onCancel = () -> {};
        private Runnable onClose = () -> {};
        private int serverIncarnation;
        private int credits;
        private boolean handing;
        private boolean connected;
        private boolean clientOver;
        private boolean serverOver;
        private boolean losesUp;
        private boolean losesDown;
        private long lastUpNanos;
        private long lastDownNanos;

        Stretch(Listener listener) {
            this.listener = listener;
        }

        SimProcess process() {
            return process;
        }

        int serverIncarnation() {
            return serverIncarnation;
        }

        // ---- between

        private void up(Runnable action) {
            lastUpNanos = Math.max(lastUpNanos, travel());
            world.after(
                    lastUpNanos - world.nanos(),
                    () -> {
                        if (!losesUp) {
                            action.run();
                        }
                    });
        }

        private void down(Runnable action) {
            lastDownNanos = Math.max(lastDownNanos, travel());
            process.deliver(
                    lastDownNanos - world.nanos(),
                    () -> {
                        if (!losesDown) {
                            action.run();
                        }
                    });
        }

        private void connect() {
            up(
                    () -> {
                        if (peer.incarnation() == 0) {
                            serverOver = true;
                            down(() -> broken("connection refused"));
                            return;
                        }
                        serverIncarnation = peer.incarnation();
                        atServer = peer.begin(this, peer.newLoop());
                        down(
                                () -> {
                                    connected = true;
                                    if (!clientOver) {
                                        listener.ready();
                                    }
                                });
                    });
        }

        private boolean serverLives() {
            return !serverOver && peer.incarnation() == serverIncarnation;
        }

        private void broken(String why) {
            open.remove(this);
            if (!clientOver) {
                clientOver = true;
                listener.broken(OutlayException.noAnswer(why, "wait"));
            }
        }

        private void cancelled() {
            if (serverLives()) {
                serverOver = true;
                peer.dropped(this);
                onCancel.run();
                Optional.ofNullable(atServer)
                        .ifPresent(s -> s.onError(new IllegalStateException("cancelled")));
                onClose.run();
            }
        }

        // ---- trouble

        void cut() {
            world.count("stream cut");
            losesUp = world.random().nextBoolean();
            losesDown = world.random().nextBoolean();
            long client = Math.max(world.delay(0, UNNOTICED_NANOS), lastDownNanos - world.nanos());
            long server = Math.max(world.delay(0, UNNOTICED_NANOS), lastUpNanos - world.nanos());
            process.deliver(client + 1, () -> broken("connection reset"));
            world.after(server + 1, this::cancelled);
            lastUpNanos = Long.MAX_VALUE / 2;
            lastDownNanos = Long.MAX_VALUE / 2;
        }

        void clientDied() {
            open.remove(this);
            clientOver = true;
            losesUp |= world.oneIn(4);
            long server = Math.max(world.delay(0, UNNOTICED_NANOS), lastUpNanos - world.nanos());
            world.after(server + 1, this::cancelled);
        }

        void serverDied() {
            serverOver = true;
            losesDown |= world.oneIn(3);
            long client = Math.max(world.delay(0, UNNOTICED_NANOS), lastDownNanos - world.nanos());
            process.deliver(client + 1, () -> broken("connection reset"));
            lastDownNanos = Long.MAX_VALUE / 2;
        }

        // ---- the client's end

        private final Stream atClient =
                new Stream() {
                    @Override
                    public boolean isReady() {
                        return connected && !clientOver;
                    }

                    @Override
                    public void send(ClientMessage message) {
                        if (!clientOver) {
                            peer.sent(Stretch.this, message);
                            up(
                                    () -> {
                                        arrived.add(message);
                                        handOver();
                                    });
                        }
                    }

                    @Override
                    public void close() {
                        if (!clientOver) {
                            clientOver = true;
                            open.remove(Stretch.this);
                            up(Stretch.this::cancelled);
                        }
                    }
                };

        // ---- the server's end

        private void handOver() {
            if (handing) {
                return;
            }
            handing = true;
            while (credits > 0 && (inserted != null || !arrived.isEmpty()) && serverLives()) {
                credits--;
                ClientMessage stray = inserted;
                ClientMessage message =
                        stray != null ? stray : insertions.up(arrived.removeFirst());
                inserted = null;
                peer.heard(this, message);
                if (stray == null) {
                    peer.strayBehind(this, message)
                            .ifPresent(request -> inserted = insertions.insert(request));
                }
                Optional.ofNullable(atServer).ifPresent(s -> s.onNext(message));
            }
            handing = false;
        }

        @Override
        public boolean isReady() {
            return !serverOver;
        }

        @Override
        public void request(int count) {
            credits += count;
            if (atServer != null) {
                handOver();
            }
        }

        @Override
        public void onNext(ServerMessage message) {
            if (!serverLives()) {
                return;
            }
            peer.said(this, message);
            down(
                    () -> {
                        if (!clientOver) {
                            ServerMessage known = insertions.down(message);
                            peer.got(this, known);
                            listener.message(known);
                        }
                    });
        }

        @Override
        public void onError(Throwable failure) {
            serverOver = true;
            peer.dropped(this);
            down(() -> broken("ended by the server: " + failure.getMessage()));
        }

        @Override
        public void onCompleted() {
            serverOver = true;
            peer.dropped(this);
            down(() -> broken("ended by the server"));
        }

        @Override
        public boolean isCancelled() {
            return serverOver;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {
            onCancel = handler;
        }

        @Override
        public void setOnCloseHandler(Runnable handler) {
            onClose = handler;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void disableAutoRequest() {}

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public void setMessageCompression(boolean enable) {}
    }
}
