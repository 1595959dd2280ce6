package dev.outlay.core.op;

import dev.outlay.core.value.DeviceRange;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A device of tags instead of bytes: one for each unit of a quarter of a block, every store a new
 * one. It begins full of what its last owner left.
 */
final class TagDevice {

    static final int UNIT = 1024;
    static final int UNITS = VolumeKit.BLOCK / UNIT;
    static final long STALE = 0xCDCDCDCDL;

    private final long[] tags;
    private long nextTag = 1;

    TagDevice(int blocks) {
        tags = new long[(blocks + 2) * UNITS];
        Arrays.fill(tags, STALE);
    }

    long freshTag() {
        return nextTag++;
    }

    long get(long block, int unit) {
        return tags[(int) (block * UNITS) + unit];
    }

    void put(long block, int unit, long tag) {
        tags[(int) (block * UNITS) + unit] = tag;
    }

    void copy(DeviceRange from, DeviceRange to) {
        System.arraycopy(
                tags,
                (int) (from.start() / UNIT),
                tags,
                (int) (to.start() / UNIT),
                (int) (from.length() / UNIT));
    }

    /** Stores what a client sent: the tag of each unit is in its first bytes. */
    void fill(DeviceRange range, ByteBuffer bytes, int from) {
        for (int at = 0; at < range.length(); at += UNIT) {
            tags[(int) ((range.start() + at) / UNIT)] = bytes.getLong(from + at);
        }
    }

    void zero(DeviceRange range) {
        Arrays.fill(tags, (int) (range.start() / UNIT), (int) (range.end() / UNIT), 0);
    }
}
