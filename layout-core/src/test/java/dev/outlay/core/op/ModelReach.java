package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts the rare things a random run is made for, so that a run that misses one fails. */
final class ModelReach {

    enum Event {
        READ_BYTES,
        CACHED_READ,
        COMMIT,
        STORE_IN_PLACE,
        CLONED,
        SWAPPED,
        SWAPPED_ATOMIC,
        ATOMIC_BESIDE_READER,
        CONFLICT,
        WAITED,
        WAIT_SERVED,
        WAIT_REFUSED,
        WAIT_CANCELLED,
        RECALLED,
        RECALL_OF_NOTHING,
        RECALL_OVERDUE,
        RECALL_CONFLICT,
        NO_SPACE,
        GRACE,
        WAITED_FOR_WORK,
        LATE_STORE_IN_QUARANTINE,
        LATE_STORE_AT_RISK,
        SUPERSEDED,
        LAPSED_REVOKED,
        REVIVED,
        OWN_WORD,
        PROVEN,
        FREED_BY_PROOF,
        CRASH,
        REATTACHED,
        DID_NOT_REATTACH,
        RETRY_ANSWERED,
        REMOVED_WHILE_HELD,
        REFUSED_NONSENSE,
        RELOCATED,
        ZEROED_FIRST,
        ZEROS_GRANTED,
        REWRITTEN,
        SERVER_WRITE,
        SERVER_READ
    }

    private final Map<Event, Long> counts = new EnumMap<>(Event.class);

    void reached(Event event) {
        counts.merge(event, 1L, Long::sum);
    }

    void requireAll() {
        List<Event> missed = new ArrayList<>(List.of(Event.values()));
        missed.removeAll(counts.keySet());
        assertEquals(List.of(), missed, () -> "never reached; reached were " + counts);
        if (Boolean.getBoolean("outlay.model.counts")) {
            System.out.println(counts);
        }
    }
}
