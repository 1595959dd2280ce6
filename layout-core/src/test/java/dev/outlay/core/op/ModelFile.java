package dev.outlay.core.op;

import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What a file holds, and who holds it, as the protocol promises it: naive, block by block. */
final class ModelFile {

    static final int BLOCKS = 10;
    static final int UNITS = BLOCKS * TagDevice.UNITS;

    final FileId id;
    String name;

    /** What a reader finds, in units; zero where no commit covers it. */
    final long[] content = new long[UNITS];

    final boolean[] written = new boolean[BLOCKS];
    final Map<Integer, ClientId> writers = new HashMap<>();

    /** Blocks whose writer leaves the committed bytes alone. */
    final Set<Integer> atomic = new TreeSet<>();

    final List<Set<ClientId>> readers = new ArrayList<>();
    long size;
    boolean removed;

    ModelFile(FileId id, String name) {
        this.id = id;
        this.name = name;
        for (int i = 0; i < BLOCKS; i++) {
            readers.add(new TreeSet<>());
        }
    }

    int sizeUnits() {
        return (int) (size / TagDevice.UNIT);
    }

    /** The block in whose middle the file ends, or -1. */
    int tailBlock() {
        return sizeUnits() % TagDevice.UNITS == 0 ? -1 : sizeUnits() / TagDevice.UNITS;
    }

    /** A grant on these blocks has ended; after a writer on the last block its tail is zeroed. */
    void ended(ClientId client, int from, int to) {
        for (int block = from; block < Math.min(to, BLOCKS); block++) {
            readers.get(block).remove(client);
            boolean writer = writers.remove(block, client);
            if (writer) {
                atomic.remove(block);
            }
            if (writer && block == tailBlock() && written[block]) {
                Arrays.fill(content, sizeUnits(), (block + 1) * TagDevice.UNITS, 0);
            }
        }
    }

    void forget(ClientId client) {
        readers.forEach(r -> r.remove(client));
        atomic.removeIf(block -> client.equals(writers.get(block)));
        writers.values().removeIf(client::equals);
    }

    // ---- effects of what is answered

    void truncated(long newSize) {
        int units = (int) (newSize / TagDevice.UNIT);
        int oldUnits = sizeUnits();
        if (newSize < size) {
            Arrays.fill(content, units, UNITS, 0);
            Arrays.fill(written, Math.ceilDiv(units, TagDevice.UNITS), BLOCKS, false);
        } else if (newSize > size) {
            int oldEnd = Math.ceilDiv(oldUnits, TagDevice.UNITS);
            int newEnd = Math.ceilDiv(units, TagDevice.UNITS);
            Arrays.fill(content, oldUnits, newEnd * TagDevice.UNITS, 0);
            if (newEnd > oldEnd) {
                Arrays.fill(written, oldEnd, newEnd, false);
            }
        }
        size = newSize;
    }

    /** Blocks of a file as it is now come in from {@code to} on, and end at {@code newEnd}. */
    void cloned(ModelFile source, int from, int blocks, int to, long newEnd) {
        long[] content =
                Arrays.copyOfRange(
                        source.content, from * TagDevice.UNITS, (from + blocks) * TagDevice.UNITS);
        boolean[] has = Arrays.copyOfRange(source.written, from, from + blocks);
        truncated(Math.max(size, newEnd));
        System.arraycopy(content, 0, this.content, to * TagDevice.UNITS, content.length);
        System.arraycopy(has, 0, written, to, blocks);
    }

    void punched(long offset, long length) {
        int from = (int) (offset / TagDevice.UNIT);
        int to = (int) ((offset + length) / TagDevice.UNIT);
        Arrays.fill(content, from, to, 0);
        int first = Math.ceilDiv(from, TagDevice.UNITS);
        int end = to / TagDevice.UNITS;
        if (first < end) {
            Arrays.fill(written, first, end, false);
        }
    }

    void wrote(int from, long[] tags) {
        System.arraycopy(tags, 0, content, from, tags.length);
        int end = from + tags.length;
        Arrays.fill(written, from / TagDevice.UNITS, Math.ceilDiv(end, TagDevice.UNITS), true);
        size = Math.max(size, end * (long) TagDevice.UNIT);
    }

    void committed(int block, long[] stored, boolean replaces) {
        if (!written[block] || replaces) {
            System.arraycopy(stored, 0, content, block * TagDevice.UNITS, TagDevice.UNITS);
            written[block] = true;
        }
    }
}
