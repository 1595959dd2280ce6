package dev.outlay.demo;

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

/** The server of the demonstration: a real {@code outlay serve}, killed and started again. */
final class DemoServer {

    /** The name of its log. */
    static final String NAME = "server";

    static final int LEASE_MILLIS = 2_000;

    private static final Pattern GRPC = Pattern.compile("event=serving listen=(\\S+)");
    private static final Pattern HTTP = Pattern.compile("event=serving-http listen=(\\S+)");
    private static final String READY = "event=ready";
    private static final Pattern OPERATIONS =
            Pattern.compile("(?m)^outlay_operations_seconds_count\\{.*} (\\S+)$");
    private static final Pattern TRAFFIC =
            Pattern.compile("(?m)^outlay_network_(?:received|sent)_bytes_total (\\S+)$");
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long POLL_MILLIS = 20;

    private final Stage stage;
    private final Path config;
    private Child process;
    private String address = "";
    private String http = "";
    private long operationsBefore;
    private long trafficBefore;

    private DemoServer(Stage stage, Path config, Child process) {
        this.stage = stage;
        this.config = config;
        this.process = process;
    }

    /** Configures and starts it; it serves when this returns. */
    static DemoServer start(Stage stage) throws IOException, StepFailed, InterruptedException {
        Path config = stage.file("outlay.conf");
        Files.writeString(
                config,
                """
                listen = 127.0.0.1:0
                http-listen = 127.0.0.1:0
                data-directory = %s
                journal.segment-size = 4MiB
                lease.default = %dms
                """
                        .formatted(quoted(stage.file("server-data")), LEASE_MILLIS));
        DemoServer server = new DemoServer(stage, config, launch(stage, config));
        server.awaitReady(0);
        return server;
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    private static Child launch(Stage stage, Path config) throws IOException {
        return Child.writingTo(
                stage.file("server.out"), stage, NAME, List.of("serve", "--config", "" + config));
    }

    /** Where clients reach it, {@code host:port}. */
    String address() {
        return address;
    }

    long pid() {
        return process.pid();
    }

    /** Kills it without warning and starts it again on what it left. */
    void crashAndRestart() throws IOException, StepFailed, InterruptedException {
        String metrics = metrics();
        operationsBefore += sum(OPERATIONS, metrics);
        trafficBefore += sum(TRAFFIC, metrics);
        process.kill();
        long logged = Files.size(stage.log(NAME));
        process = launch(stage, config);
        awaitReady(logged);
    }

    /** Waits until no client of its life before can come back any more. */
    void awaitEndOfGrace(AdminClient admin, String volume)
            throws OutlayException, StepFailed, InterruptedException {
        long start = System.nanoTime();
        while (admin.showVolume(volume).status().inGrace()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new StepFailed("the server is in grace for more than a minute", NAME);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Operations answered so far, by all its lives. */
    long operations() throws IOException {
        return operationsBefore + sum(OPERATIONS, metrics());
    }

    /** Bytes that went through it so far, both ways. */
    long trafficBytes() throws IOException {
        return trafficBefore + sum(TRAFFIC, metrics());
    }

    private String metrics() throws IOException {
        try (InputStream in = URI.create("http://" + http + "/metrics").toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
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
            byte[] log = Files.readAllBytes(stage.log(NAME));
            String said =
                    new String(log, (int) skip, (int) (log.length - skip), StandardCharsets.UTF_8);
            if (said.contains(READY)) {
                address = named(GRPC, said);
                http = named(HTTP, said);
                return;
            }
            if (!process.isAlive()) {
                throw new StepFailed("the server ended while it started", NAME);
            }
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new StepFailed("the server is not ready after a minute", NAME);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static String named(Pattern pattern, String log) throws StepFailed {
        Matcher matcher = pattern.matcher(log);
        if (!matcher.find()) {
            throw new StepFailed("the server does not say where it listens", NAME);
        }
        return matcher.group(1);
    }
}
