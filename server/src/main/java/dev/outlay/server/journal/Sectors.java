package dev.outlay.server.journal;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** The unit of journal writes, and the memory and checksums that go with it. */
final class Sectors {

    /**
     * Writes start and end on multiples of this; no smaller than the block size of common disks.
     */
    static final int BYTES = 4096;

    private Sectors() {}

    static long alignUp(long bytes) {
        return (bytes + BYTES - 1) & -BYTES;
    }

    static boolean isAligned(long bytes) {
        return (bytes & (BYTES - 1)) == 0;
    }

    /** A little-endian buffer of zeros whose memory is aligned for direct I/O. */
    static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocateDirect(bytes + BYTES)
                .alignedSlice(BYTES)
                .slice(0, bytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The same, whose memory goes with the arena and does not wait for a garbage collection. */
    static ByteBuffer allocate(Arena arena, int bytes) {
        return arena.allocate(bytes, BYTES).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    static int crc(ByteBuffer buffer, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.slice(from, length));
        return (int) crc.getValue();
    }

    static boolean isZero(ByteBuffer buffer, int from, int length) {
        for (int i = from; i < from + length; i += Long.BYTES) {
            if (buffer.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    static void putZeros(ByteBuffer buffer, int from, int length) {
        int end = from + length;
        int i = from;
        for (; i + Long.BYTES <= end; i += Long.BYTES) {
            buffer.putLong(i, 0);
        }
        for (; i < end; i++) {
            buffer.put(i, (byte) 0);
        }
    }
}
