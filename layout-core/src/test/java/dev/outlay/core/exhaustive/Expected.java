package dev.outlay.core.exhaustive;

import java.util.Arrays;
import java.util.TreeSet;

/**
 * What the file may be read as, line by line, by the promises alone (I1): the last value committed,
 * or stored in place since by who held it for RW; zero where no commit covers it. Several values
 * only where a host has lost unflushed lines, or where an ended writer may still store.
 */
final class Expected {

    static final int BLOCKS = 2;

    private static final int[] ZERO = {0};

    long size;
    final boolean[] written = new boolean[BLOCKS];

    /** By line of the file; sorted. */
    final int[][] values = new int[BLOCKS * Memory.LINES][];

    /** The clients that were granted RW on each block and whose grant has not ended. */
    final long[] writers = new long[BLOCKS];

    Expected() {
        Arrays.fill(values, ZERO);
    }

    Expected copy() {
        Expected copy = new Expected();
        copy.size = size;
        System.arraycopy(written, 0, copy.written, 0, BLOCKS);
        System.arraycopy(values, 0, copy.values, 0, values.length);
        System.arraycopy(writers, 0, copy.writers, 0, BLOCKS);
        return copy;
    }

    boolean allows(int line, int value) {
        return Arrays.binarySearch(values[line], value) >= 0;
    }

    /** How many lines lie before the end of the file. */
    int lines() {
        return (int) Math.ceilDiv(size, (long) Memory.LINE);
    }

    /** The line after the end of the file in its last block, or -1. */
    int tail() {
        return size % Memory.BLOCK == 0 ? -1 : lines();
    }

    // ---- grants

    void granted(int block, long client) {
        if (writers[block] != 0 && writers[block] != client) {
            throw new AssertionError(
                    "I8: block "
                            + block
                            + " has two writers, "
                            + writers[block]
                            + " and "
                            + client);
        }
        writers[block] = client;
    }

    /** After the last writer the bytes past end of file are zeros. */
    void ended(int block, long client) {
        if (writers[block] == client) {
            writers[block] = 0;
            if (tail() >= 0 && tail() / Memory.LINES == block) {
                values[tail()] = ZERO;
            }
        }
    }

    // ---- bytes

    void storedInPlace(int block, int[] tags) {
        for (int line = 0; line < Memory.LINES; line++) {
            values[block * Memory.LINES + line] = new int[] {tags[line]};
        }
    }

    /** It may be this as well from now on. */
    void may(int line, int value) {
        TreeSet<Integer> all = new TreeSet<>();
        Arrays.stream(values[line]).forEach(all::add);
        all.add(value);
        values[line] = all.stream().mapToInt(Integer::intValue).toArray();
    }

    /** All lines of the block are exposed at once, as its holder had stored them. */
    void committed(int block, int[] stored, long lastWrite) {
        if (!written[block]) {
            storedInPlace(block, stored);
            written[block] = true;
        }
        size = Math.max(size, lastWrite + 1);
    }

    void truncated(long newSize) {
        long from = Math.min(size, newSize) / Memory.LINE;
        Arrays.fill(values, (int) from, values.length, ZERO);
        long blocks = Math.ceilDiv(Math.min(size, newSize), (long) Memory.BLOCK);
        Arrays.fill(written, (int) blocks, BLOCKS, false);
        size = newSize;
    }

    void punched(int from, int end) {
        Arrays.fill(values, from, end, ZERO);
        for (int block = 0; block < BLOCKS; block++) {
            if (from <= block * Memory.LINES && end >= (block + 1) * Memory.LINES) {
                written[block] = false;
            }
        }
    }
}
