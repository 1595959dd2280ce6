package dev.outlay.client.cli;

import dev.outlay.core.history.HistoryAccess;
import dev.outlay.core.history.HistoryAccess.Access;
import dev.outlay.core.history.HistoryCheck.Summary;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import dev.outlay.core.value.ByteRange;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Who could have read or written some bytes, and when. */
@Command(
        name = "who",
        header = "Tells which clients could have read or written some bytes of a file, and when.",
        description = {
            "By a grant for RW (write; replace where the store went to fresh blocks), by one for READ"
                    + " (read, mapped), by a Read or Write through the server, and in quarantine,"
                    + " where a client had ended without a proof that it had stopped. VIA names"
                    + " another file if it was through a clone that shares the blocks."
        },
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {
            "  outlay history who --volume data --file /a.bin /var/lib/outlay/history",
            "  outlay history who --volume data --file /a.bin --range 0..1MiB \\",
            "      --between 2026-11-22T10:00:00Z 2026-11-22T11:00:00Z /var/lib/outlay/history"
        })
final class HistoryWhoCommand extends HistoryCommands.Offline {

    /** Reads {@code A..B}, both with or without a unit; nothing behind the dots is the end. */
    static final class SpanConverter implements ITypeConverter<ByteRange> {
        @Override
        public ByteRange convert(String value) {
            int dots = value.indexOf("..");
            try {
                if (dots > 0) {
                    long start = Amounts.parseBytes(value.substring(0, dots));
                    String end = value.substring(dots + 2);
                    return end.isEmpty()
                            ? ByteRange.from(start)
                            : new ByteRange(start, Amounts.parseBytes(end));
                }
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'" + value + "' is no range of bytes: " + e.getMessage());
            }
            throw new TypeConversionException(
                    "'" + value + "' is no range of bytes: write it as 0..64KiB");
        }
    }

    /** Reads a time with its zone, or milliseconds since 1970. */
    static final class TimeConverter implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String value) {
            try {
                return value.chars().allMatch(Character::isDigit)
                        ? Instant.ofEpochMilli(Long.parseLong(value))
                        : Instant.parse(value);
            } catch (DateTimeException | NumberFormatException e) {
                throw new TypeConversionException(
                        "'" + value + "' is no time: write it as 2026-11-22T10:00:00Z");
            }
        }
    }

    @Parameters(
            paramLabel = "DIR|FILE",
            arity = "1..*",
            description = "The folder of 'history.dir', that of one volume, or files.")
    private List<Path> places = List.of();

    @Option(
            names = "--volume",
            required = true,
            paramLabel = "NAME",
            description = "The volume that the file is on.")
    private String volume = "";

    @Option(
            names = "--file",
            required = true,
            paramLabel = "PATH|NUMBER",
            description = "Its path by the names of the time, or its number.")
    private String file = "";

    @Option(
            names = "--range",
            paramLabel = "A..B",
            converter = SpanConverter.class,
            description = "Bytes from A up to B, B not included; without it the whole file.")
    private ByteRange range = ByteRange.from(0);

    @Option(
            names = "--between",
            arity = "2",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "From and until when, by the server's clock; without it the whole log.")
    private List<Instant> between = List.of();

    @Override
    int run() throws IOException, CommandFailure {
        long from = between.isEmpty() ? Long.MIN_VALUE : between.get(0).toEpochMilli();
        long until = between.isEmpty() ? Long.MAX_VALUE : between.get(1).toEpochMilli();
        if (from > until) {
            throw wrongUsage("--between ends before it begins");
        }
        HistoryLogs.Log log = HistoryLogs.find(places, volume).getFirst();
        HistoryAccess who = access(from, until);
        log.read(who.check());
        if (!isNumber() && who.isKnown()) {
            // A file may have been written before it got its name: now that it is known which one
            // is meant, everything that was done to it is looked for.
            who = HistoryAccess.ofFiles(who.files(), range, from, until);
            log.read(who.check());
        }
        if (!who.isKnown()) {
            throw new CommandFailure(
                    ExitCode.NOT_FOUND,
                    "the log knows of no file '"
                            + file
                            + "' on volume '"
                            + volume
                            + "' in that time",
                    "look for its number with 'outlay stat', or at another time");
        }
        Summary read = who.check().summary();
        if (read.gaps() + read.damaged() > 0) {
            note(
                    "the log is incomplete: others may have been able to, too; see 'outlay history check'");
        }
        if (read.violations() > 0) {
            note("the log breaks invariants, see 'outlay history check'");
        }
        if (output().isJson()) {
            output().json(who.accesses().stream().map(HistoryWhoCommand::json).toList());
        } else if (who.accesses().isEmpty()) {
            output().line("nobody");
        } else {
            output().table(table(who.accesses()));
        }
        return ExitCode.OK.code();
    }

    private boolean isNumber() {
        return !file.isEmpty() && file.chars().allMatch(Character::isDigit);
    }

    private HistoryAccess access(long from, long until) {
        if (!isNumber()) {
            return HistoryAccess.ofPath(file, range, from, until);
        }
        try {
            return HistoryAccess.ofFiles(Set.of(Long.parseLong(file)), range, from, until);
        } catch (NumberFormatException e) {
            throw wrongUsage("'" + file + "' is too large for the number of a file");
        }
    }

    private static Table table(List<Access> all) {
        Table table = new Table("CLIENT", "OWNER", "HOW", "FILE", "RANGE", "VIA", "FROM", "UNTIL");
        for (Access each : all) {
            table.row(
                    id(each.client()),
                    each.owner(),
                    how(each),
                    each.file() + " " + each.path(),
                    each.range().start()
                            + ".."
                            + (each.range().end() == ByteRange.END ? "" : each.range().end()),
                    each.via() == each.file() ? "-" : Long.toString(each.via()),
                    Instant.ofEpochMilli(each.fromMillis()),
                    each.untilMillis().map(at -> Instant.ofEpochMilli(at).toString()).orElse("-"));
        }
        return table;
    }

    private static Map<String, Object> json(Access each) {
        Map<String, Object> json =
                Output.object(
                        "client", id(each.client()),
                        "owner", each.owner(),
                        "how", how(each),
                        "file", each.file(),
                        "path", each.path(),
                        "offset", each.range().start(),
                        "length", each.range().length(),
                        "via", each.via(),
                        "fromMillis", each.fromMillis());
        json.put("untilMillis", each.untilMillis().orElse(null));
        return json;
    }

    private static String how(Access each) {
        return each.how().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String id(long client) {
        return String.format("%016x", client);
    }
}
