package dev.outlay.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.Outlay;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demonstration as a newcomer starts it: a process that starts processes. */
final class DemoTest {

    private static final long TIMEOUT_SECONDS = 180;
    private static final String CLASS_PATH = System.getProperty("java.class.path", "");
    private static final String JAVA =
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString();

    @TempDir private Path scratch = Path.of("set by JUnit");

    @Test
    void passesAndLeavesNothing() throws IOException, InterruptedException {
        Process demo = start("demo");
        String said = saidBy(demo, 0);
        String last = said.lines().toList().getLast();
        assertTrue(
                last.matches(
                        "passed: 67108864 bytes read, 0 stale bytes, [1-9]\\d* operations \\(.*\\),"
                                + " [\\d.]+ seconds"),
                said);
        assertFalse(said.contains("\u001b"), "colours, but not on a terminal");
        assertEquals(List.of(), entries(temporary()));
    }

    @Test
    void answersAsJsonAndKeepsTheFolder() throws IOException, InterruptedException {
        JsonObject answer =
                JsonParser.parseString(saidBy(start("demo", "--json", "--keep"), 0))
                        .getAsJsonObject();
        assertTrue(answer.get("passed").getAsBoolean());
        assertEquals(0, answer.get("staleBytes").getAsLong());
        assertEquals(8, answer.getAsJsonArray("steps").size());
        Path folder = Path.of(answer.get("folder").getAsString());
        assertEquals(List.of(folder), entries(temporary()));
        assertTrue(Files.exists(folder.resolve("device")));
        assertTrue(Files.size(folder.resolve("server.log")) > 0);
    }

    /** Told to end in the middle, it takes its processes and its folder along. */
    @Test
    void aSignalLeavesNothing() throws IOException, InterruptedException {
        Process demo = start("demo");
        List<ProcessHandle> children = List.of();
        while (children.isEmpty() && demo.isAlive()) {
            children = demo.descendants().toList();
            Thread.onSpinWait();
        }
        demo.destroy();
        saidBy(demo, 128 + 15);
        assertFalse(children.isEmpty());
        assertTrue(children.stream().noneMatch(ProcessHandle::isAlive), children::toString);
        assertEquals(List.of(), entries(temporary()));
    }

    /** A reader that gets what the former owner left: it must not pass. */
    @Test
    void aStaleByteFailsIt() throws IOException, InterruptedException {
        Path launcher = scratch.resolve("outlay");
        Files.writeString(
                launcher,
                """
                #!/bin/sh
                if [ "$1" = cat ]; then
                    head -c 16777216 /dev/zero | tr '\\0' '\\315'
                else
                    exec '%s' --enable-native-access=ALL-UNNAMED -cp '%s' %s "$@"
                fi
                """
                        .formatted(JAVA, CLASS_PATH, Outlay.class.getName()));
        assertTrue(launcher.toFile().setExecutable(true));
        String said = saidBy(start(List.of("-Doutlay.launcher=" + launcher), "demo"), 1);
        assertTrue(said.contains("B read what nobody committed: 16777216 bytes are wrong"), said);
        assertTrue(
                said.lines()
                        .toList()
                        .getLast()
                        .startsWith("FAILED: 16777216 bytes read, 16777216 stale bytes, "),
                said);
        String errors = Files.readString(scratch.resolve("err"));
        assertTrue(errors.contains("the end of the log of server:\n  | "), errors);
        assertTrue(errors.contains("failed in step 3 (Reader B reads the file)"), errors);
        assertEquals(List.of(), entries(temporary()));
    }

    private Process start(String... arguments) throws IOException {
        return start(List.of(), arguments);
    }

    private Process start(List<String> jvmOptions, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                JAVA,
                                "-Djava.io.tmpdir=" + Files.createDirectories(temporary()),
                                "-Dstdout.encoding=UTF-8",
                                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", CLASS_PATH, Outlay.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(scratch.resolve("out").toFile())
                .redirectError(scratch.resolve("err").toFile())
                .start();
    }

    private String saidBy(Process demo, int exitCode) throws IOException, InterruptedException {
        boolean ended = demo.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            demo.destroy();
            demo.waitFor();
        }
        String said = Files.readString(scratch.resolve("out"), StandardCharsets.UTF_8);
        String everything = said + Files.readString(scratch.resolve("err"));
        assertTrue(ended, () -> "not ended after " + TIMEOUT_SECONDS + " s\n" + everything);
        assertEquals(exitCode, demo.exitValue(), everything);
        return said;
    }

    private Path temporary() {
        return scratch.resolve("tmp");
    }

    private static List<Path> entries(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            // The JVM and its libraries keep files of their own there.
            return entries.filter(e -> e.getFileName().toString().startsWith("outlay-demo-"))
                    .toList();
        }
    }
}
