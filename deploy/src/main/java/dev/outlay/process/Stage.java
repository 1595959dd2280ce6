package dev.outlay.process;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Owns what must not outlive a demonstration or a measurement: its folder, and the processes it
 * started. They are gone after {@link #close}, which the end of the JVM brings about as well, so
 * that Ctrl-C leaves nothing. Any thread.
 */
public final class Stage implements AutoCloseable {

    /** How much later a signal to all of the terminal's processes may reach this one. */
    private static final long SIGNAL_MILLIS = 300;

    private final Path folder;
    private final boolean keep;
    private final List<Process> started = new ArrayList<>();
    private final Map<String, String> javaOptions = new HashMap<>();
    private final Thread atExit = Thread.ofPlatform().name("stage-end").unstarted(this::clear);
    private final CountDownLatch ending = new CountDownLatch(1);

    private Stage(Path folder, boolean keep) {
        this.folder = folder;
        this.keep = keep;
    }

    /**
     * Makes an empty temporary folder.
     *
     * @param parent where; the system's own place if empty
     * @param prefix how its name begins
     * @param keep leave the folder where it is
     */
    public static Stage open(Optional<Path> parent, String prefix, boolean keep)
            throws IOException {
        Stage stage =
                new Stage(
                        parent.isPresent()
                                ? Files.createTempDirectory(parent.get(), prefix)
                                : Files.createTempDirectory(prefix),
                        keep);
        Runtime.getRuntime().addShutdownHook(stage.atExit);
        return stage;
    }

    public Path folder() {
        return folder;
    }

    /** A file of the folder. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    /**
     * Starts {@code outlay} with arguments, as a process of its own. What it says on standard error
     * goes to {@code NAME.log}; its standard input is a pipe that ends with this process.
     */
    public synchronized Process start(String name, Redirect output, List<String> arguments)
            throws IOException {
        if (ending.getCount() == 0) {
            throw new IOException("the program is being ended");
        }
        List<String> command = new ArrayList<>(Program.command());
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectOutput(output)
                        .redirectError(Redirect.appendTo(log(name).toFile()));
        // Nothing of the user's own: neither his server nor his saved sessions.
        builder.environment().remove("OUTLAY_SERVER");
        builder.environment().put("XDG_STATE_HOME", file("state").toString());
        String options = javaOptions.get(name);
        if (options != null) {
            builder.environment()
                    .merge("OUTLAY_JAVA_OPTS", options, (users, ours) -> users + " " + ours);
        }
        Process process = builder.start();
        started.add(process);
        return process;
    }

    /** Options of the JVM of the process with that name, from its next start on. */
    public synchronized void javaOptions(String name, String options) {
        javaOptions.put(name, options);
    }

    /** Where a process writes its log. */
    public Path log(String name) {
        return file(name + ".log");
    }

    /**
     * Whether the JVM is ending: processes that it started may be gone for that reason. Where that
     * is about to turn out, this waits for it.
     */
    public boolean isEnding() {
        try {
            return ending.await(SIGNAL_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Ends the processes and removes the folder. */
    @Override
    public void close() {
        clear();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The JVM is ending, and the hook runs or has run.
            return;
        }
    }

    private synchronized void clear() {
        if (ending.getCount() == 0) {
            return;
        }
        ending.countDown();
        started.forEach(Process::destroyForcibly);
        started.forEach(Stage::awaitEnd);
        if (!keep) {
            remove();
        }
    }

    private static void awaitEnd(Process process) {
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void remove() {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            System.err.println(
                    "outlay: the folder " + folder + " could not be removed - remove it by hand");
        }
    }
}
