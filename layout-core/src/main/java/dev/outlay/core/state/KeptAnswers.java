package dev.outlay.core.state;

import dev.outlay.core.reply.Reply;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers by the id of their operation, in order. Made for how they come and go: with ids that
 * mostly rise by one, at the end, and off the front when they have been acknowledged.
 */
final class KeptAnswers {

    private static final int LEAST_CAPACITY = 8;

    /** Rings, as long as each other, a power of two; the first answer is at {@link #head}. */
    private long[] ids = new long[0];

    private Reply.@Nullable Kept[] replies = new Reply.Kept[0];
    private int head;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    Reply.@Nullable Kept get(long id) {
        int index = ceiling(id);
        return index < size && idAt(index) == id ? replies[place(index)] : null;
    }

    /** How many have greater ids than {@code id}. */
    int after(long id) {
        return size - (id == Long.MAX_VALUE ? size : ceiling(id + 1));
    }

    /** Puts an answer in the place of any under the same id. */
    void put(long id, Reply.Kept reply) {
        int index = ceiling(id);
        if (index < size && idAt(index) == id) {
            replies[place(index)] = reply;
            return;
        }
        if (size == ids.length) {
            grow();
        }
        size++;
        for (int i = size - 1; i > index; i--) {
            ids[place(i)] = ids[place(i - 1)];
            replies[place(i)] = replies[place(i - 1)];
        }
        ids[place(index)] = id;
        replies[place(index)] = reply;
    }

    /** Forgets all up to {@code id}. */
    void removeThrough(long id) {
        while (size > 0 && ids[head] <= id) {
            replies[head] = null;
            head = place(1);
            size--;
        }
    }

    void clear() {
        ids = new long[0];
        replies = new Reply.Kept[0];
        head = 0;
        size = 0;
    }

    void forEach(BiConsumer<Long, Reply.Kept> action) {
        for (int i = 0; i < size; i++) {
            Reply.Kept reply = replies[place(i)];
            if (reply != null) {
                action.accept(idAt(i), reply);
            }
        }
    }

    /** The index of the first id that is not less than {@code id}. */
    private int ceiling(long id) {
        if (size == 0 || idAt(size - 1) < id) {
            return size;
        }
        // Where it is if no id between it and the first is missing.
        long guess = id - ids[head];
        if (guess <= 0) {
            return 0;
        }
        if (guess < size && idAt((int) guess) == id) {
            return (int) guess;
        }
        int low = 0;
        int high = size - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (idAt(middle) < id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private long idAt(int index) {
        return ids[place(index)];
    }

    private int place(int index) {
        return (head + index) & (ids.length - 1);
    }

    private void grow() {
        int capacity = Math.max(LEAST_CAPACITY, 2 * ids.length);
        long[] moreIds = new long[capacity];
        Reply.@Nullable Kept[] moreReplies = new Reply.Kept[capacity];
        for (int i = 0; i < size; i++) {
            moreIds[i] = idAt(i);
            moreReplies[i] = replies[place(i)];
        }
        ids = moreIds;
        replies = moreReplies;
        head = 0;
    }
}
