package dev.outlay.core.text;

/**
 * How a command ended, for scripts. The table of the manual, of {@code outlay --help} and of the
 * tests is this one.
 */
public enum ExitCode {
    OK(0, "done"),
    FAILED(1, "failed; one line on standard error says why and what to do"),
    USAGE(2, "wrong usage; nothing was done"),
    NOT_FOUND(3, "no such file, volume, device or folder"),
    TRY_LATER(4, "a conflict or a busy server; the same command may succeed later"),
    SESSION_LOST(5, "the session has expired or was fenced: what it held is gone"),
    UNREACHABLE(6, "the server cannot be reached, or does not answer in time");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    /** The status of the process. */
    public int code() {
        return code;
    }

    /** What it tells, in one clause. */
    public String meaning() {
        return meaning;
    }
}
