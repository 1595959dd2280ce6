package dev.outlay;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outlay version}: what this program is. */
@Command(
        name = "version",
        mixinStandardHelpOptions = true,
        header = "Shows the version of this program.",
        footerHeading = "%nExamples:%n",
        footer = {"  outlay version", "  outlay version --json"})
final class VersionCommand implements Runnable {

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Answer with one JSON document.")
    private boolean json;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(
                    "{\"version\": \""
                            + Version.current()
                            + "\", \"java\": \""
                            + Runtime.version()
                            + "\"}");
        } else {
            out.println(Version.line());
        }
        out.flush();
    }
}
