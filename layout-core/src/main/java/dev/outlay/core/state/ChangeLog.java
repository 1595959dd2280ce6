package dev.outlay.core.state;

import dev.outlay.core.value.ByteRange;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The last changes of one file's extent map, so that a commit against an old map is refused only
 * where it really was changed. Bounded: what is older than the log remembers counts as changed.
 */
public final class ChangeLog {

    private static final int REMEMBERED = 32;

    /**
     * One change of the map.
     *
     * @param by the client that made the change, 0 for the server
     */
    record Change(long epoch, ByteRange range, long by) {}

    private final Deque<Change> changes = new ArrayDeque<>();
    private long forgottenThrough;

    void add(Change change) {
        changes.addLast(change);
        if (changes.size() > REMEMBERED) {
            forgottenThrough = changes.removeFirst().epoch();
        }
    }

    /** Whether anybody changed a part of {@code range} after {@code epoch}. */
    public boolean changedAfter(ByteRange range, long epoch) {
        return epoch < forgottenThrough
                || changes.stream().anyMatch(c -> c.epoch > epoch && c.range.overlaps(range));
    }

    List<Change> changes() {
        return List.copyOf(changes);
    }

    long forgottenThrough() {
        return forgottenThrough;
    }

    void restore(long through, List<Change> kept) {
        forgottenThrough = through;
        changes.clear();
        changes.addAll(kept);
    }
}
