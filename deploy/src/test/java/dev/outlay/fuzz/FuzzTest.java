package dev.outlay.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each decoder under its corpus, and then under what Jazzer makes of it, guided by coverage.
 *
 * <p>{@code -Doutlay.fuzz.seconds=N} searches so long per target ({@code deploy/checks/fuzz.sh});
 * {@code -Doutlay.fuzz.only=FACTS} leaves the others out. What is found is kept in {@code
 * target/fuzz/TARGET}; it belongs into the corpus once it is mended.
 */
class FuzzTest {

    private static final int SECONDS = Integer.getInteger("outlay.fuzz.seconds", 2);
    private static final String ONLY = System.getProperty("outlay.fuzz.only", "");
    private static final Path ROOT = Path.of(System.getProperty("outlay.root", ".."));
    private static final Path CORPUS = ROOT.resolve("deploy/src/test/resources/fuzz");
    private static final Path FOUND = ROOT.resolve("deploy/target/fuzz");
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final long CORPUS_MAX_BYTES = 200 << 10;
    private static final int LONGEST_INPUT_BYTES = 16 << 10;
    private static final long START_SECONDS = 600;
    private static final int SHOWN_LINES = 60;

    @ParameterizedTest
    @EnumSource(Target.class)
    void corpus(Target target) throws IOException {
        List<Path> inputs = inputs(target);
        assertTrue(!inputs.isEmpty(), () -> "no corpus of " + target);
        for (Path input : inputs) {
            byte[] bytes = Files.readAllBytes(input);
            assertTimeoutPreemptively(LONGEST, () -> target.run(bytes), input::toString);
            // Cut anywhere it is as good as any other input.
            for (int cut = 0; cut < bytes.length; cut += 1 + bytes.length / 50) {
                target.run(java.util.Arrays.copyOf(bytes, cut));
            }
        }
    }

    @Test
    void theCorpusIsSmall() throws IOException {
        long bytes = 0;
        for (Target target : Target.values()) {
            for (Path input : inputs(target)) {
                bytes += Files.size(input);
            }
        }
        long all = bytes;
        assertTrue(all <= CORPUS_MAX_BYTES, () -> all + " bytes: merge it, see fuzz.sh --help");
    }

    /** The check is checked. */
    @Test
    void whatAllocatesOutOfProportionIsADefect() {
        assertThrows(AssertionError.class, () -> Target.check(false, "wrong"));
        assertThrows(
                AssertionError.class,
                () ->
                        Target.bounded(
                                "huge", 10, () -> assertEquals(1 << 28, new byte[1 << 28].length)));
    }

    @ParameterizedTest
    @EnumSource(Target.class)
    void search(Target target) throws IOException, InterruptedException {
        assumeTrue(ONLY.isEmpty() || ONLY.equals(target.name()), "not asked for");
        Path folder = Files.createDirectories(FOUND.resolve(target.folder())).toAbsolutePath();
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        Path log = folder.resolve("log");
        Process jazzer =
                new ProcessBuilder(command(target, folder, corpus))
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(Redirect.to(log.toFile()))
                        .start();
        try {
            assertTrue(
                    jazzer.waitFor(SECONDS + START_SECONDS, TimeUnit.SECONDS),
                    () -> "Jazzer does not end, see " + log);
        } finally {
            jazzer.destroyForcibly();
        }
        assertEquals(0, jazzer.exitValue(), () -> target + " failed:\n" + end(log));
    }

    private static List<String> command(Target target, Path folder, Path corpus) {
        return new ArrayList<>(
                List.of(
                        Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                        "-D" + FuzzedTarget.TARGET + "=" + target.name(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:+EnableDynamicAgentLoading",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path", ""),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + FuzzedTarget.class.getName(),
                        "--instrumentation_includes=dev.outlay.**",
                        "--custom_hook_includes=dev.outlay.**",
                        "--reproducer_path=" + folder,
                        "-max_total_time=" + SECONDS,
                        "-timeout=" + LONGEST.toSeconds(),
                        "-max_len=" + LONGEST_INPUT_BYTES,
                        "-rss_limit_mb=0",
                        "-print_final_stats=1",
                        corpus.toString(),
                        CORPUS.resolve(target.folder()).toAbsolutePath().toString()));
    }

    /** What was thrown; the beginning, if nothing was. */
    private static String end(Path log) {
        try {
            List<String> lines =
                    Files.readAllLines(log, java.nio.charset.StandardCharsets.ISO_8859_1).stream()
                            .filter(line -> !line.startsWith("INFO: ") && !line.startsWith("WARN"))
                            .toList();
            int begin = Math.max(0, lines.indexOf(thrown(lines)));
            int end = Math.min(lines.size(), begin + SHOWN_LINES);
            return String.join("\n", lines.subList(begin, end))
                    + String.format(
                            Locale.ROOT, "%n(all of it, and the input: %s)", log.getParent());
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String thrown(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("== ")).findFirst().orElse("");
    }

    private static List<Path> inputs(Target target) throws IOException {
        try (Stream<Path> files = Files.list(CORPUS.resolve(target.folder()))) {
            return files.sorted().toList();
        }
    }
}
