package dev.outlay.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code deploy/checks/crash.sh} for a short time: real processes, killed under load. A failure
 * names the seed; {@code -Doutlay.crash.seconds} makes it longer.
 */
class CrashTest {

    private static final long SECONDS = Long.getLong("outlay.crash.seconds", 25);
    private static final int CLIENTS = 2;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder = Path.of("set by JUnit");

    @Test
    @Timeout(1800)
    void nothingIsLostAndNothingIsStale() throws Exception {
        long seed = Long.getLong("outlay.seed", System.nanoTime());
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int code;
        try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            code = CrashCheck.run(SECONDS, seed, CLIENTS, folder.resolve("run"), out);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertEquals(0, code, () -> text + "\nrepeat with -Doutlay.seed=" + seed);
        assertTrue(text.contains("passed: seed " + seed), text);
        System.err.println(text.lines().toList().getLast());
    }

    /** The check is checked: what lies on the device is what its former owner left again. */
    @Test
    @Timeout(1800)
    void staleBytesAreFound() throws Exception {
        Path place = Files.createDirectories(folder.resolve("stale"));
        PrintStream nobody = new PrintStream(OutputStream.nullOutputStream());
        try (nobody;
                CrashRun run = new CrashRun(place, 1, 1, nobody)) {
            run.plantStaleBytes();
            assertTrue(
                    run.problems().toString().contains("foreign bytes: 0xCD"),
                    () -> run.problems().toString());
        }
    }
}
