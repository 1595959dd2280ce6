package dev.outlay.server.metrics;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;

/** Counts what gRPC receives and sends, in bytes on the wire: files' bytes would show here. */
public final class TrafficTracer extends ServerStreamTracer.Factory {
    private final ServerMeters meters;

    public TrafficTracer(ServerMeters meters) {
        this.meters = meters;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        return new ServerStreamTracer() {
            @Override
            public void inboundWireSize(long bytes) {
                meters.received(bytes);
            }

            @Override
            public void outboundWireSize(long bytes) {
                meters.sent(bytes);
            }
        };
    }
}
