package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.outlay.core.text.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code outlay bench} on the command line. What it measures is not looked at. */
final class BenchCommandTest extends CommandLineTesting {

    private static final List<String> ALL =
            List.of(
                    "map",
                    "cycle",
                    "write",
                    "read",
                    "append",
                    "sync",
                    "handover",
                    "extents",
                    "restart",
                    "checkpoint",
                    "sessions",
                    "many",
                    "churn",
                    "start",
                    "curves");

    @Test
    void theListNamesAllAndRunsNone() {
        List<String> lines = run("bench", "--list").ok().out().lines().toList();
        assertEquals(
                ALL, lines.stream().map(line -> line.substring(0, line.indexOf(' '))).toList());
        List<String> named = lines.stream().filter(line -> line.contains("only if named")).toList();
        assertEquals(1, named.size(), named.toString());
        assertTrue(named.getFirst().startsWith("curves "), named.toString());
    }

    @Test
    void theHelpSaysWhatIsLost() {
        run("bench", "--help")
                .ok()
                .says("--quick", "--dir", "--device", "ALL IT HOLDS IS LOST", "--json", "--chart");
    }

    @Test
    void wrongArgumentsAreRefusedBeforeAnythingIsMeasured() throws Exception {
        Path missing = folder.resolve("missing");
        run("bench", "maps").fails(ExitCode.USAGE, "'maps'", "map, cycle", "--help");
        run("bench", "--fast").fails(ExitCode.USAGE, "--fast");
        run("bench", "--force").fails(ExitCode.USAGE, "--device");
        run("bench", "extents", "--dir", missing.toString())
                .fails(ExitCode.NOT_FOUND, missing.toString());
        run("bench", "sync", "--peer", missing.toString())
                .fails(ExitCode.NOT_FOUND, missing.toString());
        run("bench", "extents", "--json", missing.resolve("file").toString())
                .fails(ExitCode.NOT_FOUND, missing.toString());
        run("bench", "extents", "--chart", folder.toString())
                .fails(ExitCode.USAGE, "--chart", "is a folder");
        run("bench", "sync", "--device", missing.toString())
                .fails(ExitCode.NOT_FOUND, missing.toString());
        assertFalse(Files.exists(missing));
    }

    @Test
    void aDeviceThatHoldsSomethingNeedsForce() {
        format();
        assertEquals(
                ExitCode.FAILED.code(),
                run("bench", "sync", "--device", device().toString()).code());
        run("bench", "sync", "--device", device().toString())
                .fails(ExitCode.FAILED, "formatted already");
    }

    /** A small device is found out by the benchmark itself; the others go on. */
    @Test
    void aBenchmarkThatFailsLeavesTheOthers() throws Exception {
        Path json = folder.resolve("figures.json");
        format();
        Result result =
                run(
                        "bench",
                        "--quick",
                        "write",
                        "extents",
                        "--dir",
                        scratch(),
                        "--device",
                        device().toString(),
                        "--force",
                        "--json",
                        json.toString());
        assertEquals(ExitCode.FAILED.code(), result.code());
        assertTrue(
                result.err().contains("outlay: could not be measured to the end: write - "),
                result.err());
        assertTrue(result.out().contains("write FAILED: " + device()), result.out());
        JsonObject document = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        assertEquals(1, document.getAsJsonArray("failed").size());
        assertTrue(
                document.getAsJsonArray("benchmarks").asList().stream()
                        .anyMatch(entry -> name(entry).startsWith("extents, ")));
        assertEquals(List.of(), left());
    }

    /** The cheapest of those that need a server. */
    @Test
    void aRunGivesATableADocumentAndAPicture() throws Exception {
        Path json = folder.resolve("figures.json");
        Path chart = folder.resolve("figures.svg");
        Result result =
                run(
                        "bench",
                        "--quick",
                        "handover",
                        "--dir",
                        scratch(),
                        "--json",
                        json.toString(),
                        "--chart",
                        chart.toString());
        assertEquals(ExitCode.OK.code(), result.code(), result.err());
        assertTrue(result.err().startsWith("measuring handover (1 of 1) ...\n"), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.get(0).startsWith("BENCHMARK "), result.out());
        assertTrue(lines.get(1).startsWith("handover "), result.out());
        assertTrue(lines.getLast().matches("[01] of 1 goals met, in \\d+ s"), result.out());
        JsonObject entry =
                JsonParser.parseString(Files.readString(json))
                        .getAsJsonObject()
                        .getAsJsonArray("benchmarks")
                        .get(0)
                        .getAsJsonObject();
        assertTrue(
                entry.keySet()
                        .containsAll(Set.of("name", "value", "yardstick", "ratio", "goal", "met")),
                entry.toString());
        assertTrue(entry.get("value").getAsDouble() > 0);
        assertTrue(Files.readString(chart).startsWith("<svg "));
        assertEquals(List.of(), left());
    }

    private static String name(JsonElement entry) {
        return entry.getAsJsonObject().get("name").getAsString();
    }

    private String scratch() throws Exception {
        return Files.createDirectories(folder.resolve("scratch")).toString();
    }

    /** What a run has left behind. */
    private List<Path> left() throws Exception {
        try (Stream<Path> files = Files.list(folder.resolve("scratch"))) {
            return files.toList();
        }
    }
}
