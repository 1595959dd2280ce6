package dev.outlay.bench;

import java.io.PrintWriter;

/**
 * What is being measured now: on a terminal in one line that is overwritten; elsewhere a line as
 * each benchmark begins.
 */
final class Progress {

    /** Back to the beginning of the line, and away with what is on it. */
    private static final String ANEW = "\r\033[K";

    private final PrintWriter err;
    private final boolean terminal;

    Progress(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    /** A benchmark begins. */
    void begin(String benchmark, int number, int of) {
        String line = "measuring " + benchmark + " (" + number + " of " + of + ") ...";
        if (terminal) {
            say(line);
        } else {
            err.println(line);
            err.flush();
        }
    }

    void say(String what) {
        if (terminal) {
            err.print(ANEW + what);
            err.flush();
        }
    }

    /** Makes room for a line of the table. */
    void clear() {
        if (terminal) {
            err.print(ANEW);
            err.flush();
        }
    }
}
