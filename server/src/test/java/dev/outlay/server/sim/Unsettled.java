package dev.outlay.server.sim;

import dev.outlay.v1.Reason;
import dev.outlay.v1.Reply;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Operations whose answer does not say whether they were done.
 *
 * <p>One whose work on the device was begun for a client that is lost by now is done at some time,
 * whoever hears of it. One that was refused because the journal had failed is in the journal or
 * not, and which of the two shows in the first picture of the state that was read back: a commit is
 * in one record or in none and begins nothing that goes on. From then on it excuses nothing, unless
 * another copy of it is on its way through the server.
 */
final class Unsettled {

    /** Longer than any conflict lasts for which a copy may wait that nobody is to be answered. */
    private static final long LOST_COPY_NANOS = 1_000_000_000L;

    private final World world;
    private final Set<Asked.Key> all = new HashSet<>();

    /** Those of them that are commits, refused because the journal had failed. */
    private final Set<Asked.Key> commits = new HashSet<>();

    private final Map<Asked.Key, Copies> copies = new HashMap<>();

    /** How many copies of a request are at the server, and when the last one has arrived. */
    private record Copies(int count, long lastNanos) {}

    Unsettled(World world) {
        this.world = world;
    }

    boolean contains(Asked.Key key) {
        return all.contains(key);
    }

    /** A copy arrives at the server. */
    void heard(Asked.Key key) {
        copies.merge(
                key,
                new Copies(1, world.nanos()),
                (before, one) -> new Copies(before.count + 1, one.lastNanos));
    }

    /** A copy is answered. */
    void said(Asked.Key key) {
        copies.computeIfPresent(
                key, (_, c) -> c.count == 1 ? null : new Copies(c.count - 1, c.lastNanos));
    }

    void serverDied() {
        copies.clear();
    }

    /**
     * Whether its client is lost, and its work on the device may have begun: that is done still.
     */
    boolean isBegunForLost(Asked.Key key, Reply reply, Asked.@Nullable Ask ask) {
        Reason reason = reply.getError().getReason();
        boolean isLost = reason == Reason.REASON_EXPIRED || reason == Reason.REASON_FENCED;
        boolean begun = isLost && Asked.startsWork(ask);
        if (begun) {
            all.add(key);
        }
        return begun;
    }

    /** Refused because the journal had failed. */
    void refused(Asked.Key key, Asked.@Nullable Ask ask) {
        all.add(key);
        if (ask != null && ask.request().hasCommitBlocks()) {
            commits.add(key);
        }
    }

    /** A picture was compared: what it has settled is passed on. */
    void pictureTaken(Consumer<Asked.Key> settled) {
        commits.removeIf(
                key -> {
                    Copies left = copies.get(key);
                    if (left != null && world.nanos() - left.lastNanos <= LOST_COPY_NANOS) {
                        return false;
                    }
                    all.remove(key);
                    settled.accept(key);
                    return true;
                });
    }
}
