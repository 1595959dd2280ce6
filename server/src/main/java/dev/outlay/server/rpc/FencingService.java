package dev.outlay.server.rpc;

import dev.outlay.core.value.ProcessIdentity;
import dev.outlay.server.fence.FenceAgents;
import dev.outlay.server.fence.FenceTarget;
import dev.outlay.v1.FenceAgentHello;
import dev.outlay.v1.FenceAgentMessage;
import dev.outlay.v1.FenceOrder;
import dev.outlay.v1.FenceReport;
import dev.outlay.v1.FencingGrpc;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Connections of fence agents: hello first, then orders one way and reports the other. */
final class FencingService extends FencingGrpc.FencingImplBase {

    private static final int DETAIL_CHARACTERS = 1000;

    private final FenceAgents agents;
    private final Set<AgentStream> open = ConcurrentHashMap.newKeySet();

    FencingService(FenceAgents agents) {
        this.agents = agents;
    }

    @Override
    public StreamObserver<FenceAgentMessage> serve(StreamObserver<FenceOrder> out) {
        AgentStream stream = new AgentStream((ServerCallStreamObserver<FenceOrder>) out);
        open.add(stream);
        return stream;
    }

    /** The server stops: agents connect again, to this one when it is back. */
    void stop() {
        open.forEach(stream -> stream.end(Status.UNAVAILABLE, "the server stops"));
    }

    /** One agent. gRPC calls from one thread at a time, orders come from any. */
    private final class AgentStream
            implements StreamObserver<FenceAgentMessage>, FenceAgents.Agent {
        private final ServerCallStreamObserver<FenceOrder> out;
        private FenceAgents.@Nullable Connection connection;
        private boolean ended;

        AgentStream(ServerCallStreamObserver<FenceOrder> out) {
            this.out = out;
            out.setOnCancelHandler(this::gone);
        }

        @Override
        public void onNext(FenceAgentMessage message) {
            FenceAgents.Connection known = connection;
            switch (message.getBodyCase()) {
                case HELLO -> hello(message.getHello());
                case REPORT -> {
                    if (known == null) {
                        end(Status.INVALID_ARGUMENT, "a report before hello");
                        return;
                    }
                    FenceReport report = message.getReport();
                    agents.report(
                            known,
                            report.getOrderId(),
                            report.getConfirmed(),
                            oneLine(report.getDetail()));
                }
                case BODY_NOT_SET -> {
                    // A newer agent says something that this server does not know.
                }
            }
        }

        private void hello(FenceAgentHello hello) {
            if (connection != null) {
                end(Status.INVALID_ARGUMENT, "hello came twice");
                return;
            }
            try {
                String host = WireFencing.host("host", hello.getHost());
                String boot =
                        Fields.textOrEmpty(
                                "boot_id", hello.getBootId(), ProcessIdentity.MAX_TEXT_BYTES);
                connection = agents.connect(host, boot, this);
                if (connection == null) {
                    end(
                            Status.ALREADY_EXISTS,
                            "an agent of host "
                                    + host
                                    + " with another boot id is connected: give each host a name"
                                    + " of its own");
                }
            } catch (RequestRefused e) {
                end(Status.INVALID_ARGUMENT, e.what());
            }
        }

        private static String oneLine(String detail) {
            String line = detail.replaceAll("\\p{Cntrl}+", " ").strip();
            return line.length() <= DETAIL_CHARACTERS ? line : line.substring(0, DETAIL_CHARACTERS);
        }

        @Override
        public void order(long orderId, FenceTarget target, Duration timeout) {
            FenceOrder order = WireFencing.order(orderId, target, timeout.toMillis());
            synchronized (this) {
                if (!ended) {
                    out.onNext(order);
                }
            }
        }

        @Override
        public void disconnect(String why) {
            end(Status.ABORTED, why);
        }

        private void end(Status status, String why) {
            synchronized (this) {
                if (ended) {
                    return;
                }
                ended = true;
                out.onError(status.withDescription(why).asRuntimeException());
            }
            gone();
        }

        @Override
        public void onError(Throwable broken) {
            gone();
        }

        @Override
        public void onCompleted() {
            synchronized (this) {
                if (!ended) {
                    ended = true;
                    out.onCompleted();
                }
            }
            gone();
        }

        private void gone() {
            synchronized (this) {
                ended = true;
            }
            FenceAgents.Connection known = connection;
            if (open.remove(this) && known != null) {
                agents.disconnected(known);
            }
        }
    }
}
