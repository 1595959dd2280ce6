package dev.outlay.server.scenario;

import dev.outlay.client.ClientOptions;
import dev.outlay.client.CommitRequest;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.client.MappedBlocks;
import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * A client in a process of its own that is granted a range, is stopped, and when it goes on stores
 * there without looking at its lease - what a CPU in the middle of a copy does - and then commits.
 */
final class StoppedWriter implements AutoCloseable {
    static final int LEASE_MILLIS = 500;

    private static final String HOLDS = "holds";
    private static final String TOLD = "told ";
    private static final byte LATE = (byte) 0xEE;
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final BufferedReader out;

    private StoppedWriter(Process process) {
        this.process = process;
        this.out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Starts it; it holds the range when this returns. */
    static StoppedWriter holding(ScenarioServer server, Path log, long file, int blocks)
            throws IOException {
        List<String> command = new ArrayList<>(Jvm.command(StoppedWriter.class));
        command.addAll(
                List.of(
                        server.address(),
                        server.device().path().toString(),
                        Long.toString(file),
                        Integer.toString(blocks)));
        StoppedWriter writer =
                new StoppedWriter(
                        new ProcessBuilder(command)
                                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                                .start());
        writer.expect(HOLDS);
        return writer;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void stop() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** Goes on, stores, and commits; returns the reason of the refusal. */
    String resume() throws IOException, InterruptedException {
        signal("-CONT");
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        return expect(TOLD).substring(TOLD.length());
    }

    private void signal(String signal) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", signal, "" + process.pid()).start().waitFor();
        if (exit != 0) {
            throw new IOException("kill " + signal + " ended with " + exit);
        }
    }

    private String expect(String beginning) throws IOException {
        String line = out.readLine();
        if (line == null || !line.startsWith(beginning)) {
            throw new IOException("instead of '" + beginning + "' it said: " + line);
        }
        return line;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("pid " + process.pid() + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The process: {@code address device file blocks}. */
    public static void main(String[] args) throws IOException {
        FileId file = new FileId(Long.parseLong(args[2]));
        long length = Long.parseLong(args[3]) * ScenarioServer.BLOCK;
        LayoutClient client =
                LayoutClient.connect(
                        ClientOptions.to(args[0], "stopped")
                                .withLeaseMillis(LEASE_MILLIS)
                                .withMaxIoMillis(20)
                                .withDeadlineMillis(10_000));
        MappedBlocks mapped =
                client.mapBlocks(
                        ScenarioServer.VOLUME,
                        MapRequest.of(file, 0, length, IoMode.RW, Optional.empty()));
        System.out.println(HOLDS);
        System.out.flush();
        if (System.in.read() < 0) {
            return;
        }
        List<CommitRequest.Range> ranges = new ArrayList<>();
        DeviceFile device = DeviceFile.of(Path.of(args[1]));
        for (Extent extent : mapped.extents()) {
            device.fill(extent.deviceOffset(), extent.length(), LATE);
            ranges.add(
                    new CommitRequest.Range(
                            extent.fileOffset(),
                            extent.length(),
                            extent.device(),
                            extent.deviceOffset()));
        }
        System.out.println(TOLD + commit(client, file, mapped, ranges));
        System.out.flush();
        System.exit(0);
    }

    private static String commit(
            LayoutClient client,
            FileId file,
            MappedBlocks mapped,
            List<CommitRequest.Range> ranges) {
        try {
            var _ =
                    client.commitBlocks(
                            ScenarioServer.VOLUME,
                            new CommitRequest(
                                    file,
                                    mapped.stateid().orElseThrow(),
                                    ranges,
                                    mapped.mapEpoch(),
                                    Durability.FORCED,
                                    OptionalLong.empty(),
                                    OptionalLong.empty(),
                                    Map.of(0, 1L)));
            return "nothing";
        } catch (OutlayException e) {
            return String.valueOf(e.reason().map(Enum::name).orElse(e.getMessage()));
        }
    }
}
