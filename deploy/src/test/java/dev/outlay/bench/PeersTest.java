package dev.outlay.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/checks/peers.sh}, as far as it can be tested without any peer. */
final class PeersTest {

    private static final Path ROOT =
            Path.of(System.getProperty("outlay.root", "..")).toAbsolutePath().normalize();
    private static final Path SCRIPT = ROOT.resolve("deploy/checks/peers.sh");
    private static final Path FOLDER = ROOT.resolve("deploy/checks/peers");
    private static final Pattern PLUGIN =
            Pattern.compile(
                    "<artifactId>maven-dependency-plugin</artifactId>\\s*<version>([^<]+)<");

    @TempDir private Path temporary = Path.of("");

    @Test
    void itExplainsEveryOptionAndRefusesOthers() throws Exception {
        Ended help = run(SCRIPT.toString(), "--help");
        assertEquals(0, help.code(), help.said());
        for (String option : List.of("--quick", "--dir", "--only", "--xfs", "--json")) {
            assertTrue(help.said().contains("\n  " + option + " "), option);
        }
        for (List<String> wrong :
                List.of(
                        List.of("--quik"),
                        List.of("--only"),
                        List.of("--only", "ozone"),
                        List.of("--dir", "/no/such/folder"))) {
            Ended refused =
                    run(
                            Stream.concat(Stream.of(SCRIPT.toString()), wrong.stream())
                                    .toArray(String[]::new));
            assertEquals(2, refused.code(), wrong + ": " + refused.said());
            assertTrue(refused.said().startsWith("peers.sh: "), refused.said());
        }
    }

    /** What it looks for in the figures of {@code outlay bench} is there under this name. */
    @Test
    void theFiguresItTakesAreNamedByABenchmark() throws IOException {
        StringBuilder sources = new StringBuilder();
        try (Stream<Path> files =
                Files.list(ROOT.resolve("deploy/src/main/java/dev/outlay/bench"))) {
            for (Path file : files.toList()) {
                sources.append(Files.readString(file));
            }
        }
        Set<String> unknown = new TreeSet<>();
        Matcher taken =
                Pattern.compile("outlay_sample \\S+ '([^']+)'").matcher(Files.readString(SCRIPT));
        int count = 0;
        for (; taken.find(); count++) {
            String name = taken.group(1).replaceFirst(": a force$", "");
            if (sources.indexOf("\"" + name + "\"") < 0) {
                unknown.add(name);
            }
        }
        assertTrue(count > 0);
        assertEquals(Set.of(), unknown);
    }

    @Test
    void aRatioIsTakenInEachRoundAndThenTheMedian() throws Exception {
        JsonObject peer =
                table(
                        "json",
                        "1\tours\t100",
                        "1\ttheirs\t50",
                        "2\tours\t900",
                        "2\ttheirs\t100",
                        "3\tours\t300",
                        "3\ttheirs\t100",
                        "2\ttheirs.force\t12");
        assertEquals(100, peer.get("perSecond").getAsDouble());
        assertEquals(3, peer.get("ratio").getAsDouble());
        assertEquals(4, peer.get("goal").getAsDouble());
        assertFalse(peer.get("met").getAsBoolean());
        assertEquals("\"it\" (12.0 puts a force)", peer.get("durable").getAsString());
    }

    @Test
    void whatWasNotMeasuredIsNoFigure() throws Exception {
        JsonObject peer = table("json", "1\tours\t100", "2\ttheirs\t50");
        assertTrue(peer.get("ratio").isJsonNull());
        assertTrue(peer.get("met").isJsonNull());
        assertEquals("\"it\"", peer.get("durable").getAsString());
    }

    /** The driver has no build of its own; it runs on the libraries of the program. */
    @Test
    void theDriverForEtcdCompiles() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled =
                    compiler.getTask(
                                    said,
                                    files,
                                    null,
                                    List.of("-proc:none", "-d", temporary.toString()),
                                    null,
                                    files.getJavaFileObjects(FOLDER.resolve("EtcdRounds.java")))
                            .call();
            assertTrue(compiled, said.toString());
        }
    }

    /** The plugin's version stands in two places: this pom has no parent, on purpose. */
    @Test
    void itFetchesWithThePluginOfTheBuild() throws IOException {
        Matcher own = PLUGIN.matcher(Files.readString(FOLDER.resolve("pom.xml")));
        assertTrue(own.find());
        assertTrue(
                Files.readString(ROOT.resolve("pom.xml"))
                        .contains(
                                "<maven-dependency-plugin.version>"
                                        + own.group(1)
                                        + "</maven-dependency-plugin.version>"));
    }

    /** The second of two rows, of which the first is ours. */
    private JsonObject table(String format, String... samples) throws Exception {
        Path rows = temporary.resolve("rows");
        Files.writeString(
                rows,
                "ours\toutlay\twork\t8\tit\t\t\ntheirs\tpeer\twork\t8\t\"it\" (puts)\tours\t4\n");
        Path taken = temporary.resolve("samples");
        Files.write(taken, List.of(samples));
        Ended ended =
                run(
                        "awk",
                        "-v",
                        "format=" + format,
                        "-f",
                        FOLDER.resolve("table.awk").toString(),
                        rows.toString(),
                        taken.toString());
        assertEquals(0, ended.code(), ended.said());
        return JsonParser.parseString("[" + ended.said() + "]")
                .getAsJsonArray()
                .get(1)
                .getAsJsonObject();
    }

    private record Ended(int code, String said) {}

    private static Ended run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Ended(process.waitFor(), said);
    }
}
