package dev.outlay.client;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Buffers in which the files of one volume gather small writes: so many and no more, each made when
 * it is first wanted and kept from then on. Thread-safe.
 */
final class WriteBuffers {

    static final int BUFFER_BYTES = 256 << 10;
    private static final int MOST = 64;

    /** Direct I/O likes whole pages. */
    private static final int ALIGNMENT_BYTES = 4 << 10;

    private final Deque<MemorySegment> idle = new ArrayDeque<>();
    private int made;

    /** Lends one; null if all are in use. The one that was in use last is lent first. */
    synchronized @Nullable MemorySegment borrow() {
        MemorySegment buffer = idle.pollFirst();
        if (buffer == null && made < MOST) {
            buffer = Arena.ofAuto().allocate(BUFFER_BYTES, ALIGNMENT_BYTES);
            // Only now: there may be no memory for it.
            made++;
        }
        return buffer;
    }

    synchronized void giveBack(MemorySegment buffer) {
        idle.addFirst(buffer);
    }
}
