package dev.outlay.client.cli;

import dev.outlay.client.BlockFile;
import dev.outlay.client.LayoutClient;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Copies a file from a volume. */
@Command(
        name = "get",
        header = "Copies a file from a volume.",
        description =
                "The bytes come straight from the device. A local file of that name is replaced once the copy is whole.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  outlay get data:/movies/m.mkv .",
            "  outlay get data:/movies/m.mkv copy.mkv --sha256",
            "  outlay get data:/dir.tar - | tar x"
        })
final class GetCommand extends TransferCommand {

    private static final String STDOUT = "-";

    @Parameters(
            index = "0",
            paramLabel = "VOLUME:/PATH",
            converter = VolumePath.Converter.class,
            description = "The file.")
    private VolumePath from = new VolumePath("", "/");

    @Parameters(
            index = "1",
            paramLabel = "LOCAL|-",
            description = "Where to: a file, a folder, or - for standard output.")
    private String local = "";

    @Option(names = "--json", description = "Answer with one JSON document.")
    private boolean json;

    @Override
    Object subject() {
        return from;
    }

    @Override
    ExitCode transfer(LayoutClient client, Interruption interruption)
            throws IOException, CommandFailure {
        if (local.equals(STDOUT)) {
            if (json) {
                throw wrongUsage("standard output cannot take both the bytes and --json");
            }
            toStandardOutput(client, from, interruption);
            return ExitCode.OK;
        }
        Path target = Path.of(local).toAbsolutePath();
        if (Files.isDirectory(target)) {
            target = target.resolve(from.name());
        }
        Path temporary = target.resolveSibling("." + target.getFileName() + ".get-" + nonce());
        try (BlockFile file = client.open(from.volume(), from.path(), StandardOpenOption.READ)) {
            Progress progress = progress("get " + from, file.size());
            long bytes;
            try (progress) {
                try (OutputStream out =
                        Files.newOutputStream(
                                temporary,
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.WRITE)) {
                    bytes = copy(file, out, progress, interruption);
                }
                Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
            report(
                    new Output(out(), json),
                    "got " + from + " as " + target,
                    from,
                    bytes,
                    progress.elapsedNanos());
        }
        return ExitCode.OK;
    }

    private static String nonce() {
        return Long.toHexString(System.nanoTime());
    }
}
