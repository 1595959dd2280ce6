package dev.outlay.bench;

import dev.outlay.process.Child;
import dev.outlay.v1.Reply;
import dev.outlay.v1.ServerMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A server and an echo beside it, with a stream to each; for what is measured on streams. */
final class StreamBench implements AutoCloseable {

    private final BenchServer server;
    private final Child echoProcess;
    private final Streams.Connection toServer;
    private final Streams.Connection toEcho;
    private final Party party;
    private final StreamDriver echo;

    /** Gets from the server one reply of each kind that the echo will be asked for. */
    interface Sample {
        List<Reply> take(Party party) throws Exception;
    }

    /**
     * Starts both.
     *
     * @param name of the files
     * @param replies what the echo answers, by kind of request; learnt from the server
     */
    static StreamBench open(Bench bench, String name, long deviceBytes, Sample replies)
            throws Exception {
        BenchServer server = BenchServer.start(bench, name, deviceBytes);
        Streams.Connection toServer = new Streams.Connection(server.address());
        Party party = Party.open(toServer, "bench", _ -> {}).learnDevices();
        bench.progress(name + ": preparing");
        Path canned = bench.stage().file(name + ".replies");
        ServerMessage.Builder message = ServerMessage.newBuilder();
        for (Reply reply : replies.take(party)) {
            message.addReplies(reply.toBuilder().clearMessageId());
        }
        Files.write(canned, message.build().toByteArray());
        Child process =
                Child.heard(
                        bench.stage(),
                        name + "-echo",
                        List.of("bench-echo", "--replies", canned.toString()));
        String port = process.hears(EchoCommand.LISTENING);
        Streams.Connection toEcho = new Streams.Connection("127.0.0.1:" + port);
        StreamDriver echo = new StreamDriver(toEcho.channel(), Streams.ECHO, _ -> {});
        return new StreamBench(server, process, toServer, toEcho, party, echo);
    }

    private StreamBench(
            BenchServer server,
            Child echoProcess,
            Streams.Connection toServer,
            Streams.Connection toEcho,
            Party party,
            StreamDriver echo) {
        this.server = server;
        this.echoProcess = echoProcess;
        this.toServer = toServer;
        this.toEcho = toEcho;
        this.party = party;
        this.echo = echo;
    }

    /**
     * Lets server, echo, and this process compile what they need.
     *
     * @param ours lanes for the server
     * @param theirs lanes for the echo
     */
    void warmUp(
            Bench bench,
            List<? extends StreamDriver.Lane> ours,
            List<? extends StreamDriver.Lane> theirs)
            throws Exception {
        bench.progress("warming up");
        var _ = party.driver().drive(ours, bench.warmUpNanos(), false);
        var _ = echo.drive(theirs, bench.warmUpNanos(), false);
    }

    BenchServer server() {
        return server;
    }

    Party party() {
        return party;
    }

    StreamDriver echo() {
        return echo;
    }

    /** What the server spends on each reply, from now on. */
    ReplyCost serverCost() {
        return new ReplyCost(server.process().pid());
    }

    /** What the echo spends. */
    ReplyCost echoCost() {
        return new ReplyCost(echoProcess.pid());
    }

    /** Tells what both have spent on each reply. */
    static void tell(Bench bench, String name, ReplyCost server, ReplyCost echo) {
        bench.note(
                "%s: the server spends %s us of processor time on a reply, the echo %s"
                        .formatted(
                                name,
                                Report.number(server.micros()),
                                Report.number(echo.micros())));
    }

    /** As many lanes. */
    static <L> List<L> lanes(int count, IntFunction<L> lane) {
        return IntStream.range(0, count).mapToObj(lane).toList();
    }

    @Override
    public void close() {
        toServer.close();
        toEcho.close();
        try {
            echoProcess.end();
        } catch (InterruptedException e) {
            // The stage sees to it.
            Thread.currentThread().interrupt();
        }
        server.stop();
    }
}
