package dev.outlay.client.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which saved session a command goes on with. */
final class SessionOptions {

    @Option(
            names = "--state",
            paramLabel = "FILE",
            description =
                    "Where the session is kept between commands, readable by you alone."
                            + " Default: one file for each server in $$XDG_STATE_HOME/outlay.")
    private @Nullable Path state;

    @Option(
            names = "--lease",
            paramLabel = "TIME",
            converter = Converters.Millis.class,
            description =
                    "The lease to ask for when a session is opened, such as 10m: how long what you"
                            + " hold is safe between two commands. Default: the server's.")
    private int leaseMillis;

    Path file(String server) {
        return state == null ? SessionFile.standard(server) : state;
    }

    /** 0: as it is. */
    int leaseMillis() {
        return leaseMillis;
    }
}
