package dev.outlay.server.scenario;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A client in a process of its own that reads one file again and again, all of it at once, so that
 * a signal stops it in the middle of a copy, as good as always. Each copy that the library hands
 * out must be the file's own bytes.
 */
final class StoppedReader implements AutoCloseable {
    static final byte OWN = 7;

    private static final String READS = "reads";
    private static final String FOREIGN = "foreign";
    private static final String ENDED = "ended ";
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final BufferedReader out;

    private StoppedReader(Process process) {
        this.process = process;
        this.out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Starts it; it has read the whole file once, and goes on, when this returns. */
    static StoppedReader reading(ScenarioServer server, Path log, String name, int bytes)
            throws IOException {
        List<String> command = new ArrayList<>(Jvm.command(StoppedReader.class));
        command.addAll(List.of(server.address(), "/" + name, Integer.toString(bytes)));
        StoppedReader reader =
                new StoppedReader(
                        new ProcessBuilder(command)
                                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                                .start());
        String line = reader.out.readLine();
        if (!READS.equals(line)) {
            reader.close();
            throw new IOException("instead of '" + READS + "' it said: " + line);
        }
        return reader;
    }

    void stop() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** Goes on; what it says in the end. */
    String resume() throws IOException, InterruptedException {
        signal("-CONT");
        return String.valueOf(out.readLine());
    }

    /** Whether it was handed bytes that are not the file's. */
    static boolean sawForeign(String said) {
        return !said.startsWith(ENDED);
    }

    private void signal(String signal) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", signal, "" + process.pid()).start().waitFor();
        if (exit != 0) {
            throw new IOException("kill " + signal + " ended with " + exit);
        }
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

    /** The process: {@code address file bytes}. */
    public static void main(String[] args) throws IOException {
        int bytes = Integer.parseInt(args[2]);
        byte[] expected = new byte[bytes];
        Arrays.fill(expected, OWN);
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        LayoutClient client =
                LayoutClient.connect(
                        ClientOptions.to(args[0], "stopped-reader")
                                .withLeaseMillis(StoppedWriter.LEASE_MILLIS)
                                .withMaxIoMillis(20)
                                .withDeadlineMillis(10_000));
        BlockFile file = client.open(ScenarioServer.VOLUME, args[1]);
        boolean said = false;
        while (true) {
            int read;
            try {
                buffer.clear();
                read = 0;
                for (int more = 0; more >= 0 && read < bytes; read = buffer.position()) {
                    more = file.read(buffer, read);
                }
            } catch (IOException e) {
                say(ENDED + e.getMessage());
                break;
            }
            if (!Arrays.equals(buffer.array(), 0, read, expected, 0, read)) {
                say(FOREIGN);
                break;
            }
            if (read < bytes) {
                say(ENDED + "at byte " + read);
                break;
            }
            if (!said) {
                said = true;
                say(READS);
            }
        }
        System.exit(0);
    }

    private static void say(String line) {
        System.out.println(line.replace('\n', ' '));
        System.out.flush();
    }
}
