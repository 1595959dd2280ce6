package dev.outlay.bench;

import dev.outlay.process.Program;
import dev.outlay.process.ServerProcess;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code start}: how long one waits for the program. */
final class StartBenchmark implements Benchmark {

    private static final double NANOS_PER_MILLI = 1e6;
    private static final double READY_MILLIS = 1_000;

    @Override
    public String name() {
        return "start";
    }

    @Override
    public String work() {
        return "outlay --version, outlay demo and a server's start, against java -version";
    }

    @Override
    public void run(Bench bench) throws Exception {
        String java = Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
        String version = "start: outlay --version";
        bench.add(
                new Figure(
                        version,
                        "ms",
                        "java -version",
                        Rounds.interleave(
                                bench,
                                version,
                                () -> millis(outlay("--version")),
                                () -> millis(List.of(java, "-version"))),
                        Goal.atMost(3)));
        String ready = "start: server ready";
        ServerProcess server = ServerProcess.start(bench.stage(), "start", "");
        bench.add(
                new Figure(
                        ready,
                        "ms",
                        "a second",
                        Rounds.interleave(
                                bench, ready, () -> readyMillis(server), () -> READY_MILLIS),
                        Goal.atMost(1)));
        server.kill();
        bench.progress("start: outlay demo");
        bench.note("start: outlay demo takes %.1f s".formatted(millis(outlay("demo")) / 1e3));
    }

    private static double readyMillis(ServerProcess server) throws Exception {
        server.kill();
        long start = System.nanoTime();
        server.startAgain();
        return (System.nanoTime() - start) / NANOS_PER_MILLI;
    }

    private static List<String> outlay(String argument) {
        List<String> command = new ArrayList<>(Program.command());
        command.add(argument);
        return command;
    }

    private static double millis(List<String> command) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(Redirect.DISCARD)
                        .start();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + status);
        }
        return (System.nanoTime() - start) / NANOS_PER_MILLI;
    }
}
