package dev.outlay.core.text;

/**
 * A command cannot do what it was asked for. The message is the line the user gets: what was wrong,
 * and what to do about it.
 */
public final class CommandFailure extends Exception {

    private static final long serialVersionUID = 1;

    private final ExitCode exitCode;

    /** A failure with the exit code that tells scripts what kind it is. */
    public CommandFailure(ExitCode exitCode, String what, String whatToDo) {
        super(what + " - " + whatToDo);
        this.exitCode = exitCode;
    }

    /** A plain failure. */
    public CommandFailure(String what, String whatToDo) {
        this(ExitCode.FAILED, what, whatToDo);
    }

    public ExitCode exitCode() {
        return exitCode;
    }
}
