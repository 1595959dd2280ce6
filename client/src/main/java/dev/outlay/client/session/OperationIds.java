package dev.outlay.client.session;

import dev.outlay.v1.OperationHeader;
import java.util.TreeSet;

/**
 * The operation ids of one client on one volume: each new operation takes the next, and {@code
 * answered_through} follows the oldest one without an answer. Guarded by the session's lock.
 */
final class OperationIds {

    private final String volume;
    private final TreeSet<Long> unanswered = new TreeSet<>();
    private long next;

    OperationIds(String volume, long next) {
        this.volume = volume;
        this.next = next;
    }

    /** Whether one more may be under way where the server keeps {@code limit} answers. */
    boolean hasRoom(long limit) {
        return next - answeredThrough() <= limit;
    }

    /** The header of a new operation. */
    OperationHeader begin() {
        long id = next++;
        long through = answeredThrough(id);
        unanswered.add(id);
        return OperationHeader.newBuilder()
                .setVolume(volume)
                .setOperationId(id)
                .setAnsweredThrough(through)
                .build();
    }

    /** The answer has arrived, whatever it was. */
    void answered(long id) {
        unanswered.remove(id);
    }

    /** The highest id up to which all answers have arrived. */
    long answeredThrough() {
        return answeredThrough(next);
    }

    long next() {
        return next;
    }

    private long answeredThrough(long nextUnused) {
        return (unanswered.isEmpty() ? nextUnused : unanswered.first()) - 1;
    }
}
