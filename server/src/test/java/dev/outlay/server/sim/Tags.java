package dev.outlay.server.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * What was ever written: each eight bytes name the write they come from and their place in the
 * file, so that a byte found anywhere tells whose it is.
 */
final class Tags {

    private static final int PLACE_BITS = 24;

    private final List<Write> writes = new ArrayList<>();

    /**
     * One write of a program.
     *
     * @param endNanos when the program had stored all of it
     */
    record Write(long client, long file, long endNanos) {}

    /** A new write; its number. */
    long begin(long client, long file) {
        writes.add(new Write(client, file, Long.MAX_VALUE));
        return writes.size();
    }

    /** No more of it will be stored. */
    void end(long write, long nanos) {
        Write begun = writes.get((int) write - 1);
        writes.set((int) write - 1, new Write(begun.client, begun.file, nanos));
    }

    static long word(long write, long place) {
        return write << PLACE_BITS | place;
    }

    /** Why {@code word} cannot stand at {@code place} of {@code file}; empty if it can. */
    String problem(long word, long file, long place) {
        if (word == 0) {
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

    /** Whether a word comes from a write of this client that has stored all of it. */
    boolean isBy(long word, long client) {
        long write = word >>> PLACE_BITS;
        return write > 0
                && write <= writes.size()
                && of(word).client == client
                && of(word).endNanos != Long.MAX_VALUE;
    }

    static String name(long word) {
        return word == 0 ? "zero" : "write " + (word >>> PLACE_BITS);
    }
}
