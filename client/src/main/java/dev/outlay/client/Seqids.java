package dev.outlay.client;

import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Stateid;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which changes of one layout have reached this client. The server raises the seqid by one with
 * each of them; answers may overtake each other. Guarded by its {@link LayoutCache}.
 */
final class Seqids {

    private @Nullable LayoutId layout;
    private int newest;

    /** Everything up to here has arrived. */
    private int complete;

    /** What has arrived after a gap. */
    private final Set<Integer> ahead = new HashSet<>();

    /** The newest that is known; empty if nothing is held. */
    Optional<Stateid> newest() {
        return layout == null ? Optional.empty() : Optional.of(new Stateid(layout, newest));
    }

    boolean isOf(Stateid stateid) {
        return stateid.id().equals(layout);
    }

    /** A change has arrived; the first one of a layout that was not known begins it. */
    void arrived(Stateid stateid) {
        if (!isOf(stateid)) {
            clear();
            layout = stateid.id();
            newest = stateid.seqid();
        }
        if (Stateid.isAfter(stateid.seqid(), newest)) {
            newest = stateid.seqid();
        }
        if (Stateid.isAfter(stateid.seqid(), complete)) {
            ahead.add(stateid.seqid());
        }
        while (ahead.remove(Stateid.next(complete))) {
            complete = Stateid.next(complete);
        }
    }

    /** All that came before this is settled. */
    void settled(Stateid stateid) {
        clear();
        layout = stateid.id();
        newest = stateid.seqid();
        complete = stateid.seqid();
    }

    void clear() {
        layout = null;
        newest = 0;
        complete = 0;
        ahead.clear();
    }

    /**
     * Whether a recall is next in order, or over already (RFC 8881 12.5.5.2.1). If not, an answer
     * is on its way that comes first.
     */
    boolean isNext(Stateid recall) {
        return isOf(recall) && !Stateid.isAfter(recall.seqid(), Stateid.next(complete));
    }
}
