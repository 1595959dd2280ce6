package dev.outlay.server.fence;

import dev.outlay.core.value.ProcessIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a program of the operator's, for example one that cuts the power of the client's host. It is
 * run without a shell; only its exit with 0, in time, counts. What it prints goes to the log, as
 * far as it is of a reasonable size.
 */
public final class CommandDriver implements FenceDriver {

    private static final Logger LOG = LoggerFactory.getLogger(CommandDriver.class);
    private static final int OUTPUT_BYTES = 4096;
    private static final Duration OUTPUT_PATIENCE = Duration.ofSeconds(1);

    /** Stands where the client did not say. */
    private static final String UNKNOWN = "-";

    private final List<String> command;
    private final Duration timeout;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * @param command the program and its first arguments
     */
    public CommandDriver(List<String> command, Duration timeout) {
        this.command = List.copyOf(command);
        this.timeout = timeout;
    }

    @Override
    public String name() {
        return "command";
    }

    @Override
    public CompletableFuture<FenceResult> fence(FenceTarget target) {
        return CompletableFuture.supplyAsync(() -> run(target), threads);
    }

    private FenceResult run(FenceTarget target) {
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(arguments(target)).redirectErrorStream(true);
            environment(target, builder.environment());
            Process process = builder.start();
            running.add(process);
            try {
                return await(process, target);
            } finally {
                running.remove(process);
                process.destroyForcibly();
            }
        } catch (IOException | IllegalArgumentException e) {
            return new FenceResult.Failed(
                    "cannot run " + command.getFirst() + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new FenceResult.Failed("the server stops");
        }
    }

    private FenceResult await(Process process, FenceTarget target)
            throws InterruptedException, IOException {
        process.getOutputStream().close();
        CompletableFuture<String> output =
                CompletableFuture.supplyAsync(() -> output(process.getInputStream()), threads);
        boolean ended = process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        LOG.info(
                "client={} event=fence-command exit={} output=\"{}\"",
                target.client().id(),
                ended ? process.exitValue() : "none",
                printed(output));
        if (!ended) {
            return new FenceResult.Failed(
                    command.getFirst() + " did not end within " + timeout.toMillis() + " ms");
        }
        return process.exitValue() == 0
                ? new FenceResult.Confirmed(command.getFirst() + " says so")
                : new FenceResult.Failed(
                        command.getFirst() + " ended with exit code " + process.exitValue());
    }

    /** A child of the program may keep its output open: that is not waited for. */
    private static String printed(CompletableFuture<String> output) throws InterruptedException {
        try {
            return output.get(OUTPUT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return "";
        }
    }

    /** The first bytes, on one line; the rest is read and thrown away. */
    private static String output(InputStream in) {
        try (in) {
            byte[] first = in.readNBytes(OUTPUT_BYTES);
            in.skipNBytes(in.available());
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return new String(first, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}+", " ").strip();
        } catch (IOException e) {
            return "";
        }
    }

    private List<String> arguments(FenceTarget target) {
        List<String> arguments = new ArrayList<>(command);
        arguments.add(target.client().id().toString());
        arguments.add(target.client().process().map(ProcessIdentity::host).orElse(UNKNOWN));
        arguments.add(target.client().process().map(p -> "" + p.pid()).orElse(UNKNOWN));
        arguments.add(target.client().process().map(p -> "" + p.startTicks()).orElse(UNKNOWN));
        target.devices().forEach(device -> arguments.add(device.path()));
        return arguments;
    }

    private static void environment(FenceTarget target, Map<String, String> environment) {
        environment.put("OUTLAY_CLIENT_ID", target.client().id().toString());
        environment.put("OUTLAY_OWNER", target.client().owner());
        target.client()
                .process()
                .ifPresent(
                        process -> {
                            environment.put("OUTLAY_HOST", process.host());
                            environment.put("OUTLAY_BOOT_ID", process.bootId());
                            environment.put("OUTLAY_PID", "" + process.pid());
                            environment.put("OUTLAY_PID_NAMESPACE", "" + process.pidNamespace());
                            environment.put("OUTLAY_START_TICKS", "" + process.startTicks());
                        });
        environment.put(
                "OUTLAY_DEVICES",
                String.join("\n", target.devices().stream().map(d -> d.path()).toList()));
    }

    @Override
    public void close() {
        running.forEach(Process::destroyForcibly);
        threads.shutdownNow();
    }
}
