package dev.outlay.client.cli;

import dev.outlay.core.history.HistoryCheck;
import dev.outlay.core.history.HistoryCheck.Summary;
import dev.outlay.core.history.HistoryFinding;
import dev.outlay.core.text.CommandFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Replays exposure logs and reports every event that breaks an invariant. */
@Command(
        name = "check",
        header = "Proves from the log alone that nothing was exposed that should not have been.",
        description = {
            "Replays every event into a model of its own and reports each that breaks an invariant:"
                    + " file and line, time, who, which blocks. docs/history.md says what can be"
                    + " proved so, and what cannot."
        },
        exitCodeListHeading = "%nExit codes of this command:%n",
        exitCodeList = {
            "0:clean",
            "1:an invariant is broken",
            "2:a file cannot be read, a line in the midst of one is damaged, or wrong usage",
            "3:clean as far as can be told, but lines are missing"
        },
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {
            "  outlay history check /var/lib/outlay/history",
            "  outlay history check --volume data --json /var/lib/outlay/history"
        })
final class HistoryCheckCommand extends HistoryCommands.Offline {

    private static final int CLEAN = 0;
    private static final int VIOLATIONS = 1;
    private static final int UNREADABLE = 2;
    private static final int INCOMPLETE = 3;

    @Parameters(
            paramLabel = "DIR|FILE",
            arity = "1..*",
            description = "The folder of 'history.dir', that of one volume, or files.")
    private List<Path> places = List.of();

    @Option(names = "--volume", paramLabel = "NAME", description = "Only of this volume.")
    private @Nullable String volume;

    @Override
    int run() throws IOException, CommandFailure {
        List<Map<String, Object>> json = new ArrayList<>();
        int worst = CLEAN;
        for (HistoryLogs.Log log : HistoryLogs.find(places, volume)) {
            HistoryCheck check = new HistoryCheck();
            log.read(check);
            int result = result(check.summary());
            worst = worse(worst, result);
            if (output().isJson()) {
                json.add(json(log, check, result));
            } else {
                show(log, check, result);
            }
        }
        if (output().isJson()) {
            output().json(json);
        }
        return worst;
    }

    private static int result(Summary read) {
        if (read.violations() > 0) {
            return VIOLATIONS;
        }
        if (read.damaged() > 0 || read.lines() == 0) {
            return UNREADABLE;
        }
        return read.gaps() > 0 || read.unchecked() > 0 ? INCOMPLETE : CLEAN;
    }

    private static int worse(int a, int b) {
        for (int each : new int[] {VIOLATIONS, UNREADABLE, INCOMPLETE}) {
            if (a == each || b == each) {
                return each;
            }
        }
        return CLEAN;
    }

    private void show(HistoryLogs.Log log, HistoryCheck check, int result) {
        Summary read = check.summary();
        output().line(
                        "volume "
                                + log.volume()
                                + ": "
                                + read.lines()
                                + " lines in "
                                + log.files().size()
                                + " files, "
                                + read.clients()
                                + " clients"
                                + (read.lines() == 0
                                        ? ""
                                        : ", "
                                                + Instant.ofEpochMilli(read.firstMillis())
                                                + " to "
                                                + Instant.ofEpochMilli(read.lastMillis())));
        output().line("  " + new TreeMap<>(read.events()));
        for (HistoryFinding finding : check.findings()) {
            output().line(
                            "  "
                                    + finding.invariant()
                                    + " "
                                    + finding.place()
                                    + " "
                                    + Instant.ofEpochMilli(finding.atMillis())
                                    + " "
                                    + finding.event()
                                    + ": "
                                    + finding.what());
        }
        check.notes().forEach(note -> output().line("  note: " + note));
        output().line("  " + words(read, result, check.findings().size()));
    }

    private static String words(Summary read, int result, int shown) {
        String missing =
                read.gaps()
                        + " gaps, "
                        + read.missing()
                        + " events known to be missing, "
                        + read.unchecked()
                        + " lines behind them not checked";
        return switch (result) {
            case VIOLATIONS ->
                    read.violations()
                            + " violations"
                            + (read.violations() > shown ? ", the first " + shown + " shown" : "")
                            + (read.gaps() > 0 ? "; " + missing : "");
            case UNREADABLE -> read.damaged() + " damaged lines; " + missing;
            case INCOMPLETE -> "clean, but incomplete: " + missing;
            default -> "clean";
        };
    }

    private static Map<String, Object> json(HistoryLogs.Log log, HistoryCheck check, int result) {
        Summary read = check.summary();
        return Output.object(
                "volume", log.volume(),
                "result",
                        switch (result) {
                            case VIOLATIONS -> "violations";
                            case UNREADABLE -> "unreadable";
                            case INCOMPLETE -> "incomplete";
                            default -> "clean";
                        },
                "files", log.files().stream().map(Path::toString).toList(),
                "lines", read.lines(),
                "events", new TreeMap<>(read.events()),
                "clients", read.clients(),
                "firstMillis", read.firstMillis(),
                "lastMillis", read.lastMillis(),
                "gaps", read.gaps(),
                "missing", read.missing(),
                "unchecked", read.unchecked(),
                "damaged", read.damaged(),
                "violationCount", read.violations(),
                "violations",
                        check.findings().stream()
                                .map(
                                        f ->
                                                Output.object(
                                                        "invariant", f.invariant(),
                                                        "place", f.place(),
                                                        "seq", f.seq(),
                                                        "atMillis", f.atMillis(),
                                                        "event", f.event(),
                                                        "what", f.what()))
                                .toList(),
                "notes", check.notes());
    }
}
