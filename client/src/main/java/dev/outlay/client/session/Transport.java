package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.ServerMessage;

/** The network as a session needs it: streams to one server. Any thread may call. */
public interface Transport extends AutoCloseable {

    /**
     * Begins a stream, and connects first where that is needed. Returns at once; whether it works
     * shows by a message or by {@link Listener#broken}.
     */
    Stream open(Listener listener);

    /** Ends all streams and the connection. */
    @Override
    void close();

    /** One stream of messages, in order. */
    interface Stream {

        /** Whether a message would be written rather than queued. */
        boolean isReady();

        /** Sends a message; one thread at a time. After the end of the stream it does nothing. */
        void send(ClientMessage message);

        /** Ends the stream; the listener hears nothing more. */
        void close();
    }

    /** What a stream brings; called by one thread at a time, never from within {@link #open}. */
    interface Listener {

        /** A message of the server. */
        void message(ServerMessage message);

        /** The stream can take messages again. */
        void ready();

        /** The stream is over, or never began; nothing follows. */
        void broken(OutlayException why);
    }
}
