package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.text.ExitCode;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What shows only in a process of its own. */
class ProcessTest extends CommandLineTesting {

    private static final int ENDED_BY_SIGTERM = 128 + 15;

    @Test
    void aPutThatIsInterruptedLeavesTheOldFile() throws Exception {
        serveVolume();
        Process put =
                process("put", "-", "data:/f", "--server", address())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try (OutputStream in = put.getOutputStream()) {
            in.write(new byte[9 << 20]);
            in.flush();
            // It has begun once its file is there; then it waits for more.
            while (entries() == 0) {
                Thread.onSpinWait();
                assertTrue(put.isAlive(), () -> "it ended by itself");
            }
            put.toHandle().destroy();
            assertTrue(put.waitFor(30, TimeUnit.SECONDS), "it did not end");
        } finally {
            put.destroyForcibly();
        }
        // Not that of a process that waited in vain for its transfer to end.
        assertEquals(ENDED_BY_SIGTERM, put.exitValue());
        assertEquals(0, entries());
        client("volume", "check", "data").ok().says("sound");
        assertEquals(
                0,
                client("volume", "show", "data", "--json")
                        .ok()
                        .json()
                        .getAsJsonObject()
                        .getAsJsonObject("space")
                        .get("quarantinedBytes")
                        .getAsLong());
    }

    @Test
    void aFailureIsOneLineAndNoLog() throws Exception {
        Path said = folder.resolve("said");
        Process ls =
                process("ls", "data:/", "--server", "127.0.0.1:1", "--timeout", "3s")
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile())
                        .start();
        assertEquals(ExitCode.UNREACHABLE.code(), ls.waitFor());
        List<String> lines = Files.readAllLines(said);
        assertEquals(1, lines.size(), lines.toString());
        assertTrue(
                lines.getFirst().endsWith("is the server running, and the address right?"),
                lines.toString());
    }

    private int entries() {
        return client("ls", "data:/", "--json").ok().json().getAsJsonArray().size();
    }
}
