package dev.outlay.core.op;

import dev.outlay.core.value.Reason;
import org.jspecify.annotations.Nullable;

/** Counts what the answer covers against {@code min_length}, and keeps what ended it early. */
final class Coverage {
    private final long bytes;
    private long covered;
    private @Nullable Refusal ended;

    Coverage(long bytes) {
        this.bytes = bytes;
    }

    long bytes() {
        return bytes;
    }

    void covered(long more) {
        covered += more;
    }

    void stop(Refusal why) {
        ended = why;
    }

    boolean stopped() {
        return ended != null;
    }

    /** Refuses if less than needed is covered, or nothing because something was in the way. */
    void check() {
        if (covered >= bytes && (covered > 0 || ended == null)) {
            return;
        }
        throw ended != null
                ? ended
                : new Refusal(
                        Reason.BAD_LAYOUT,
                        "only " + covered + " of min_length " + bytes + " bytes can be laid out");
    }
}
