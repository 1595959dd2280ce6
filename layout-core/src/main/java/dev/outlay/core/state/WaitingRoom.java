package dev.outlay.core.state;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Interest;
import dev.outlay.core.value.Origin;
import dev.outlay.core.value.Waiter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Requests that wait for others to give something back, in the order in which they came. First come
 * is first served per range, so that nobody starves; a request that nothing has changed for costs
 * nothing. All of it is volatile: after a restart whoever waited asks again.
 */
public final class WaitingRoom {

    private final NavigableMap<Long, Waiter> byTicket = new TreeMap<>();
    private final Map<ClientId, NavigableMap<Long, Waiter>> byOperation = new HashMap<>();
    private final Map<FileId, NavigableMap<Long, Waiter>> byFile = new HashMap<>();
    private final Map<FileId, Map<ClientId, Interest>> interests = new HashMap<>();
    private final Map<FileId, RangeSet> released = new TreeMap<>();
    private final TreeSet<Long> ended = new TreeSet<>();
    private final TreeSet<Long> forSpace = new TreeSet<>();
    private boolean spaceChanged;
    private long nextTicket = 1;

    // ---- what operations read

    public long nextTicket() {
        return nextTicket;
    }

    public int size() {
        return byTicket.size();
    }

    /** How many requests of a client wait. */
    public int waitsOf(ClientId client) {
        return byTicket.isEmpty() ? 0 : operationsOf(client).size();
    }

    public Optional<Waiter> find(long ticket) {
        return Optional.ofNullable(byTicket.get(ticket));
    }

    /** The place that this operation has already. */
    public Optional<Waiter> of(Origin origin) {
        if (byTicket.isEmpty()) {
            return Optional.empty();
        }
        return Optional.ofNullable(operationsOf(origin.client()).get(origin.operationId()));
    }

    /** Everything a client waits for, in order. */
    public List<Waiter> of(ClientId client) {
        return operationsOf(client).values().stream()
                .sorted(Comparator.comparingLong(Waiter::ticket))
                .toList();
    }

    private NavigableMap<Long, Waiter> operationsOf(ClientId client) {
        return byOperation.getOrDefault(client, Collections.emptyNavigableMap());
    }

    /** All places, in order. */
    public Collection<Waiter> all() {
        return Collections.unmodifiableCollection(byTicket.values());
    }

    /** Who waits for bytes of a file, in order. */
    public Collection<Waiter> on(FileId file) {
        if (byFile.isEmpty()) {
            return List.of();
        }
        return Collections.unmodifiableCollection(
                byFile.getOrDefault(file, Collections.emptyNavigableMap()).values());
    }

    // ---- what changes it

    /** A request takes a place. */
    void begin(Waiter waiter) {
        put(waiter);
        nextTicket = Math.max(nextTicket, waiter.ticket() + 1);
    }

    /** A request waits for something else now, and keeps its turn. */
    void move(Waiter waiter) {
        Waiter before = byTicket.get(waiter.ticket());
        if (before == null) {
            return;
        }
        leave(before);
        put(waiter);
        released(before.file(), before.range());
    }

    private void put(Waiter waiter) {
        byTicket.put(waiter.ticket(), waiter);
        if (waiter.forSpace()) {
            forSpace.add(waiter.ticket());
        }
        byOperation
                .computeIfAbsent(waiter.origin().client(), c -> new TreeMap<>())
                .put(waiter.origin().operationId(), waiter);
        byFile.computeIfAbsent(waiter.file(), f -> new TreeMap<>()).put(waiter.ticket(), waiter);
    }

    /** Its wait is over, one way or the other: those behind it may go on. */
    void end(long ticket) {
        Waiter waiter = byTicket.remove(ticket);
        if (waiter == null) {
            return;
        }
        byOperation.computeIfPresent(
                waiter.origin().client(),
                (client, own) -> {
                    own.remove(waiter.origin().operationId());
                    return own.isEmpty() ? null : own;
                });
        forSpace.remove(ticket);
        leave(waiter);
        ended.add(ticket);
        released(waiter.file(), waiter.range());
    }

    private void leave(Waiter waiter) {
        byFile.computeIfPresent(
                waiter.file(),
                (file, others) -> {
                    others.remove(waiter.ticket());
                    return others.isEmpty() ? null : others;
                });
    }

    /** An operation is answered, and nobody waits for an answer to those before. */
    void answered(ClientId client, long operationId, long answeredThrough) {
        if (byTicket.isEmpty()) {
            return;
        }
        NavigableMap<Long, Waiter> own = operationsOf(client);
        List<Waiter> over = new ArrayList<>(own.headMap(answeredThrough, true).values());
        Waiter answered = own.get(operationId);
        if (answered != null && operationId > answeredThrough) {
            over.add(answered);
        }
        over.forEach(waiter -> end(waiter.ticket()));
    }

    void note(Interest interest) {
        interests
                .computeIfAbsent(interest.file(), f -> new TreeMap<>())
                .put(interest.client(), interest);
    }

    void forget(ClientId client) {
        of(client).forEach(waiter -> end(waiter.ticket()));
        interests.values().forEach(ofFile -> ofFile.remove(client));
        interests.values().removeIf(Map::isEmpty);
    }

    /** Something may have become possible on these bytes of a file. */
    void released(FileId file, ByteRange range) {
        if (byFile.containsKey(file) || interests.containsKey(file)) {
            released.computeIfAbsent(file, f -> new RangeSet()).add(range);
        }
    }

    /** There may be more free space, or nobody left to give any back. */
    void spaceChanged() {
        spaceChanged = !forSpace.isEmpty();
    }

    // ---- who goes on

    /** What is to be done next, since something was given back. */
    public record Ready(List<Long> tickets, List<Interest> interests) {
        private static final Ready NOBODY = new Ready(List.of(), List.of());

        public boolean isEmpty() {
            return tickets.isEmpty() && interests.isEmpty();
        }
    }

    /**
     * Whose turn may have come since this was asked last, in order; and those whose wait has ended,
     * whose requests are to be looked at once more.
     */
    Ready takeReady() {
        if (ended.isEmpty() && released.isEmpty() && !spaceChanged) {
            return Ready.NOBODY;
        }
        TreeSet<Long> tickets = new TreeSet<>(ended);
        if (spaceChanged) {
            tickets.addAll(forSpace);
            spaceChanged = false;
        }
        List<Interest> told = new ArrayList<>();
        released.forEach(
                (file, ranges) -> {
                    frontOf(file, ranges).forEach(w -> tickets.add(w.ticket()));
                    told.addAll(takeInterests(file, ranges));
                });
        ended.clear();
        released.clear();
        return new Ready(List.copyOf(tickets), told);
    }

    /** Waiters for released bytes that nobody waits in front of, or that overtake those. */
    private List<Waiter> frontOf(FileId file, RangeSet ranges) {
        List<Waiter> front = new ArrayList<>();
        List<Waiter> ahead = new ArrayList<>();
        for (Waiter waiter : on(file)) {
            if (ranges.overlaps(waiter.range())
                    && (waiter.overtakes() || ahead.stream().noneMatch(waiter::conflictsWith))) {
                front.add(waiter);
            }
            ahead.add(waiter);
        }
        return front;
    }

    private List<Interest> takeInterests(FileId file, RangeSet ranges) {
        Map<ClientId, Interest> ofFile = interests.get(file);
        if (ofFile == null) {
            return List.of();
        }
        List<Interest> told =
                ofFile.values().stream().filter(i -> ranges.overlaps(i.range())).toList();
        told.forEach(i -> ofFile.remove(i.client()));
        if (ofFile.isEmpty()) {
            interests.remove(file);
        }
        return told;
    }
}
