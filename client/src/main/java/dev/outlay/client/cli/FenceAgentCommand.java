package dev.outlay.client.cli;

import dev.outlay.client.fence.FenceAgent;
import dev.outlay.client.fence.LocalHost;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The process on a client's host that ends clients for the server. */
@Command(
        name = "fence-agent",
        header = "Ends the revoked clients on this host, and says when they are gone.",
        description = {
            "Runs until it is stopped, on every host that clients run on, with the right to kill them"
                    + " and to open the devices (fence.driver = agent at the server).",
            "It kills a process only if pid, start time, boot and pid namespace are those that the"
                    + " client gave, waits until it is gone, writes back what this host has cached of"
                    + " the devices, and only then confirms."
        },
        footerHeading = VolumeCommands.EXAMPLES,
        footer = "  outlay fence-agent --server store-1:7430 --host node-7")
final class FenceAgentCommand extends ClientCommand {

    @Option(
            names = "--host",
            paramLabel = "NAME",
            description =
                    "The name that clients on this host give, one host in the network. Default:"
                            + " $$OUTLAY_HOST, otherwise the name of the host.")
    private @Nullable String host;

    @Override
    ExitCode run() throws IOException, CommandFailure {
        String name = host != null ? host : LocalHost.chosenName();
        LocalHost local = LocalHost.read(name);
        try (FenceAgent agent =
                FenceAgent.start(server().server(), local, server().devicePaths(), this::say)) {
            agent.await();
        }
        return ExitCode.OK;
    }

    private void say(String line) {
        out().println(line);
        out().flush();
    }
}
