package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.ServerMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A network of one connection at a time, in order, with a delay; a test breaks it at will. */
public final class SimTransport implements Transport {

    /** Who sits at the other end. */
    @FunctionalInterface
    public interface Peer {
        void message(Wire wire, ClientMessage message);
    }

    private final SimScheduler scheduler;
    private final Peer peer;
    private final List<Integer> batches = new ArrayList<>();
    private @Nullable Wire present;
    private boolean down;
    private boolean ready = true;
    private long delayMillis = 1;

    public SimTransport(SimScheduler scheduler, Peer peer) {
        this.scheduler = scheduler;
        this.peer = peer;
    }

    /** One stream. */
    public final class Wire implements Stream {
        private final Listener listener;
        private final Queue<ServerMessage> toClient = new ArrayDeque<>();
        private final Queue<ClientMessage> toServer = new ArrayDeque<>();
        private boolean over;

        Wire(Listener listener) {
            this.listener = listener;
        }

        @Override
        public boolean isReady() {
            return ready && !over;
        }

        @Override
        public void send(ClientMessage message) {
            if (over) {
                return;
            }
            batches.add(message.getRequestsCount());
            toServer.add(message);
            scheduler.schedule(
                    delayMillis,
                    () -> {
                        ClientMessage next = toServer.poll();
                        if (!over && next != null) {
                            peer.message(this, next);
                        }
                    });
        }

        /** Sends to the client. */
        public void answer(ServerMessage message) {
            toClient.add(message);
            scheduler.schedule(
                    delayMillis,
                    () -> {
                        ServerMessage next = toClient.poll();
                        if (!over && next != null) {
                            listener.message(next);
                        }
                    });
        }

        /** Ends the stream; what is under way is lost. */
        public void cut() {
            if (!over) {
                over = true;
                listener.broken(OutlayException.noAnswer("the wire was cut", "mend it"));
            }
        }

        @Override
        public void close() {
            over = true;
        }
    }

    @Override
    public Stream open(Listener listener) {
        Wire wire = new Wire(listener);
        present = wire;
        if (down) {
            scheduler.schedule(delayMillis, wire::cut);
        } else {
            scheduler.schedule(0, listener::ready);
        }
        return wire;
    }

    /** Cuts the present stream. */
    public void cut() {
        if (present != null) {
            present.cut();
        }
    }

    /** Whether new streams break at once. */
    public void down(boolean isDown) {
        down = isDown;
        if (isDown) {
            cut();
        }
    }

    /** How long a message takes, either way. */
    public void delayMillis(long millis) {
        delayMillis = millis;
    }

    /** Whether streams take messages. */
    public void ready(boolean isReady) {
        ready = isReady;
        if (isReady && present != null) {
            present.listener.ready();
        }
    }

    /** How many requests each message held. */
    public List<Integer> batches() {
        return batches;
    }

    @Override
    public void close() {
        cut();
    }
}
