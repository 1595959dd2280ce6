package dev.outlay.process;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process that this program has started. One thread. */
public final class Child {

    /** As the JVM reports a process ended by a signal: 128 and its number; SIGKILL is 9. */
    private static final int KILLED = 128 + 9;

    private static final long PATIENCE_SECONDS = 60;

    private final String name;
    private final Process process;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /** Starts one whose output goes to a file. */
    public static Child writingTo(Path file, Stage stage, String name, List<String> arguments)
            throws IOException {
        return new Child(name, stage.start(name, Redirect.to(file.toFile()), arguments));
    }

    /** Starts one that is listened to, line by line. */
    public static Child heard(Stage stage, String name, List<String> arguments) throws IOException {
        Child child = new Child(name, stage.start(name, Redirect.PIPE, arguments));
        Thread.ofVirtual().name("listen-" + name).start(child::listen);
        return child;
    }

    private void listen() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (IOException e) {
            // Killed while it spoke: what it said so far counts.
            lines.add(Optional.empty());
            return;
        }
        lines.add(Optional.empty());
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Its next line; empty once it has ended. */
    public Optional<String> nextLine() throws StepFailed, InterruptedException {
        Optional<String> line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
            throw new StepFailed(name + " says nothing for " + PATIENCE_SECONDS + " s", name);
        }
        return line;
    }

    /** Says a line to it. */
    public void say(String line) throws IOException {
        BufferedWriter writer = process.outputWriter(StandardCharsets.UTF_8);
        writer.write(line);
        writer.newLine();
        writer.flush();
    }

    /** Sends SIGSTOP: it sleeps, wherever it is, until it is woken, and knows nothing of it. */
    public void sleep() throws IOException, StepFailed, InterruptedException {
        signal("STOP");
    }

    /** Sends SIGCONT. */
    public void wake() throws IOException, StepFailed, InterruptedException {
        signal("CONT");
    }

    private void signal(String signal) throws IOException, StepFailed, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start();
        if (kill.waitFor() != 0) {
            throw new StepFailed("SIG" + signal + " could not be sent to " + name, name);
        }
    }

    /** Its next line, which must begin with {@code word}; the rest of it. */
    public String hears(String word) throws StepFailed, InterruptedException {
        String line = nextLine().orElse("nothing");
        if (!line.startsWith(word + " ") && !line.equals(word)) {
            throw new StepFailed(
                    name + " was to say '" + word + "', and says '" + line + "'", name);
        }
        return line.substring(word.length()).strip();
    }

    /** Sends SIGKILL: it cannot clean up, nor say good-bye. */
    public void kill() throws StepFailed, InterruptedException {
        process.destroyForcibly();
        int status = ended();
        if (status != KILLED) {
            throw new StepFailed(
                    name + " was to die by SIGKILL, but ended by itself with status " + status,
                    name);
        }
    }

    /** Sends SIGTERM, so that it ends in good order; kills it if it takes too long for that. */
    public void end() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }

    /** Waits until it has ended well by itself. */
    public void succeed() throws StepFailed, InterruptedException {
        int status = ended();
        if (status != 0) {
            throw new StepFailed(name + " failed with exit code " + status, name);
        }
    }

    private int ended() throws StepFailed, InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new StepFailed(name + " has not ended after " + PATIENCE_SECONDS + " s", name);
        }
        return process.exitValue();
    }
}
