package dev.outlay.core.state;

import dev.outlay.core.space.RangeMap;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Blocks that a client which ended without its own word could still store into or read. They are
 * handed out to nobody. Those still {@code mapped} belong to a file, flagged at risk; they go on
 * here when they leave it.
 */
public final class Quarantine {

    /**
     * Why blocks are here.
     *
     * @param holders the ended clients, in order of their ids
     */
    public record Held(List<ClientId> holders, boolean mapped) {
        public Held {
            holders = List.copyOf(holders);
        }
    }

    /** Quarantined bytes of one device, and why. */
    public record Entry(DeviceRange range, Held held) {}

    private final Map<Integer, RangeMap<Held>> byDevice = new TreeMap<>();
    private final Places touched;

    Quarantine(Places touched) {
        this.touched = touched;
    }

    public boolean isEmpty() {
        for (RangeMap<Held> map : byDevice.values()) {
            if (!map.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    public List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        byDevice.forEach(
                (device, map) ->
                        map.entries()
                                .forEach(
                                        e ->
                                                all.add(
                                                        new Entry(
                                                                new DeviceRange(
                                                                        device,
                                                                        e.range().start(),
                                                                        e.range().length()),
                                                                e.value()))));
        return all;
    }

    /** Whether any block is here because of {@code client}. */
    public boolean names(ClientId client) {
        return byDevice.values().stream()
                .anyMatch(
                        map ->
                                map.entries().stream()
                                        .anyMatch(e -> e.value().holders().contains(client)));
    }

    /** What of these blocks is held for an ended client and still in a map: sorted, clipped. */
    public List<DeviceRange> mappedWithin(DeviceRange range) {
        RangeMap<Held> map = byDevice.get(range.device());
        if (map == null || map.isEmpty()) {
            return List.of();
        }
        return map.within(ByteRange.ofLength(range.start(), range.length())).stream()
                .filter(e -> e.value().mapped())
                .map(e -> new DeviceRange(range.device(), e.range().start(), e.range().length()))
                .toList();
    }

    /** What lies in these bytes or touches them, whole. */
    List<Entry> touching(DeviceRange range) {
        return mapOf(range.device())
                .touching(ByteRange.ofLength(range.start(), range.length()))
                .stream()
                .map(
                        e ->
                                new Entry(
                                        new DeviceRange(
                                                range.device(),
                                                e.range().start(),
                                                e.range().length()),
                                        e.value()))
                .toList();
    }

    void add(DeviceRange range, ClientId holder, boolean mapped) {
        touched.touched(range);
        RangeMap<Held> map = mapOf(range.device());
        ByteRange bytes = ByteRange.ofLength(range.start(), range.length());
        List<RangeMap.Entry<Held>> before = map.within(bytes);
        map.put(bytes, new Held(List.of(holder), mapped));
        for (RangeMap.Entry<Held> entry : before) {
            TreeSet<ClientId> holders = new TreeSet<>(entry.value().holders());
            holders.add(holder);
            map.put(entry.range(), new Held(List.copyOf(holders), mapped));
        }
    }

    /** The blocks have left their file. */
    void unmap(DeviceRange range) {
        touched.touched(range);
        RangeMap<Held> map = mapOf(range.device());
        for (RangeMap.Entry<Held> entry :
                map.within(ByteRange.ofLength(range.start(), range.length()))) {
            map.put(entry.range(), new Held(entry.value().holders(), false));
        }
    }

    /**
     * {@code holder} does not touch these blocks any more.
     *
     * @return those that nobody else keeps here: they are in quarantine no more
     */
    List<DeviceRange> release(DeviceRange range, ClientId holder) {
        touched.touched(range);
        RangeMap<Held> map = mapOf(range.device());
        List<DeviceRange> released = new ArrayList<>();
        for (RangeMap.Entry<Held> entry :
                map.within(ByteRange.ofLength(range.start(), range.length()))) {
            List<ClientId> others =
                    entry.value().holders().stream().filter(c -> !c.equals(holder)).toList();
            if (others.isEmpty()) {
                map.remove(entry.range());
                released.add(
                        new DeviceRange(
                                range.device(), entry.range().start(), entry.range().length()));
            } else {
                map.put(entry.range(), new Held(others, entry.value().mapped()));
            }
        }
        return released;
    }

    /** What of {@code range} is not in quarantine, as bytes of its device. */
    List<ByteRange> outside(DeviceRange range) {
        ByteRange bytes = ByteRange.ofLength(range.start(), range.length());
        RangeSet here = new RangeSet();
        mapOf(range.device()).within(bytes).forEach(entry -> here.add(entry.range()));
        return here.gapsWithin(bytes);
    }

    void restore(Entry entry) {
        mapOf(entry.range().device())
                .put(
                        ByteRange.ofLength(entry.range().start(), entry.range().length()),
                        entry.held());
    }

    private RangeMap<Held> mapOf(int device) {
        return byDevice.computeIfAbsent(device, d -> new RangeMap<>());
    }
}
