package dev.outlay.process;

import dev.outlay.client.AdminClient;
import dev.outlay.client.OutlayException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real {@code outlay serve}, that can be killed and started again. One thread. */
public final class ServerProcess {

    private static final Pattern GRPC = Pattern.compile("event=serving listen=(\\S+)");
    private static final Pattern HTTP = Pattern.compile("event=serving-http listen=(\\S+)");
    private static final String READY = "event=ready";
    private static final Pattern OPERATIONS =
            Pattern.compile("(?m)^outlay_operations_seconds_count\\{.*} (\\S+)$");
    private static final Pattern TRAFFIC =
            Pattern.compile("(?m)^outlay_network_(?:received|sent)_bytes_total (\\S+)$");
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long POLL_MILLIS = 5;

    private final Stage stage;
    private final String name;
    private Child process;
    private String address = "";
    private String http = "";
    private long operationsBefore;
    private long trafficBefore;

    private ServerProcess(Stage stage, String name, Child process) {
        this.stage = stage;
        this.name = name;
        this.process = process;
    }

    /**
     * Configures and starts it; it serves when this returns.
     *
     * @param name of its log and its folder
     * @param more lines of its configuration
     */
    public static ServerProcess start(Stage stage, String name, String more)
            throws IOException, StepFailed, InterruptedException {
        Files.writeString(
                config(stage, name),
                """
                listen = 127.0.0.1:0
                http-listen = 127.0.0.1:0
                data-directory = %s
                """
                                .formatted(quoted(stage.file(name + "-data")))
                        + more);
        ServerProcess server = new ServerProcess(stage, name, launch(stage, name));
        server.awaitReady(0);
        return server;
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    private static Path config(Stage stage, String name) {
        return stage.file(name + ".conf");
    }

    private static Child launch(Stage stage, String name) throws IOException {
        return Child.writingTo(
                stage.file(name + ".out"),
                stage,
                name,
                List.of("serve", "--config", config(stage, name).toString()));
    }

    /** The folder of its journals and snapshots. */
    public Path dataDirectory() {
        return stage.file(name + "-data");
    }

    /** Where clients reach it, {@code host:port}. */
    public String address() {
        return address;
    }

    public long pid() {
        return process.pid();
    }

    /** Kills it without warning and starts it again on what it left. */
    public void crashAndRestart() throws IOException, StepFailed, InterruptedException {
        String metrics = metrics();
        operationsBefore += sum(OPERATIONS, metrics);
        trafficBefore += sum(TRAFFIC, metrics);
        kill();
        startAgain();
    }

    /** Kills it without warning. */
    public void kill() throws StepFailed, InterruptedException {
        process.kill();
    }

    /** Shuts it down. */
    public void end() throws InterruptedException {
        process.end();
    }

    /** Starts it again on what it left; it serves when this returns. */
    public void startAgain() throws IOException, StepFailed, InterruptedException {
        long logged = Files.size(stage.log(name));
        process = launch(stage, name);
        awaitReady(logged);
    }

    /** Waits until no client of its life before can come back any more. */
    public void awaitEndOfGrace(AdminClient admin, String volume)
            throws OutlayException, StepFailed, InterruptedException {
        long start = System.nanoTime();
        while (admin.showVolume(volume).status().inGrace()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new StepFailed("the server is in grace for more than a minute", name);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Operations answered so far, by all its lives. */
    public long operations() throws IOException {
        return operationsBefore + sum(OPERATIONS, metrics());
    }

    /** Bytes that went through it so far, both ways. */
    public long trafficBytes() throws IOException {
        return trafficBefore + sum(TRAFFIC, metrics());
    }

    /** The page of its meters, as Prometheus reads it. */
    public String metrics() throws IOException {
        try (InputStream in = URI.create("http://" + http + "/metrics").toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The sum over a meter of its page; the pattern's first group is the value. */
    public long sum(Pattern meter) throws IOException {
        return sum(meter, metrics());
    }

    private static long sum(Pattern meter, String metrics) {
        return meter.matcher(metrics)
                .results()
                .mapToLong(result -> (long) Double.parseDouble(result.group(1)))
                .sum();
    }

    /**
     * Waits for its log to say where it listens.
     *
     * @param skip bytes of the log that an earlier life wrote
     */
    private void awaitReady(long skip) throws IOException, StepFailed, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            byte[] log = Files.readAllBytes(stage.log(name));
            String said =
                    new String(log, (int) skip, (int) (log.length - skip), StandardCharsets.UTF_8);
            if (said.contains(READY)) {
                address = named(GRPC, said);
                http = named(HTTP, said);
                return;
            }
            if (!process.isAlive()) {
                throw new StepFailed("the server ended while it started", name);
            }
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new StepFailed("the server is not ready after a minute", name);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private String named(Pattern pattern, String log) throws StepFailed {
        Matcher matcher = pattern.matcher(log);
        if (!matcher.find()) {
            throw new StepFailed("the server does not say where it listens", name);
        }
        return matcher.group(1);
    }
}
