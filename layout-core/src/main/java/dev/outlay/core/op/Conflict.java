package dev.outlay.core.op;

import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Reason;
import java.util.List;

/**
 * Leaves an operation because others hold, or wait in front for, what it needs. Nothing has
 * changed; {@link Waiting} says what follows. Where nothing waits it is the refusal TRY_LATER.
 */
final class Conflict extends Refusal {

    private static final long serialVersionUID = 1L;

    private final transient FileNode file;
    private final transient ByteRange range;
    private final boolean exclusive;
    private final transient List<Held> inTheWay;

    /**
     * @param range what the operation wants of the file
     * @param exclusive whether it bears nobody beside it there
     * @param inTheWay what has to be given back; empty if only those in front have to go first
     */
    Conflict(FileNode file, ByteRange range, boolean exclusive, List<Held> inTheWay) {
        super(new Reply.Failure(Reason.TRY_LATER, text(file, range, inTheWay), RETRY_MILLIS));
        this.file = file;
        this.range = range;
        this.exclusive = exclusive;
        this.inTheWay = List.copyOf(inTheWay);
    }

    /** When a conflict is worth another try, milliseconds. */
    static final long RETRY_MILLIS = 50;

    FileNode file() {
        return file;
    }

    ByteRange range() {
        return range;
    }

    boolean isExclusive() {
        return exclusive;
    }

    List<Held> inTheWay() {
        return inTheWay;
    }

    private static String text(FileNode file, ByteRange range, List<Held> inTheWay) {
        if (inTheWay.isEmpty()) {
            return "others wait in front for bytes " + range + " of file " + file.id();
        }
        Held first = inTheWay.getFirst();
        return "client "
                + first.holder().record().id()
                + " ('"
                + first.holder().record().owner()
                + "') holds "
                + first.range()
                + " for "
                + first.kind();
    }
}
