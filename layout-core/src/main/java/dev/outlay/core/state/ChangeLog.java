package dev.outlay.core.state;

import dev.outlay.core.value.ByteRange;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;

/**
 * The last changes of one file's extent map, so that a commit against an old map is refused only
 * where it really was changed. A change that covers the one before it takes its place: blocks are
 * mapped and committed as one. Bounded: what is older than the log remembers counts as changed.
 */
public final class ChangeLog {

    private static final int REMEMBERED = 16;

    /**
     * One change of the map.
     *
     * @param by the client that made the change, 0 for the server
     */
    record Change(long epoch, ByteRange range, long by) {}

    private final Deque<Change> changes = new ArrayDeque<>();
    private long forgottenThrough;

    void add(Change change) {
        Change before = changes.peekLast();
        if (before != null && change.range.contains(before.range)) {
            // Who asks about any of its bytes hears of the later change.
            changes.removeLast();
        }
        changes.addLast(change);
        if (changes.size() > REMEMBERED) {
            forgottenThrough = changes.removeFirst().epoch();
        }
    }

    /** Whether anybody changed a part of {@code range} after {@code epoch}. */
    public boolean changedAfter(ByteRange range, long epoch) {
        if (epoch < forgottenThrough) {
            return true;
        }
        for (Change change : changes) {
            if (change.epoch > epoch && change.range.overlaps(range)) {
                return true;
            }
        }
        return false;
    }

    Collection<Change> changes() {
        return Collections.unmodifiableCollection(changes);
    }

    long forgottenThrough() {
        return forgottenThrough;
    }

    void restore(long through, Collection<Change> kept) {
        forgottenThrough = through;
        changes.clear();
        changes.addAll(kept);
    }
}
