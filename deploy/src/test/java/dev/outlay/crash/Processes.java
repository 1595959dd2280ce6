package dev.outlay.crash;

import dev.outlay.Outlay;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Starts what the check consists of, and lets nothing outlive it. Any thread. */
final class Processes implements AutoCloseable {

    private static final String LAUNCHER = "outlay.launcher";
    private static final String CLASS_PATH = "java.class.path";
    private static final long PATIENCE_SECONDS = 240;

    private final List<Process> started = new ArrayList<>();
    private final Thread atExit = Thread.ofPlatform().name("end-processes").unstarted(this::kill);

    Processes() {
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** {@code outlay} as a user starts it; without a launcher, this JVM's java and class path. */
    Process outlay(Path log, List<String> arguments) throws IOException {
        String launcher = System.getProperty(LAUNCHER, "");
        List<String> command =
                launcher.isEmpty() ? java(Outlay.class) : new ArrayList<>(List.of(launcher));
        command.addAll(arguments);
        return start(command, log);
    }

    /** A class of the tests. */
    Process program(Class<?> main, Path log, List<String> arguments) throws IOException {
        List<String> command = java(main);
        command.addAll(arguments);
        return start(command, log);
    }

    /** Runs something of the system to its end; its exit code. */
    static int system(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .redirectOutput(Redirect.DISCARD)
                        .redirectError(Redirect.DISCARD)
                        .start();
        return process.waitFor();
    }

    private static List<String> java(Class<?> main) {
        return new ArrayList<>(
                List.of(
                        Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty(CLASS_PATH, ""),
                        main.getName()));
    }

    private synchronized Process start(List<String> command, Path log) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectOutput(Redirect.appendTo(log.toFile()))
                        .redirectError(Redirect.appendTo(log.toFile()));
        builder.environment().remove("OUTLAY_SERVER");
        Process process = builder.start();
        started.removeIf(p -> !p.isAlive());
        started.add(process);
        return process;
    }

    /** SIGKILL; it is gone when this returns. */
    static void end(Process process) throws IOException, InterruptedException {
        process.destroyForcibly();
        await(process);
    }

    static int await(Process process) throws IOException, InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException(
                    "process " + process.pid() + " did not end in " + PATIENCE_SECONDS + " s");
        }
        return process.exitValue();
    }

    static void signal(Process process, String signal) throws IOException, InterruptedException {
        if (system("kill", "-" + signal, Long.toString(process.pid())) != 0 && process.isAlive()) {
            throw new IOException("SIG" + signal + " could not be sent to " + process.pid());
        }
    }

    private synchronized void kill() {
        started.forEach(Process::destroyForcibly);
        for (Process process : started) {
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    @Override
    public void close() {
        kill();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The JVM is ending, and the hook has run.
            return;
        }
    }
}
