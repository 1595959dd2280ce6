package dev.outlay.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One finished process: its exit code and what it printed. Standard input is empty. */
record Run(int exitCode, String out, String err) {

    /**
     * Runs a command to its end with exactly the given environment.
     *
     * @throws IllegalStateException if it does not end in time; it is killed then, and so is what
     *     it started
     */
    static Run of(
            Path folder, Map<String, String> environment, long timeoutSeconds, List<String> command)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "run", ".out");
        Path err = Files.createTempFile(folder, "run", ".err");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.redirectOutput(out.toFile()).redirectError(err.toFile());
        Process process = builder.start();
        boolean ended = process.waitFor(timeoutSeconds, TimeUnit.SECONDS);
        if (!ended) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        Run run = new Run(process.exitValue(), text(out), text(err));
        if (!ended) {
            throw new IllegalStateException(
                    "not ended after " + timeoutSeconds + " s: " + command + "\n" + run);
        }
        return run;
    }

    /** Fails the test, showing all output, unless the process ended well. */
    Run succeeded() {
        assertEquals(0, exitCode, this::toString);
        return this;
    }

    private static String text(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.UTF_8);
        Files.delete(file);
        return text;
    }
}
