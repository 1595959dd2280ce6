package dev.outlay.server.scenario;

import dev.outlay.server.OutlayServer;
import dev.outlay.server.config.ServerConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server as a process of its own, to be killed without warning. */
final class ServerProcess implements RunningServer {
    private static final String READY = "ready ";
    private static final long STOP_SECONDS = 20;

    private final Process process;
    private final int grpcPort;
    private final int httpPort;

    private ServerProcess(Process process, int grpcPort, int httpPort) {
        this.process = process;
        this.grpcPort = grpcPort;
        this.httpPort = httpPort;
    }

    /** Starts it; it serves when this returns. */
    static ServerProcess start(Map<String, String> settings, Path log) throws IOException {
        List<String> command = new ArrayList<>(Jvm.command(ServerProcess.class));
        settings.forEach((key, value) -> command.add(key + "=" + value));
        Process process =
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start();
        // Its stream stays open: closing it is how the process is told to stop.
        BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (line == null || !line.startsWith(READY)) {
            process.destroyForcibly();
            throw new IOException("the server did not start:\n" + Files.readString(log));
        }
        String[] ports = line.substring(READY.length()).split(" ", 2);
        return new ServerProcess(process, Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
    }

    /** The process: serves until its standard input ends. */
    public static void main(String[] args) throws Exception {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String arg : args) {
            int equals = arg.indexOf('=');
            settings.put(arg.substring(0, equals), arg.substring(equals + 1));
        }
        try (OutlayServer server = OutlayServer.start(ServerConfig.parse("test", "", settings))) {
            System.out.println(READY + server.grpcPort() + " " + server.httpPort().orElseThrow());
            while (System.in.read() >= 0) {}
        }
    }

    @Override
    public int grpcPort() {
        return grpcPort;
    }

    @Override
    public int httpPort() {
        return httpPort;
    }

    /** SIGKILL; the process is gone when this returns. */
    @Override
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    @Override
    public void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the server did not end in " + STOP_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
