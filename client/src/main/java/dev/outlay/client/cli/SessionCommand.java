package dev.outlay.client.cli;

import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.client.SavedSession;
import dev.outlay.core.text.Amounts;
import dev.outlay.core.text.CommandFailure;
import dev.outlay.core.text.ExitCode;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/**
 * A command that goes on with the saved session, or opens it, and leaves it for the next command.
 * Each one renews the lease.
 *
 * <p>Before the first request the file is written with operation ids set aside: a command that dies
 * on the way leaves none that the next one would use again for something else.
 */
abstract class SessionCommand extends AnsweringCommand {

    /** More than one command uses. */
    private static final int OPERATIONS_SET_ASIDE = 64;

    @Mixin private SessionOptions options = new SessionOptions();

    private SessionState state = SessionState.none("");

    /** Does it; the session outlives the command. */
    abstract ExitCode run(LayoutClient client) throws IOException, CommandFailure;

    /** Whose operation ids the command uses. */
    abstract String volume();

    /** What failures are about, if they do not say it themselves. */
    abstract Object subject();

    /**
     * Whether the command is about what the session holds already: then a session that is gone is a
     * failure. Others go on with a new one.
     */
    boolean needsOldSession() {
        return false;
    }

    @Override
    final ExitCode run() throws IOException, CommandFailure {
        try (SessionFile file =
                SessionFile.lock(options.file(server().server()), server().timeoutMillis())) {
            state = file.read();
            LayoutClient client = connect(file);
            state = state.with(client.save());
            file.write(state.with(client.save().skipping(volume(), OPERATIONS_SET_ASIDE)));
            boolean lost = false;
            try {
                return run(client);
            } catch (OutlayException e) {
                lost = isLost(e);
                throw About.name(subject(), e);
            } finally {
                SavedSession left = client.detach();
                file.write(lost ? SessionState.none(state.owner()) : state.with(left));
            }
        }
    }

    /** Remembers whether a layout is held on a file. */
    final void holding(VolumePath file, boolean holds) {
        state = state.holding(file, holds);
    }

    /** Remembers that no layout is held on this volume. */
    final void holdingNothing() {
        for (VolumePath file : state.held()) {
            if (file.volume().equals(volume())) {
                state = state.holding(file, false);
            }
        }
    }

    private LayoutClient connect(SessionFile file) throws IOException, CommandFailure {
        if (state.session().isEmpty()) {
            return open();
        }
        int lease = options.leaseMillis();
        if (lease != 0 && lease != state.leaseMillis()) {
            if (!state.held().isEmpty()) {
                throw new CommandFailure(
                        ExitCode.TRY_LATER,
                        "the session was opened with another lease, and holds layouts on "
                                + names(),
                        "return them and run 'outlay session end' first, or leave --lease out");
            }
            resume().close();
            file.delete();
            return open();
        }
        try {
            return resume();
        } catch (OutlayException e) {
            if (!isLost(e)) {
                throw e;
            }
            String what = "the session is gone (" + e.what() + ")";
            if (needsOldSession()) {
                file.write(SessionState.none(state.owner()));
                throw new CommandFailure(
                        ExitCode.SESSION_LOST,
                        what
                                + (state.held().isEmpty()
                                        ? ""
                                        : ", and with it the layouts on " + names()),
                        "stop storing by them; get them again with 'outlay layout-get'");
            }
            if (!state.held().isEmpty()) {
                note(what + ", and with it the layouts on " + names() + " - stop storing by them");
            }
            return open();
        }
    }

    private LayoutClient resume() throws OutlayException {
        return LayoutClient.connect(
                server().client(state.owner()).resuming(state.session().orElseThrow()));
    }

    private LayoutClient open() throws OutlayException {
        int lease = options.leaseMillis();
        LayoutClient client =
                LayoutClient.connect(
                        server().client(state.owner()).withLeaseMillis(lease).outlivingProcess());
        state = state.opened(client.save(), lease);
        int granted = client.session().leaseMillis();
        if (lease != 0 && granted != lease) {
            note(
                    "the server grants a lease of "
                            + Amounts.millis(granted)
                            + ", not "
                            + Amounts.millis(lease));
        }
        return client;
    }

    private String names() {
        return String.join(", ", state.held().stream().map(VolumePath::toString).toList());
    }

    /** Whether nothing is left of a session that fails so. */
    static boolean isLost(OutlayException e) {
        return e.is(Reason.EXPIRED) || e.is(Reason.FENCED) || e.is(Reason.NO_SESSION);
    }
}
