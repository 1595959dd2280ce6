package dev.outlay.server.tool;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.server.journal.Batch;
import dev.outlay.server.journal.JournalScanner;
import dev.outlay.server.journal.ScanStop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code outlay journal}: looks at journals. */
@Command(
        name = "journal",
        mixinStandardHelpOptions = true,
        header = "Looks at the journal of a volume.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = JournalCommand.Dump.class,
        footerHeading = ToolCommand.EXAMPLES,
        footer = "  outlay journal dump data --data /var/lib/outlay --facts")
final class JournalCommand {

    /** {@code outlay journal dump}: prints batches and facts. */
    @Command(
            name = "dump",
            header = "Prints the batches of a journal, and the facts in them.",
            description =
                    "Reads only. While a server runs, the end it finds may be a batch that is just"
                            + " being written. With --json: one document a line. Exit code 1 if the"
                            + " journal is damaged.",
            footerHeading = ToolCommand.EXAMPLES,
            footer = {
                "  outlay journal dump data --data /var/lib/outlay",
                "  outlay journal dump data --from 81920 --facts",
                "  outlay journal dump data --facts --json | jq ."
            })
    static final class Dump extends ToolCommand implements Callable<Integer> {

        private static final Gson ONE_LINE = new GsonBuilder().disableHtmlEscaping().create();

        @Mixin private VolumeFolder volume = new VolumeFolder();

        @Option(
                names = "--from",
                paramLabel = "POSITION",
                description = "Begin with the batch that holds this position. Default: the first.")
        private long from;

        @Option(names = "--facts", description = "Print every fact of each batch.")
        private boolean facts;

        @Override
        public Integer call() throws IOException, CommandFailure {
            try (JournalScanner scanner = JournalScanner.open(volume.storage())) {
                for (Optional<Batch> next = scanner.next();
                        next.isPresent();
                        next = scanner.next()) {
                    if (next.get().endPosition() > from) {
                        print(next.get());
                    }
                }
                return end(scanner.stop());
            }
        }

        private void print(Batch batch) {
            if (isJson()) {
                printJson(batch);
                return;
            }
            long bytes = batch.records().stream().mapToLong(record -> record.length).sum();
            line(
                    "position "
                            + batch.position()
                            + " to "
                            + batch.endPosition()
                            + ", forced "
                            + batch.forcedThrough()
                            + ", "
                            + (batch.records().isEmpty()
                                    ? "seal of a clean close"
                                    : batch.records().size() + " records, " + bytes + " bytes")
                            + " ("
                            + batch.file()
                            + " byte "
                            + batch.offset()
                            + ")");
            if (facts) {
                for (byte[] record : batch.records()) {
                    decode(record, fact -> line("  " + FactText.line(fact)));
                }
            }
        }

        private void printJson(Batch batch) {
            Map<String, Object> json =
                    object(
                            "position", batch.position(),
                            "endPosition", batch.endPosition(),
                            "forcedThrough", batch.forcedThrough(),
                            "file", batch.file(),
                            "offset", batch.offset(),
                            "records", batch.records().size());
            if (facts) {
                List<Object> all = new ArrayList<>();
                for (byte[] record : batch.records()) {
                    decode(record, fact -> all.add(FactText.json(fact)));
                }
                json.put("facts", all);
            }
            line(ONE_LINE.toJson(json));
        }

        /** What becomes of a fact, or of the words that say why there is none. */
        private interface Sink {
            void accept(Object fact);
        }

        private static void decode(byte[] record, Sink sink) {
            List<Fact> decoded;
            try {
                decoded = FactCodec.facts(record);
            } catch (CorruptDataException e) {
                sink.accept("not readable by this program: " + e.getMessage());
                return;
            }
            decoded.forEach(sink::accept);
        }

        private int end(ScanStop stop) {
            ExitCode code =
                    switch (stop) {
                        case ScanStop.End _, ScanStop.TornTail _ -> ExitCode.OK;
                        case ScanStop.Damaged _ -> ExitCode.FAILED;
                    };
            if (isJson()) {
                line(
                        ONE_LINE.toJson(
                                object(
                                        "stop", stop.getClass().getSimpleName(),
                                        "file", stop.file(),
                                        "offset", stop.offset(),
                                        "position", stop.position(),
                                        "words", stop.describe())));
            } else {
                line(stop.describe());
            }
            return code.code();
        }
    }
}
