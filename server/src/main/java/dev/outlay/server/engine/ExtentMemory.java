package dev.outlay.server.engine;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory the extents of all volumes may take together. Where it is more, a volume that is
 * at work lets go of those it has not used of late; they come back from its checkpoint. Any thread.
 */
public final class ExtentMemory {

    /** What an extent takes, with its part of everything around it. */
    private static final int EXTENT_BYTES = 20;

    /** So that room is made now and then, and not each time. */
    private static final int ROOM_PART = 8;

    private final long mostExtents;
    private final AtomicLong held = new AtomicLong();

    private ExtentMemory(long mostExtents) {
        this.mostExtents = mostExtents;
    }

    /** Of so many bytes. */
    public static ExtentMemory ofBytes(long bytes) {
        return new ExtentMemory(bytes / EXTENT_BYTES);
    }

    /**
     * A volume has more extents in memory than when it said so last, or fewer.
     *
     * @return how many there are too many in all volumes
     */
    long changed(long more) {
        return held.addAndGet(more) - mostExtents;
    }

    /** How many a volume that has so many is to keep, if there are {@code tooMany} in all. */
    long keep(long has, long tooMany) {
        return Math.max(0, has - tooMany - mostExtents / ROOM_PART);
    }
}
