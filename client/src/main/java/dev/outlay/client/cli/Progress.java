package dev.outlay.client.cli;

import dev.outlay.core.text.Amounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * One line on a terminal that tells how far a transfer is: share, bytes, rate. It is drawn a few
 * times a second and wiped at the end; where standard error is no terminal there is none. One
 * thread.
 */
final class Progress implements AutoCloseable {

    private static final long REDRAW_NANOS = 200_000_000;
    private static final int PERCENT = 100;
    private static final int STANDARD_ERROR = 2;
    private static final String START_AND_WIPE = "\r\033[K";

    private final PrintWriter terminal;
    private final boolean live;
    private final String what;
    private final long totalBytes;
    private final LongSupplier nanos;
    private final long started;
    private long drawn;

    /**
     * A line that was not drawn yet.
     *
     * @param totalBytes where the transfer ends; negative if not known
     * @param nanos a clock that only goes forward
     */
    Progress(PrintWriter terminal, boolean live, String what, long totalBytes, LongSupplier nanos) {
        this.terminal = terminal;
        this.live = live;
        this.what = what;
        this.totalBytes = totalBytes;
        this.nanos = nanos;
        this.started = nanos.getAsLong();
        this.drawn = started;
    }

    /** Whether standard error is a terminal, and can show one. */
    static boolean isTerminal() {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + STANDARD_ERROR)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** So many bytes have gone. */
    void at(long bytes) {
        long now = nanos.getAsLong();
        if (live && now - drawn >= REDRAW_NANOS) {
            drawn = now;
            terminal.print(START_AND_WIPE + line(bytes, now - started));
            terminal.flush();
        }
    }

    /** Nanoseconds since the beginning. */
    long elapsedNanos() {
        return nanos.getAsLong() - started;
    }

    private String line(long bytes, long elapsed) {
        String share =
                totalBytes <= 0
                        ? ""
                        : " "
                                + (int) (PERCENT * (bytes / (double) totalBytes))
                                + "% of "
                                + Amounts.bytes(totalBytes)
                                + ",";
        return what + share + " " + Amounts.bytes(bytes) + ", " + Amounts.rate(bytes, elapsed);
    }

    @Override
    public void close() {
        if (live && drawn != started) {
            terminal.print(START_AND_WIPE);
            terminal.flush();
        }
    }
}
