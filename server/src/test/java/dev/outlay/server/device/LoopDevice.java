package dev.outlay.server.device;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A block device over a file, for tests; they are skipped where it cannot be made. */
record LoopDevice(Path path) implements AutoCloseable {

    static LoopDevice over(Path file) throws IOException, InterruptedException {
        assumeTrue(
                Files.isWritable(Path.of("/dev/loop-control")),
                "loop devices need root and /dev/loop-control");
        return new LoopDevice(Path.of(run("losetup", "--find", "--show", file.toString())));
    }

    @Override
    public void close() throws IOException {
        try {
            run("losetup", "--detach", path.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while detaching " + path, e);
        }
    }

    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assumeTrue(
                process.waitFor() == 0,
                String.join(" ", command) + " does not work here: " + output);
        return output;
    }
}
