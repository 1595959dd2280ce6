package dev.outlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What every command shares: exit codes, help, version, and failures in one line. */
final class OutlayTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void versionNamesTheBuild() {
        assertEquals(Outlay.EXIT_OK, run("--version"));
        assertTrue(out.toString().startsWith("outlay " + Version.current()), out::toString);
        assertTrue(Version.current().matches("\\d+\\.\\d+\\.\\d+.*"), Version::current);
    }

    @Test
    void helpNamesTheExitCodes() {
        assertEquals(Outlay.EXIT_OK, run("--help"));
        assertTrue(out.toString().contains("Exit codes"), out::toString);
    }

    @Test
    void unknownCommandIsWrongUsageInOneLine() {
        assertEquals(Outlay.EXIT_USAGE, run("halp"));
        assertEquals(
                "outlay: unknown command 'halp', did you mean help? - see 'outlay --help'",
                err.toString().strip());
    }

    @Test
    void unknownOptionIsWrongUsage() {
        assertEquals(Outlay.EXIT_USAGE, run("--versoin"));
        assertTrue(err.toString().startsWith("outlay: unknown option '--versoin'"), err::toString);
        assertEquals(1, err.toString().lines().count());
    }

    @Test
    void failureIsOneLineWithoutTrace() {
        assertEquals(Outlay.EXIT_FAILED, run("fail"));
        assertEquals(
                "outlay: no such file or folder: /nowhere - check the path",
                err.toString().strip());
    }

    @Test
    void debugShowsTheTrace() {
        assertEquals(Outlay.EXIT_FAILED, run("fail", "--debug"));
        assertTrue(err.toString().contains("\tat dev.outlay.OutlayTest"), err::toString);
        assertEquals(Outlay.EXIT_FAILED, run("--debug", "fail"));
        assertEquals(Outlay.EXIT_FAILED, run("group", "fail", "--debug"));
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
        CommandLine commandLine = Outlay.commandLine(false);
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
