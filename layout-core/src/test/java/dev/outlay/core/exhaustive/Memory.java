package dev.outlay.core.exhaustive;

import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.op.VolumeKit;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A device that all hosts see alike, of two lines to a block; a line that a host has stored and not
 * flushed may be as it was before once that host has crashed. Each store is of a new tag; at first
 * everything holds what its last owner left.
 */
final class Memory {

    static final int BLOCK = VolumeKit.BLOCK;
    static final int LINES = 2;
    static final int LINE = BLOCK / LINES;
    static final int STALE = -1;

    private static final byte CLEAN = -1;

    final int[] seen;
    final int[] durable;
    final byte[] dirty;

    Memory(int blocks) {
        seen = new int[blocks * LINES];
        durable = new int[blocks * LINES];
        dirty = new byte[blocks * LINES];
        Arrays.fill(seen, STALE);
        Arrays.fill(durable, STALE);
        Arrays.fill(dirty, CLEAN);
    }

    private Memory(Memory other) {
        seen = other.seen.clone();
        durable = other.durable.clone();
        dirty = other.dirty.clone();
    }

    Memory copy() {
        return new Memory(this);
    }

    int get(long block, int line) {
        return seen[(int) block * LINES + line];
    }

    void store(int host, long block, int line, int tag) {
        int at = (int) block * LINES + line;
        if (dirty[at] != CLEAN && dirty[at] != host) {
            durable[at] = seen[at];
        }
        seen[at] = tag;
        dirty[at] = (byte) host;
    }

    void flush(int host) {
        for (int at : dirtyOf(host)) {
            durable[at] = seen[at];
            dirty[at] = CLEAN;
        }
    }

    /** The lines that a host has not flushed. */
    List<Integer> dirtyOf(int host) {
        List<Integer> lines = new ArrayList<>();
        for (int at = 0; at < dirty.length; at++) {
            if (dirty[at] == host) {
                lines.add(at);
            }
        }
        return lines;
    }

    boolean isDirty(int at) {
        return dirty[at] != CLEAN;
    }

    /** The line is as it was when it was flushed last. */
    void lose(int at) {
        seen[at] = durable[at];
        dirty[at] = CLEAN;
    }

    /** The server does it, and flushes. */
    void work(Task task) {
        switch (task) {
            case Task.Zero(DeviceRange range) -> {
                for (long at = range.start() / LINE; at < range.end() / LINE; at++) {
                    put((int) at, 0);
                }
            }
            case Task.Copy(DeviceRange from, DeviceRange to) -> {
                for (int at = 0; at < to.length() / LINE; at++) {
                    put((int) (to.start() / LINE) + at, seen[(int) (from.start() / LINE) + at]);
                }
            }
            case Task.Fill fill -> throw new IllegalStateException("nobody writes here: " + fill);
        }
    }

    private void put(int at, int value) {
        seen[at] = value;
        durable[at] = value;
        dirty[at] = CLEAN;
    }
}
