package dev.outlay.client.cli;

import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.SavedSession;
import dev.outlay.client.SessionInfo;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.text.Table;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Commands about the saved session: show, end. */
@Command(
        name = "session",
        mixinStandardHelpOptions = true,
        header = "Shows or ends the session that commands share.",
        description =
                "It is opened by the first command that needs one, and every command renews its lease.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {SessionCommands.Show.class, SessionCommands.End.class},
        footerHeading = SessionCommands.EXAMPLES,
        footer = {"  outlay session show", "  outlay session end"})
final class SessionCommands {

    static final String EXAMPLES = "%nExamples:%n";

    /** A command about the file itself. */
    abstract static class OnFile extends AnsweringCommand {

        @Mixin private SessionOptions options = new SessionOptions();

        abstract ExitCode run(SessionFile file) throws IOException, CommandFailure;

        @Override
        final ExitCode run() throws IOException, CommandFailure {
            try (SessionFile file =
                    SessionFile.lock(options.file(server().server()), server().timeoutMillis())) {
                return run(file);
            }
        }

        final LayoutClient resume(SavedSession saved) throws OutlayException {
            return LayoutClient.connect(server().client(saved.owner()).resuming(saved));
        }
    }

    @Command(
            name = "show",
            header = "Shows the session, and renews its lease.",
            footerHeading = EXAMPLES,
            footer = {"  outlay session show", "  outlay session show --json"})
    static final class Show extends OnFile {

        @Override
        ExitCode run(SessionFile file) throws IOException, CommandFailure {
            SessionState state = file.read();
            if (state.session().isEmpty()) {
                print(file, state, Output.object("open", false), new Table("", ""));
                return ExitCode.OK;
            }
            LayoutClient client = resume(state.session().get());
            try {
                client.renew();
                SessionInfo session = client.session();
                String id = Long.toHexString(session.clientId());
                print(
                        file,
                        state,
                        Output.object(
                                "open", true,
                                "clientId", id,
                                "serverId", session.serverId().toString(),
                                "serverIncarnation", session.serverIncarnation(),
                                "leaseMillis", session.leaseMillis(),
                                "leaseLeftMillis", session.leaseLeftMillis()),
                        new Table("", "")
                                .row("client", id)
                                .row("server", session.serverId())
                                .row("server incarnation", session.serverIncarnation())
                                .row("lease", Amounts.millis(session.leaseMillis()))
                                .row("lease left", Amounts.millis(session.leaseLeftMillis())));
            } finally {
                file.write(state.with(client.detach()));
            }
            return ExitCode.OK;
        }

        private void print(
                SessionFile file, SessionState state, Map<String, Object> json, Table table) {
            if (output().isJson()) {
                json.put("file", file.path().toString());
                json.put("owner", state.owner());
                json.put("held", state.held().stream().map(VolumePath::toString).toList());
                output().json(json);
                return;
            }
            if (state.session().isEmpty()) {
                output().line("no session is open (" + file.path() + ")");
                return;
            }
            table.row("owner", state.owner()).row("file", file.path());
            state.held().forEach(name -> table.row("layout on", name));
            output().table(table);
        }
    }

    @Command(
            name = "end",
            header = "Gives back all the session holds, and ends it.",
            footerHeading = EXAMPLES,
            footer = "  outlay session end")
    static final class End extends OnFile {

        @Override
        ExitCode run(SessionFile file) throws IOException, CommandFailure {
            SessionState state = file.read();
            boolean open = state.session().isPresent();
            boolean lost = false;
            if (open) {
                try {
                    resume(state.session().get()).close();
                } catch (OutlayException e) {
                    if (!SessionCommand.isLost(e)) {
                        throw e;
                    }
                    lost = true;
                }
            }
            file.delete();
            if (output().isJson()) {
                output().json(Output.object("wasOpen", open && !lost));
            } else {
                output().line(
                                !open
                                        ? "no session was open"
                                        : lost
                                                ? "the session had ended already; it is forgotten"
                                                : "the session is ended");
            }
            return ExitCode.OK;
        }
    }
}
