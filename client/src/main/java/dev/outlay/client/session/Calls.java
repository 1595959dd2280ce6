package dev.outlay.client.session;

import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.ClientMessage;
import dev.outlay.v1.OperationHeader;
import dev.outlay.v1.Request;
import dev.outlay.v1.SessionLimits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * Where each call of a session is: waiting to be sent, sent and unanswered, or waiting for its next
 * attempt. Guarded by the session's lock.
 */
final class Calls {

    /** Most requests in one message, by the protocol. */
    private static final int REQUESTS_PER_MESSAGE = 1024;

    /** Room in a message around its requests, and in each request for its message id. */
    private static final int MESSAGE_OVERHEAD = 1024;

    private static final int REQUEST_OVERHEAD = 32;

    /** Sent before all others, and while no others may be sent. */
    private final Deque<Call> urgent = new ArrayDeque<>();

    private final Deque<Call> queue = new ArrayDeque<>();

    /** By message id of the present stream, in the order sent. */
    private final Map<Long, Call> unanswered = new LinkedHashMap<>();

    /** Refused, and to be sent again later. */
    private final Set<Call> delayed = new LinkedHashSet<>();

    /** Waiting until the server has room for one more answer, by volume. */
    private final Map<String, Deque<Call>> waiting = new HashMap<>();

    private final Map<String, OperationIds> ids = new TreeMap<>();
    private final BiConsumer<Call, OutlayException> refuse;
    private SessionLimits limits =
            SessionLimits.newBuilder()
                    .setOutstandingOperations(1)
                    .setMessageBytes(1 << 20)
                    .setRangesPerCommit(1)
                    .setLayoutsPerReattach(1)
                    .build();
    private long nextMessageId = 1;

    /**
     * @param refuse takes calls that cannot be sent at all
     */
    Calls(Map<String, Long> nextOperationIds, BiConsumer<Call, OutlayException> refuse) {
        nextOperationIds.forEach((volume, next) -> ids.put(volume, new OperationIds(volume, next)));
        this.refuse = refuse;
    }

    void limits(SessionLimits known) {
        limits = known;
    }

    SessionLimits limits() {
        return limits;
    }

    // ---- in

    /** To be sent before all others. */
    void addUrgent(Call call) {
        urgent.add(call);
    }

    /** To be sent in turn. */
    void add(Call call) {
        delayed.remove(call);
        queue.add(call);
    }

    /** To be sent in turn, but not yet. */
    void delay(Call call) {
        delayed.add(call);
    }

    boolean isDelayed(Call call) {
        return delayed.contains(call);
    }

    /** What waits for its next attempt. */
    List<Call> delayed() {
        return List.copyOf(delayed);
    }

    /** What waits for its next attempt on a file, or on anything of a volume. */
    List<Call> delayedOn(String volume, long file) {
        return delayed.stream()
                .filter(call -> call.volume().isPresent() && call.volume().get().equals(volume))
                .filter(call -> file == 0 || call.mapsFile() == 0 || call.mapsFile() == file)
                .toList();
    }

    /**
     * The stream is gone: what was unanswered on it is first on the next one, in the order it was
     * sent.
     */
    void streamLost() {
        List<Call> again =
                unanswered.values().stream().filter(c -> c.kind() == Call.Kind.ORDINARY).toList();
        again.reversed().forEach(queue::addFirst);
        unanswered.clear();
        urgent.clear();
        queue.removeIf(c -> c.kind() == Call.Kind.KEEPALIVE);
        nextMessageId = 1;
    }

    // ---- out

    /**
     * The next message: whatever waits, as far as one message holds it.
     *
     * @param ordinaryToo the session is settled, so that all calls may go
     */
    Optional<ClientMessage> next(boolean ordinaryToo, long nowNanos) {
        Deque<Call> from = urgent.isEmpty() && ordinaryToo ? queue : urgent;
        ClientMessage.Builder message = ClientMessage.newBuilder();
        long bytes = MESSAGE_OVERHEAD;
        while (!from.isEmpty() && message.getRequestsCount() < REQUESTS_PER_MESSAGE) {
            Call call = from.peek();
            if (!prepare(call)) {
                from.remove();
                continue;
            }
            int size = call.request().getSerializedSize() + REQUEST_OVERHEAD;
            if (bytes + size > limits.getMessageBytes() && message.getRequestsCount() > 0) {
                break;
            }
            from.remove();
            if (MESSAGE_OVERHEAD + size > limits.getMessageBytes()) {
                answered(call);
                refuse.accept(call, tooLarge(call, size));
                continue;
            }
            bytes += size;
            call.sending(nowNanos);
            unanswered.put(nextMessageId, call);
            message.addRequests(
                    Request.newBuilder(call.request()).setMessageId(nextMessageId++).build());
        }
        return message.getRequestsCount() == 0 ? Optional.empty() : Optional.of(message.build());
    }

    /** Gives the call its operation id; false if it has to wait for one. */
    private boolean prepare(Call call) {
        if (call.isPrepared()) {
            return true;
        }
        if (call.volume().isEmpty()) {
            call.prepare(OperationHeader.getDefaultInstance());
            return true;
        }
        String volume = call.volume().get();
        OperationIds mine = ids.computeIfAbsent(volume, v -> new OperationIds(v, 1));
        if (!mine.hasRoom(limits.getOutstandingOperations())) {
            waiting.computeIfAbsent(volume, _ -> new ArrayDeque<>()).add(call);
            return false;
        }
        call.prepare(mine.begin());
        return true;
    }

    private OutlayException tooLarge(Call call, int size) {
        return OutlayException.of(
                Reason.TOO_LARGE,
                call.name()
                        + " has "
                        + size
                        + " bytes, and a message of this server holds "
                        + limits.getMessageBytes());
    }

    // ---- answers

    /** The call that a reply is to, which is unanswered no more; empty if there is none. */
    Optional<Call> take(long messageId) {
        return Optional.ofNullable(unanswered.remove(messageId));
    }

    /** The call is over: its operation id is answered, and the next one may go. */
    void answered(Call call) {
        if (call.volume().isEmpty() || call.operationId() == 0) {
            return;
        }
        String volume = call.volume().get();
        OperationIds mine = ids.get(volume);
        if (mine == null) {
            return;
        }
        mine.answered(call.operationId());
        Deque<Call> next = waiting.get(volume);
        if (next != null) {
            queue.addAll(next);
            waiting.remove(volume);
        }
    }

    /** Forgets a call that has had no effect; false if the server may be at it. */
    boolean withdraw(Call call) {
        if (call.isSent()) {
            return false;
        }
        delayed.remove(call);
        queue.remove(call);
        waiting.values().forEach(q -> q.remove(call));
        answered(call);
        return true;
    }

    /** The renewal that is under way, sent or not. */
    Optional<Call> keepalive() {
        return Stream.concat(unanswered.values().stream(), queue.stream())
                .filter(c -> c.kind() == Call.Kind.KEEPALIVE)
                .findFirst();
    }

    /** Takes out all calls there are. */
    List<Call> drain() {
        List<Call> all = new ArrayList<>(unanswered.values());
        all.addAll(urgent);
        all.addAll(queue);
        all.addAll(delayed);
        waiting.values().forEach(all::addAll);
        unanswered.clear();
        urgent.clear();
        queue.clear();
        delayed.clear();
        waiting.clear();
        return all;
    }

    // ---- operation ids

    /** By volume that was used, through which id all answers have arrived. */
    Map<String, Long> answeredThrough() {
        Map<String, Long> through = new TreeMap<>();
        ids.forEach((volume, mine) -> through.put(volume, mine.answeredThrough()));
        return through;
    }

    /** By volume that was used, the first id not used. */
    Map<String, Long> nextOperationIds() {
        Map<String, Long> next = new TreeMap<>();
        ids.forEach((volume, mine) -> next.put(volume, mine.next()));
        return next;
    }
}
