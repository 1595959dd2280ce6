package dev.outlay.bench;

import dev.outlay.v1.OperationHeader;
import java.util.BitSet;

/** Ids of a client's operations, and up to which of them all answers are here. Any thread. */
final class OperationIds {

    /** Ids under way at a time are nearer to each other than this. */
    private static final int WINDOW = 1 << 16;

    private final String volume;
    private final BitSet open = new BitSet();
    private long last;
    private long through;

    OperationIds(String volume) {
        this.volume = volume;
    }

    synchronized long begin() {
        last++;
        open.set(place(last));
        return last;
    }

    synchronized void answered(long operation) {
        open.clear(place(operation));
        while (through < last && !open.get(place(through + 1))) {
            through++;
        }
    }

    synchronized OperationHeader.Builder header(long operation) {
        return OperationHeader.newBuilder()
                .setVolume(volume)
                .setOperationId(operation)
                .setAnsweredThrough(Math.min(through, operation - 1));
    }

    private static int place(long operation) {
        return (int) (operation & (WINDOW - 1));
    }
}
