package dev.outlay.server.sim;

import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What crosses the network, message by message at both its ends: whose it is, and which request a
 * reply answers. Read off the wire, independently of what either end makes of it.
 */
final class Talk {

    private final World world;
    private final List<Listener> listeners = new ArrayList<>();

    /** Hears every message; {@code client} is 0 before a session is open. */
    interface Listener {
        /** A request leaves its client. */
        default void sent(long client, Request request) {}

        /** A request arrives at the server. */
        default void heard(long client, Request request) {}

        /** A reply leaves the server. */
        default void said(long client, Request request, Reply reply) {}

        /** A notice leaves the server. */
        default void noticed(long client, Notice notice) {}

        /** A reply arrives at its client. */
        default void got(long client, Request request, Reply reply) {}

        /** A notice arrives at its client. */
        default void gotNotice(long client, Notice notice) {}

        /** The server has lost the stream of a request, and answers it no more. */
        default void dropped(long client, Request request) {}

        /** The server runs no more. */
        default void serverDied() {}

        /**
         * The journal failed: the running server has its state back, without what was not in it.
         */
        default void stateReadBack() {}
    }

    /** What is known of a stream: whose it is, and which requests are open at each of its ends. */
    private static final class Spoken {
        private long client;
        private final Map<Long, Request> atClient = new HashMap<>();
        private final Map<Long, Request> atServer = new HashMap<>();
    }

    private final Map<SimNetwork.Stretch, Spoken> streams = new HashMap<>();
    private final Map<Long, SimProcess> processes = new HashMap<>();

    Talk(World world) {
        this.world = world;
    }

    void add(Listener listener) {
        listeners.add(listener);
    }

    /** Whose stream it is; 0 if that is not known yet. */
    long speaker(SimNetwork.Stretch stream) {
        return of(stream).client;
    }

    /** The process that last spoke for a client. */
    @Nullable SimProcess processOf(long client) {
        return processes.get(client);
    }

    private Spoken of(SimNetwork.Stretch stream) {
        return streams.computeIfAbsent(stream, _ -> new Spoken());
    }

    /** A check that fails is not the failure of who speaks, who would only take note of it. */
    private void tell(Consumer<Listener> what) {
        for (Listener each : listeners) {
            try {
                what.accept(each);
            } catch (RuntimeException e) {
                StackTraceElement[] where = e.getStackTrace();
                world.violated(
                        each.getClass().getSimpleName(),
                        "a check failed by itself: "
                                + e
                                + (where.length > 1 ? " at " + where[1] + " at " + where[0] : ""));
            }
        }
    }

    void sent(SimNetwork.Stretch stream, ClientMessage message) {
        Spoken spoken = of(stream);
        for (Request request : message.getRequestsList()) {
            if (request.hasAttachSession()) {
                spoken.client = request.getAttachSession().getSession().getClientId();
            }
            spoken.atClient.put(request.getMessageId(), request);
            if (spoken.client != 0) {
                processes.put(spoken.client, stream.process());
            }
            tell(each -> each.sent(spoken.client, request));
        }
    }

    void heard(SimNetwork.Stretch stream, ClientMessage message) {
        Spoken spoken = of(stream);
        for (Request request : message.getRequestsList()) {
            world.count("request", request.getBodyCase());
            world.detail(() -> Words.of(stream.process().name(), request));
            spoken.atServer.put(request.getMessageId(), request);
            tell(each -> each.heard(spoken.client, request));
        }
    }

    void said(SimNetwork.Stretch stream, ServerMessage message) {
        Spoken spoken = of(stream);
        for (Notice notice : message.getNoticesList()) {
            world.count("notice", notice.getBodyCase());
            world.detail(() -> Words.of(stream.process().name(), notice));
            tell(each -> each.noticed(spoken.client, notice));
        }
        for (Reply reply : message.getRepliesList()) {
            if (reply.hasOpenSession()) {
                spoken.client = reply.getOpenSession().getClientId();
            }
            world.detail(() -> Words.of(stream.process().name(), reply));
            if (reply.hasError()) {
                world.count("refused", reply.getError().getReason());
            }
            Request request = spoken.atServer.remove(reply.getMessageId());
            if (request != null) {
                tell(each -> each.said(spoken.client, request, reply));
            }
        }
    }

    void got(SimNetwork.Stretch stream, ServerMessage message) {
        Spoken spoken = of(stream);
        processes.put(spoken.client, stream.process());
        for (Reply reply : message.getRepliesList()) {
            Request request = spoken.atClient.remove(reply.getMessageId());
            if (request != null) {
                tell(each -> each.got(spoken.client, request, reply));
            }
        }
        for (Notice notice : message.getNoticesList()) {
            tell(each -> each.gotNotice(spoken.client, notice));
        }
    }

    void dropped(SimNetwork.Stretch stream) {
        Spoken spoken = of(stream);
        List<Request> open = List.copyOf(spoken.atServer.values());
        spoken.atServer.clear();
        for (Request request : open) {
            tell(each -> each.dropped(spoken.client, request));
        }
    }

    void serverDied() {
        listeners.forEach(Listener::serverDied);
    }

    void stateReadBack() {
        listeners.forEach(Listener::stateReadBack);
    }
}
