package dev.outlay.bench;

import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ServerMessage;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The yardstick of whatever goes over a session's stream: a bare grpc-java service that answers
 * each message at once with one of the size a server would send, and does nothing else. Same
 * transport, same threads as the server. Ends with its standard input.
 */
@Command(
        name = "bench-echo",
        hidden = true,
        mixinStandardHelpOptions = true,
        header = "Answer every message at once, for 'outlay bench' to compare with.")
public final class EchoCommand implements Callable<Integer> {

    /** What it says when it can be reached, followed by its port. */
    static final String LISTENING = "listening";

    @Option(
            names = "--replies",
            required = true,
            paramLabel = "FILE",
            description = "A ServerMessage with the reply to each kind of request.")
    private Path replies = Path.of("");

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Map<Reply.BodyCase, Reply> canned = new EnumMap<>(Reply.BodyCase.class);
        ServerMessage.parseFrom(Files.readAllBytes(replies))
                .getRepliesList()
                .forEach(reply -> canned.put(reply.getBodyCase(), reply));
        Server server = serve(canned);
        spec.commandLine().getOut().println(LISTENING + " " + server.getPort());
        spec.commandLine().getOut().flush();
        var _ = System.in.transferTo(OutputStream.nullOutputStream());
        server.shutdownNow().awaitTermination();
        return 0;
    }

    private static Server serve(Map<Reply.BodyCase, Reply> canned) throws IOException {
        boolean epoll = Epoll.isAvailable();
        var io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        Class<? extends ServerChannel> channel =
                epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        return NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        InsecureServerCredentials.create())
                .channelType(channel)
                .bossEventLoopGroup(new MultiThreadIoEventLoopGroup(1, io))
                .workerEventLoopGroup(
                        new MultiThreadIoEventLoopGroup(
                                Runtime.getRuntime().availableProcessors(), io))
                .directExecutor()
                .addService(
                        ServerServiceDefinition.builder(Streams.ECHO_SERVICE)
                                .addMethod(
                                        Streams.ECHO,
                                        ServerCalls.asyncBidiStreamingCall(
                                                out -> new Echo(out, canned)))
                                .build())
                .build()
                .start();
    }

    /** One stream. */
    private record Echo(StreamObserver<ServerMessage> out, Map<Reply.BodyCase, Reply> canned)
            implements StreamObserver<ClientMessage> {

        @Override
        public void onNext(ClientMessage message) {
            ServerMessage.Builder answer = ServerMessage.newBuilder();
            for (Request request : message.getRequestsList()) {
                Reply reply =
                        canned.getOrDefault(
                                Reply.BodyCase.forNumber(request.getBodyCase().getNumber()),
                                Reply.getDefaultInstance());
                answer.addReplies(reply.toBuilder().setMessageId(request.getMessageId()));
            }
            out.onNext(answer.build());
        }

        @Override
        public void onError(Throwable failure) {
            // The client has gone.
        }

        @Override
        public void onCompleted() {
            out.onCompleted();
        }
    }
}
