package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What holds for every command of the program, whoever wrote it. */
class TidyTest {

    /** Commands that answer with no data: bytes of files, scripts, help, the log of a daemon. */
    private static final Set<String> WITHOUT_JSON =
            Set.of("outlay cat", "outlay completion", "outlay fence-agent", "outlay serve");

    private static final int LONGEST_HEADER = 80;

    @Test
    void everyCommandExplainsItself() {
        List<String> problems = new ArrayList<>();
        for (CommandSpec command : commands()) {
            String name = command.qualifiedName();
            String[] header = command.usageMessage().header();
            if (header.length != 1 || header[0].length() > LONGEST_HEADER) {
                problems.add(name + " has no header of one line of " + LONGEST_HEADER);
            }
            if (Stream.of(command.usageMessage().footer()).noneMatch(f -> f.contains(name))) {
                problems.add(name + " has no example in its help");
            }
            for (OptionSpec option : command.options()) {
                if (option.description().length == 0 || option.description()[0].isBlank()) {
                    problems.add(name + " does not explain " + option.longestName());
                }
            }
            for (PositionalParamSpec parameter : command.positionalParameters()) {
                if (parameter.description().length == 0) {
                    problems.add(name + " does not explain " + parameter.paramLabel());
                }
            }
        }
        assertEquals(List.of(), problems);
    }

    @Test
    void everyCommandThatAnswersWithDataHasJson() {
        assertEquals(
                List.of(),
                commands().stream()
                        .filter(command -> command.subcommands().isEmpty())
                        .filter(command -> !WITHOUT_JSON.contains(command.qualifiedName()))
                        .filter(command -> command.findOption("--json") == null)
                        .map(CommandSpec::qualifiedName)
                        .toList());
    }

    @Test
    void everyCommandHasATest() throws IOException {
        StringBuilder tests = new StringBuilder();
        Path sources = Path.of(System.getProperty("outlay.root", ".."), "deploy", "src", "test");
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                if (!file.endsWith("TidyTest.java")) {
                    tests.append(Files.readString(file));
                }
            }
        }
        List<String> untested = new ArrayList<>();
        for (CommandSpec command : commands()) {
            if (!command.subcommands().isEmpty()) {
                continue;
            }
            // The words of the command as the arguments of a call.
            String words =
                    command.qualifiedName("\",\\s*\"").replaceFirst("^outlay\",\\\\s\\*", "");
            if (!Pattern.compile(words + "\"").matcher(tests).find()) {
                untested.add(command.qualifiedName());
            }
        }
        assertEquals(List.of(), untested);
    }

    /** All commands but the root, picocli's own help, and those that are a part of another one. */
    private static List<CommandSpec> commands() {
        List<CommandSpec> all = new ArrayList<>();
        collect(OutlayCommandLine.of(false), all);
        return all;
    }

    private static void collect(CommandLine parent, List<CommandSpec> all) {
        for (CommandLine command : parent.getSubcommands().values()) {
            boolean hidden = command.getCommandSpec().usageMessage().hidden();
            if (!hidden && !(command.getCommand() instanceof CommandLine.HelpCommand)) {
                all.add(command.getCommandSpec());
                collect(command, all);
            }
        }
    }
}
