package dev.outlay.client.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outlay.fuzz.Target;

/** The way to the saved session for the fuzzer. */
public final class SavedSessions {

    private SavedSessions() {}

    /** Any text is the state of a session or refused as none. */
    public static void read(byte[] input) {
        SessionState state;
        try {
            state = SessionState.fromJson(new String(input, UTF_8));
        } catch (IllegalArgumentException e) {
            return;
        }
        SessionState again = SessionState.fromJson(state.toJson());
        Target.check(again.toJson().equals(state.toJson()), "not stable");
        Target.check(again.equals(state), "another state comes back");
    }
}
