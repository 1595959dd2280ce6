package dev.outlay.server.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What was ever written: each eight bytes name the write they come from and their place in the
 * file, so that a byte found anywhere tells whose it is.
 */
final class Tags {

    private static final int PLACE_BITS = 24;

    private final List<Write> writes = new ArrayList<>();

    /** What blocks of a file held when they were cloned into it. */
    private final Map<Place, List<long[]>> adopted = new HashMap<>();

    private record Place(long file, long block) {}

    /** The last write of which a client was told that it, and those before, may be lost. */
    private final Map<Writer, Long> lost = new HashMap<>();

    private record Writer(long client, long file) {}

    /** Of commits that go on by themselves, the last write before each of them. */
    private final Map<Writer, Deque<Long>> ahead = new HashMap<>();

    /**
     * One write of a program.
     *
     * @param endNanos when the program was told that it was made; the library may keep it for a
     *     while, to store it with the next ones
     */
    record Write(long client, long file, long endNanos) {}

    /** A new write; its number. */
    long begin(long client, long file) {
        writes.add(new Write(client, file, Long.MAX_VALUE));
        return writes.size();
    }

    /** The program was told that it was made, or that it was not. */
    void end(long write, long nanos) {
        Write begun = writes.get((int) write - 1);
        writes.set((int) write - 1, new Write(begun.client, begun.file, nanos));
    }

    /**
     * A client was told that what it has written to a file up to now is lost, or may be: nobody
     * promises any more that it outlives a crash.
     */
    void mayBeLost(long client, long file) {
        lost.put(new Writer(client, file), (long) writes.size());
    }

    /**
     * A client begins a commit that goes on by itself: until that is over it may store to the same
     * blocks what no commit covers yet, and what nobody promises to outlive a crash.
     */
    void beginsAhead(long client, long file) {
        ahead.computeIfAbsent(new Writer(client, file), _ -> new ArrayDeque<>())
                .addLast((long) writes.size());
    }

    /** The oldest of them is over. */
    void endsAhead(long client, long file) {
        Writer writer = new Writer(client, file);
        Deque<Long> begun = ahead.getOrDefault(writer, new ArrayDeque<>());
        begun.pollFirst();
        if (begun.isEmpty()) {
            ahead.remove(writer);
        }
    }

    /** A block of another file, or of another place, has become this one's by a clone. */
    void adopt(long file, long block, long[] words) {
        adopted.computeIfAbsent(new Place(file, block), _ -> new ArrayList<>()).add(words);
    }

    private boolean isAdopted(long word, long file, long place) {
        int within = (int) (place % Contents.WORDS_PER_BLOCK);
        return adopted
                .getOrDefault(new Place(file, place / Contents.WORDS_PER_BLOCK), List.of())
                .stream()
                .anyMatch(words -> words[within] == word);
    }

    static long word(long write, long place) {
        return write << PLACE_BITS | place;
    }

    /** Why {@code word} cannot stand at {@code place} of {@code file}; empty if it can. */
    String problem(long word, long file, long place) {
        if (word == 0 || isAdopted(word, file, place)) {
            return "";
        }
        long write = word >>> PLACE_BITS;
        if (write == 0 || write > writes.size()) {
            return "raw storage 0x" + Long.toHexString(word);
        }
        Write from = writes.get((int) write - 1);
        if (from.file != file) {
            return "bytes of file " + from.file + " (write " + write + ")";
        }
        long belongs = word & ((1L << PLACE_BITS) - 1);
        return belongs == place
                ? ""
                : "bytes of another place: word " + belongs + " (write " + write + ")";
    }

    /** Which write a word comes from; the word must be no problem and not zero. */
    Write of(long word) {
        return writes.get((int) (word >>> PLACE_BITS) - 1);
    }

    private boolean isOf(long word, long client) {
        long write = word >>> PLACE_BITS;
        return write > 0 && write <= writes.size() && of(word).client == client;
    }

    /**
     * Whether a word comes from a write of this client that has ended, that is not lost, and that
     * each commit under way covers.
     */
    boolean isBy(long word, long client) {
        if (!isOf(word, client)) {
            return false;
        }
        long write = word >>> PLACE_BITS;
        Write from = of(word);
        Writer writer = new Writer(client, from.file);
        Deque<Long> begun = ahead.get(writer);
        return from.endNanos != Long.MAX_VALUE
                && write > lost.getOrDefault(writer, 0L)
                && (begun == null || write <= begun.getFirst());
    }

    /** Whether a word was written by this client after it began a commit that is under way. */
    boolean isLater(long word, long client) {
        if (!isOf(word, client)) {
            return false;
        }
        Deque<Long> begun = ahead.get(new Writer(client, of(word).file));
        return begun != null && word >>> PLACE_BITS > begun.getFirst();
    }

    static String name(long word) {
        return word == 0 ? "zero" : "write " + (word >>> PLACE_BITS);
    }
}
