package dev.outlay.client.cli;

import dev.outlay.client.LayoutClient;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Writes files to standard output. */
@Command(
        name = "cat",
        header = "Writes the bytes of files to standard output.",
        footerHeading = "%nExamples:%n",
        footer = {"  outlay cat data:/log", "  outlay cat data:/a data:/b | wc -c"})
final class CatCommand extends TransferCommand {

    @Parameters(
            arity = "1..*",
            paramLabel = "VOLUME:/PATH",
            converter = VolumePath.Converter.class,
            description = "The files.")
    private List<VolumePath> names = new ArrayList<>();

    private Object subject = "";

    @Override
    Object subject() {
        return subject;
    }

    @Override
    ExitCode transfer(LayoutClient client, Interruption interruption)
            throws IOException, CommandFailure {
        for (VolumePath name : names) {
            subject = name;
            toStandardOutput(client, name, interruption);
        }
        return ExitCode.OK;
    }
}
