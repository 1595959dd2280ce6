package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outlay.server.config.ServerConfig;
import dev.outlay.server.metrics.ServerMeters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * What the runbook names is there: a wrong name costs the operator most when there is least time.
 */
final class RunbookTest {

    private static final Path ROOT = Path.of(System.getProperty("outlay.root", ".."));
    private static final Pattern COMMAND = Pattern.compile("`outlay ([^`]+)`");
    private static final Pattern METER = Pattern.compile("`(outlay_[a-z_]+)");

    @Test
    void everyMeterNamedIsExported() throws IOException {
        Set<String> named = named(METER);
        assertFalse(named.isEmpty());
        try (ServerMeters meters = new ServerMeters("test")) {
            meters.answered("MapBlocks", ServerMeters.OK, Duration.ofMillis(1));
            meters.unavailable("u", () -> true);
            try (var volume =
                            meters.volume(
                                    "v",
                                    () -> {
                                        throw new IllegalStateException(
                                                "no sample is needed for the names");
                                    });
                    var _ = meters.history("v")) {
                volume.forced(Duration.ofMillis(1), 1);
                String exported = meters.scrape();
                named.removeIf(
                        name ->
                                Pattern.compile("(?m)^(# TYPE )?" + name + "\\b")
                                        .matcher(exported)
                                        .find());
            }
        }
        assertEquals(Set.of(), named, "meters the runbook names and the server does not have");
    }

    /** Every command named is one, with the options that are named with it. */
    @Test
    void everyCommandNamedIsThere() throws IOException {
        Set<String> wrong = new TreeSet<>();
        Set<String> named = named(COMMAND);
        assertFalse(named.isEmpty());
        for (String line : named) {
            CommandLine command = OutlayCommandLine.of(false);
            for (String word : line.split(" ", -1)) {
                CommandLine next = command.getSubcommands().get(word);
                if (next != null) {
                    command = next;
                } else if (word.startsWith("-")
                        ? command.getCommandSpec().findOption(word) == null
                        : !command.getSubcommands().isEmpty()) {
                    wrong.add("outlay " + line);
                }
            }
        }
        assertEquals(Set.of(), wrong, "commands the runbook names and the program does not have");
    }

    /** The service gives a graceful stop all the time the configuration grants it. */
    @Test
    void theServiceOutwaitsAGracefulStop() throws IOException {
        String unit = Files.readString(ROOT.resolve("deploy/systemd/outlay.service"));
        Matcher stop = Pattern.compile("(?m)^TimeoutStopSec=(\\d+)$").matcher(unit);
        assertEquals(true, stop.find());
        Duration granted = Duration.ofSeconds(Long.parseLong(stop.group(1)));
        assertEquals(1, granted.compareTo(ServerConfig.DEFAULT.shutdownTimeout()));
    }

    private static Set<String> named(Pattern pattern) throws IOException {
        Set<String> names = new TreeSet<>();
        Matcher matcher = pattern.matcher(Files.readString(ROOT.resolve("deploy/RUNBOOK.md")));
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }
}
