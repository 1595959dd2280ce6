package dev.outlay.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The distribution archive, unpacked where no JDK is: an empty folder with spaces in its name, and
 * hardly any environment.
 */
@EnabledOnOs(OS.LINUX) // the archive is made for Linux only
final class DistributionCheck {

    private static final Map<String, String> BARE = Map.of("PATH", "/usr/bin:/bin");
    private static final long TIMEOUT_SECONDS = 30;
    private static final long DEMO_TIMEOUT_SECONDS = 180;

    @TempDir private static Path scratch = Path.of("set by JUnit");
    private static Path home = Path.of("set by unpack");

    @BeforeAll
    static void unpack() throws IOException, InterruptedException {
        Path folder = Files.createDirectory(scratch.resolve("a folder with spaces"));
        Run.of(folder, BARE, TIMEOUT_SECONDS, List.of("tar", "-xzf", archive().toString()))
                .succeeded();
        try (Stream<Path> entries = Files.list(folder)) {
            home = entries.filter(Files::isDirectory).findFirst().orElseThrow();
        }
    }

    @Test
    void runsWithItsOwnJava() throws IOException, InterruptedException {
        Run run = outlay("--version").succeeded();
        assertTrue(run.out().startsWith("outlay "), run::toString);
        assertEquals("", run.err());
    }

    @Test
    void runsThroughLinksAndFromAnywhere() throws IOException, InterruptedException {
        Path first =
                Files.createSymbolicLink(
                        home.resolveSibling("first link"), home.resolve("bin/outlay"));
        Path second =
                Files.createSymbolicLink(home.resolveSibling("second link"), first.getFileName());
        Run.of(scratch, BARE, TIMEOUT_SECONDS, List.of(second.toString(), "--version")).succeeded();
        Run.of(home.resolve("bin"), BARE, TIMEOUT_SECONDS, List.of("sh", "./outlay", "--version"))
                .succeeded();
    }

    /** Client and server, all that Outlay is for, without a JDK. */
    @Test
    void showsWhatItIsFor() throws IOException, InterruptedException {
        String outlay = home.resolve("bin/outlay").toString();
        Run run = Run.of(scratch, BARE, DEMO_TIMEOUT_SECONDS, List.of(outlay, "demo")).succeeded();
        String last = run.out().lines().toList().getLast();
        assertTrue(last.startsWith("passed: 67108864 bytes read, 0 stale bytes, "), run::toString);
    }

    @Test
    void wrongUsageExitsWithTwoAndOneLine() throws IOException, InterruptedException {
        Run run = outlay("no-such-command");
        assertEquals(2, run.exitCode(), run::toString);
        assertEquals(1, run.err().lines().count(), run::toString);
    }

    @Test
    void holdsWhatAUserNeeds() {
        for (String name :
                List.of(
                        "LICENSE",
                        "RUNBOOK.md",
                        "conf",
                        "lib/outlay.jar",
                        "runtime/legal",
                        "systemd/outlay.service")) {
            assertTrue(Files.exists(home.resolve(name)), name);
        }
    }

    /** Sorted names and one time for all: an equal build gives an equal archive. */
    @Test
    void isReproducible() throws IOException, InterruptedException {
        Run run =
                Run.of(
                                scratch,
                                BARE,
                                TIMEOUT_SECONDS,
                                List.of(
                                        "tar",
                                        "--utc",
                                        "--full-time",
                                        "-tvzf",
                                        archive().toString()))
                        .succeeded();
        List<String> owners =
                run.out().lines().map(line -> line.split("\\s+", 6)[1]).distinct().toList();
        List<String> times =
                run.out()
                        .lines()
                        .map(line -> line.split("\\s+", 6)[3] + line.split("\\s+", 6)[4])
                        .distinct()
                        .toList();
        assertEquals(List.of("0/0"), owners);
        assertEquals(1, times.size(), times::toString);
    }

    private static Run outlay(String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/outlay").toString()));
        command.addAll(List.of(args));
        return Run.of(scratch, BARE, TIMEOUT_SECONDS, command);
    }

    private static Path archive() throws IOException {
        Path folder = Path.of(System.getProperty("outlay.archives", "target"));
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> archives =
                    files.filter(file -> file.getFileName().toString().endsWith(".tar.gz"))
                            .toList();
            assertEquals(
                    1,
                    archives.size(),
                    () ->
                            "archives in "
                                    + folder
                                    + ": "
                                    + archives
                                    + " - build with ./mvnw clean verify");
            return archives.getFirst();
        }
    }
}
