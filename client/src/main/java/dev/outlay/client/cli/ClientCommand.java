package dev.outlay.client.cli;

import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands that talk to a server share. */
@Command(mixinStandardHelpOptions = true)
abstract class ClientCommand implements Callable<Integer> {

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private ServerOptions server = new ServerOptions();

    /** Does it, and says how it ended; what goes wrong is thrown. */
    abstract ExitCode run() throws IOException, CommandFailure;

    @Override
    public final Integer call() throws IOException, CommandFailure {
        return run().code();
    }

    final ServerOptions server() {
        return server;
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** A note for people, beside the answer. */
    final void note(String line) {
        err().println("outlay: " + line);
        err().flush();
    }

    /** The command line is wrong in a way that only its whole shows. */
    final ParameterException wrongUsage(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }
}
