package dev.outlay;

/**
 * The main class of the program {@code outlay}.
 *
 * <p>It knows nothing of the command line's library, which takes longer to load than all that is
 * needed to tell the version.
 */
public final class Outlay {

    private Outlay() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        if (Version.isAllAskedFor(args)) {
            System.out.println(Version.line());
        } else {
            OutlayCommandLine.run(args);
        }
    }
}
