package dev.outlay.client.cli;

import dev.outlay.core.text.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What an exposure log tells, without a server: check, who. */
@Command(
        name = "history",
        mixinStandardHelpOptions = true,
        header = "Checks and searches the log of who could touch which bytes; needs no server.",
        description = {
            "A server with 'history.dir' in its configuration writes such a log beside its journal."
        },
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {HistoryCheckCommand.class, HistoryWhoCommand.class},
        footerHeading = VolumeCommands.EXAMPLES,
        footer = {
            "  outlay history check /var/lib/outlay/history",
            "  outlay history who --volume data --file /a.bin --range 0..1MiB /var/lib/outlay/history"
        })
final class HistoryCommands {

    /** What both have in common. */
    @Command(mixinStandardHelpOptions = true)
    abstract static class Offline implements Callable<Integer> {

        @Spec private CommandSpec spec = CommandSpec.create();

        @Option(names = "--json", description = "Answer with one JSON document.")
        private boolean json;

        abstract int run() throws IOException, CommandFailure;

        @Override
        public final Integer call() throws IOException, CommandFailure {
            return run();
        }

        final Output output() {
            return new Output(out(), json);
        }

        final PrintWriter out() {
            return spec.commandLine().getOut();
        }

        final void note(String line) {
            spec.commandLine().getErr().println("outlay: " + line);
            spec.commandLine().getErr().flush();
        }

        final ParameterException wrongUsage(String problem) {
            return new ParameterException(spec.commandLine(), problem);
        }
    }
}
