package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What every command shares: exit codes, help, version, and failures in one line. */
final class OutlayTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void theVersionIsACommandToo() {
        assertEquals(ExitCode.OK.code(), run("version"));
        assertTrue(out.toString().startsWith("outlay "), out.toString());
        assertEquals(ExitCode.OK.code(), run("version", "--json"));
        assertTrue(out.toString().contains("\"version\": \""), out.toString());
    }

    @Test
    void completionKnowsTheCommands() {
        assertEquals(ExitCode.OK.code(), run("completion", "bash"));
        assertTrue(out.toString().contains("layout-get"), "no layout-get in the script");
        assertEquals(ExitCode.OK.code(), run("completion", "zsh"));
        assertEquals(ExitCode.USAGE.code(), run("completion", "tcsh"));
        assertTrue(err.toString().contains("tcsh"), err.toString());
    }

    @Test
    void theHelpListsEveryExitCode() {
        assertEquals(ExitCode.OK.code(), run("--help"));
        // The help breaks long lines.
        String help = out.toString().replaceAll("\\s+", " ");
        for (ExitCode code : ExitCode.values()) {
            String row = code.code() + " " + code.meaning();
            assertTrue(help.contains(row), "no '" + row + "' in " + help);
        }
    }

    @Test
    void versionNamesTheBuild() {
        assertEquals(ExitCode.OK.code(), run("--version"));
        assertTrue(out.toString().startsWith("outlay " + Version.current()), out::toString);
        assertTrue(Version.current().matches("\\d+\\.\\d+\\.\\d+.*"), Version::current);
    }

    @Test
    void theVersionAloneNeedsNoCommandLine() {
        assertTrue(Version.isAllAskedFor(new String[] {"--version"}));
        assertTrue(Version.isAllAskedFor(new String[] {"-V"}));
        assertFalse(Version.isAllAskedFor(new String[] {"ls", "--version"}));
        assertFalse(Version.isAllAskedFor(new String[] {"--version", "--what"}));
        assertEquals(ExitCode.OK.code(), run("--version"));
        assertEquals(Version.line(), out.toString().strip());
    }

    @Test
    void aNamedCommandIsBuiltAloneAndAsAmongAll() {
        Map<String, CommandLine> all = OutlayCommandLine.of(false).getSubcommands();
        all.forEach(
                (name, command) -> {
                    assertEquals(command.getCommandName(), name);
                    Map<String, CommandLine> built =
                            OutlayCommandLine.of(false, name).getSubcommands();
                    boolean tellsOfOthers = name.equals("help") || name.equals("completion");
                    assertEquals(tellsOfOthers ? all.keySet() : Set.of(name), built.keySet());
                    assertEquals(
                            command.getUsageMessage(),
                            Objects.requireNonNull(built.get(name)).getUsageMessage());
                });
        assertEquals(all.keySet(), OutlayCommandLine.of(false, "sl").getSubcommands().keySet());
    }

    @Test
    void helpNamesTheExitCodes() {
        assertEquals(ExitCode.OK.code(), run("--help"));
        assertTrue(out.toString().contains("Exit codes"), out::toString);
    }

    @Test
    void unknownCommandIsWrongUsageInOneLine() {
        assertEquals(ExitCode.USAGE.code(), run("halp"));
        assertEquals(
                "outlay: unknown command 'halp', did you mean help? - see 'outlay --help'",
                err.toString().strip());
    }

    @Test
    void unknownOptionIsWrongUsage() {
        assertEquals(ExitCode.USAGE.code(), run("--versoin"));
        assertTrue(err.toString().startsWith("outlay: unknown option '--versoin'"), err::toString);
        assertEquals(1, err.toString().lines().count());
    }

    @Test
    void failureIsOneLineWithoutTrace() {
        assertEquals(ExitCode.NOT_FOUND.code(), run("fail"));
        assertEquals(
                "outlay: no such file or folder: /nowhere - check the path",
                err.toString().strip());
    }

    @Test
    void debugShowsTheTrace() {
        assertEquals(ExitCode.NOT_FOUND.code(), run("fail", "--debug"));
        assertTrue(err.toString().contains("\tat dev.outlay.OutlayTest"), err::toString);
        assertEquals(ExitCode.NOT_FOUND.code(), run("--debug", "fail"));
        assertEquals(ExitCode.NOT_FOUND.code(), run("group", "fail", "--debug"));
    }

    @Test
    void messagesThatSayWhatToDoPassUnchanged() {
        assertEquals(
                "disk a is gone - plug it in",
                FailureText.of(new IOException("disk a is gone - plug it in")));
    }

    @Test
    void linesAreJoined() {
        assertEquals("a; b - c", FailureText.of(new IllegalStateException("a\n  b - c\n")));
    }

    @Test
    void defectsAreCalledDefects() {
        String text = FailureText.of(new NullPointerException());
        assertTrue(text.contains("this is a defect"), text);
        assertFalse(text.contains("\n"));
    }

    private int run(String... args) {
        CommandLine commandLine = OutlayCommandLine.of(false);
        commandLine.addSubcommand(new Failing());
        commandLine.addSubcommand(new Group());
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        return commandLine.execute(args);
    }

    @Command(name = "fail")
    static final class Failing implements Callable<Integer> {
        @Override
        public Integer call() {
            throw new UncheckedIOException(new NoSuchFileException("/nowhere"));
        }
    }

    @Command(name = "group", subcommands = Failing.class)
    private static final class Group {}
}
