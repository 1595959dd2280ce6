package dev.outlay.server.rpc;

import dev.outlay.core.value.Limits;
import dev.outlay.server.engine.MonotonicClock;
import dev.outlay.server.engine.Sessions;
import dev.outlay.server.engine.VolumeLookup;
import dev.outlay.server.metrics.ServerMeters;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.ServerMessage;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/**
 * The real streams of the server without gRPC below them: the simulator's way into this package.
 */
public final class SimFront {

    private static final int MESSAGE_BYTES = 1 << 20;

    private final SessionStream.Parts parts;

    public SimFront(
            VolumeLookup volumes,
            Sessions sessions,
            Limits limits,
            MonotonicClock clock,
            InstantSource wallClock,
            RandomGenerator random,
            ServerMeters meters) {
        WireCommands wire = new WireCommands(limits, wallClock, random);
        SessionStreams streams = new SessionStreams();
        ClientNotices notices = new ClientNotices(volumes, streams, limits.recallMillis());
        volumes.listen(notices);
        Operations operations =
                new Operations(volumes, sessions, notices, wire, limits, MESSAGE_BYTES);
        sessions.tellReattach(streams::reattach);
        parts =
                new SessionStream.Parts(
                        new Admission(sessions, limits, MESSAGE_BYTES),
                        new StreamRequests(operations),
                        streams,
                        notices,
                        clock,
                        meters,
                        StreamLimits.of(MESSAGE_BYTES));
    }

    /** A client has begun a stream; {@code loop} is its connection's. */
    public StreamObserver<ClientMessage> begin(
            ServerCallStreamObserver<ServerMessage> out, ScheduledExecutorService loop) {
        return SessionStream.begin(out, loop, parts);
    }
}
