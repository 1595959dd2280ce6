package dev.outlay.server.sim;

import dev.outlay.core.device.DeviceLabel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The devices: memory that all hosts see coherently, with volatile cache lines. A store is seen at
 * once and lives in the cache of the host that made it until that host flushes the line, or another
 * host stores to it; when a host crashes, each line that only its cache holds is kept or lost.
 */
final class SharedMemory {

    static final int LINE_BYTES = 64;
    private static final int LINE_WORDS = LINE_BYTES / Contents.WORD;

    /** One a unit. */
    private final List<DeviceLabel> labels;

    private final byte[] seen;
    private final byte[] durable;

    /** Whose cache holds a line that is not durable; 0: nobody's. */
    private final int[] dirty;

    /** When each word was stored: as it is seen, and as it is durable. */
    private final long[] seenSince;

    private final long[] durableSince;
    private final LongSupplier nanos;

    /** By its place, the word that a crash has taken there last. */
    private final Map<Long, Undone> undone = new HashMap<>();

    private record Undone(long word, long nanos) {}

    /** Which host does not reach a unit at the moment. */
    private final Set<Cut> cuts = new HashSet<>();

    private record Cut(int host, int unit) {}

    /** Memory of one unit full of a former owner's bytes, with a label at both ends. */
    SharedMemory(DeviceLabel label, byte fill, LongSupplier nanos) {
        this(List.of(label), fill, nanos);
    }

    /** As that, of as many units as there are labels. */
    SharedMemory(List<DeviceLabel> labels, byte fill, LongSupplier nanos) {
        this.nanos = nanos;
        this.labels = new ArrayList<>(labels);
        long size =
                labels.size() == 1 ? labels.getFirst().sizeBytes() : labels.size() * Units.base(1);
        seen = new byte[Math.toIntExact(size)];
        durable = new byte[seen.length];
        dirty = new int[seen.length / LINE_BYTES];
        seenSince = new long[seen.length / Contents.WORD];
        durableSince = new long[seen.length / Contents.WORD];
        Arrays.fill(seen, fill);
        Arrays.fill(durable, fill);
        for (int unit = 0; unit < labels.size(); unit++) {
            relabel(unit, labels.get(unit));
        }
    }

    DeviceLabel label(int unit) {
        return labels.get(unit);
    }

    /** Writes a label of a unit, and its copy; what lies between them stays as it is. */
    void relabel(int unit, DeviceLabel label) {
        labels.set(unit, label);
        byte[] block = label.encode();
        int base = (int) Units.base(unit);
        for (byte[] bytes : List.of(seen, durable)) {
            System.arraycopy(block, 0, bytes, base, block.length);
            System.arraycopy(block, 0, bytes, base + (int) label.copyOffset(), block.length);
        }
    }

    /** From now on a host reaches a unit, or does not. */
    void reach(int host, int unit, boolean reaches) {
        Cut cut = new Cut(host, unit);
        boolean _ = reaches ? cuts.remove(cut) : cuts.add(cut);
    }

    boolean isReached(int host, int unit) {
        return cuts.isEmpty() || !cuts.contains(new Cut(host, unit));
    }

    void load(long offset, MemorySegment target) {
        MemorySegment.copy(MemorySegment.ofArray(seen), offset, target, 0, target.byteSize());
    }

    /** The eight bytes at {@code offset}, little-endian. */
    long word(long offset) {
        return word(seen, offset);
    }

    /** When a host stored the word that is seen at {@code offset}. */
    long storedNanos(long offset) {
        return seenSince[wordAt(offset)];
    }

    /** What of them a crash of all hosts would leave. */
    long durableWord(long offset) {
        return word(durable, offset);
    }

    private static long word(byte[] bytes, long offset) {
        long word = 0;
        for (int i = 7; i >= 0; i--) {
            word = word << 8 | (bytes[(int) offset + i] & 0xff);
        }
        return word;
    }

    void store(int host, long offset, MemorySegment source) {
        MemorySegment.copy(source, 0, MemorySegment.ofArray(seen), offset, source.byteSize());
        soil(host, offset, source.byteSize());
    }

    void zero(int host, long offset, long length) {
        Arrays.fill(seen, (int) offset, (int) (offset + length), (byte) 0);
        soil(host, offset, length);
    }

    private void soil(int host, long offset, long length) {
        if (T >= 0 && offset < (T + 1) * 4096 && offset + length > T * 4096)
            System.err.println(
                    nanos.getAsLong() / 1e9
                            + " STORE host "
                            + host
                            + " "
                            + offset % 4096
                            + "+"
                            + length
                            + " "
                            + (word(seen, offset) >>> 32)
                            + " "
                            + StackWalker.getInstance()
                                    .walk(
                                            f ->
                                                    f.filter(
                                                                    x ->
                                                                            x.getClassName()
                                                                                    .contains(
                                                                                            "client.File"))
                                                            .limit(8)
                                                            .map(x -> x.getMethodName())
                                                            .toList()));
        for (int line = line(offset); line < line(offset + length + LINE_BYTES - 1); line++) {
            dirty[line] = host;
        }
        Arrays.fill(
                seenSince,
                wordAt(offset),
                wordAt(offset + length + Contents.WORD - 1),
                nanos.getAsLong());
    }

    static final long T = Long.getLong("T", -1);

    void flush(int host, long offset, long length) {
        if (T >= 0 && offset < (T + 1) * 4096 && offset + length > T * 4096)
            System.err.println(
                    nanos.getAsLong() / 1e9
                            + " FLUSH host "
                            + host
                            + " "
                            + (offset - T * 4096)
                            + "+"
                            + length
                            + " "
                            + StackWalker.getInstance()
                                    .walk(
                                            f ->
                                                    f.filter(
                                                                    x ->
                                                                            x.getClassName()
                                                                                    .contains(
                                                                                            "client.File"))
                                                            .limit(8)
                                                            .map(x -> x.getMethodName())
                                                            .toList()));
        for (int line = line(offset); line < line(offset + length + LINE_BYTES - 1); line++) {
            if (dirty[line] == host) {
                writeBack(line);
                dirty[line] = 0;
            }
        }
    }

    /** Whether a crash has taken this word from {@code offset}, at some time since. */
    boolean isUndone(long offset, long word, long sinceNanos) {
        Undone last = undone.get(offset);
        return last != null && last.word == word && last.nanos >= sinceNanos;
    }

    /** A fence driver writes back all that a host's caches hold. */
    void flushAll(int host) {
        flush(host, 0, seen.length);
    }

    /** Whether all of the range is durable as it is seen. */
    boolean isDurable(long offset, long length) {
        return Arrays.equals(
                seen,
                (int) offset,
                (int) (offset + length),
                durable,
                (int) offset,
                (int) (offset + length));
    }

    /** A host stops: what only its cache held is kept or lost, line by line. */
    void crash(int host, RandomGenerator dice) {
        for (int line = 0; line < dirty.length; line++) {
            if (dirty[line] == host) {
                if (dice.nextBoolean()) {
                    writeBack(line);
                } else {
                    undo(line);
                }
                dirty[line] = 0;
            }
        }
    }

    private static int line(long offset) {
        return (int) (offset / LINE_BYTES);
    }

    private static int wordAt(long offset) {
        return (int) (offset / Contents.WORD);
    }

    private void undo(int line) {
        for (long at = (long) line * LINE_BYTES;
                at < (line + 1L) * LINE_BYTES;
                at += Contents.WORD) {
            if (word(at) != durableWord(at)) {
                undone.put(at, new Undone(word(at), nanos.getAsLong()));
            }
        }
        copy(durable, seen, line * LINE_BYTES, LINE_BYTES);
        copy(durableSince, seenSince, line * LINE_WORDS, LINE_WORDS);
    }

    private void writeBack(int line) {
        copy(seen, durable, line * LINE_BYTES, LINE_BYTES);
        copy(seenSince, durableSince, line * LINE_WORDS, LINE_WORDS);
    }

    private static void copy(Object from, Object to, int at, int count) {
        System.arraycopy(from, at, to, at, count);
    }
}
