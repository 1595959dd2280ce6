package dev.outlay.core.state;

import dev.outlay.core.space.RangeMap;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which blocks are in more than one extent map, and in how many. Blocks that are not here are in
 * one map or in none. That an extent is {@link Extent#SHARED} is said by these counts alone and
 * never kept in a map: so a block is its file's own again the moment the last other one lets go,
 * without anybody having to find that file.
 */
public final class SharedBlocks {

    /**
     * How often a block is mapped.
     *
     * @param maps two or more
     * @param removing how many of the maps belong to files that are being removed
     */
    public record Share(int maps, int removing) {
        public Share {
            if (maps < 2 || removing < 0 || removing > maps) {
                throw new IllegalArgumentException(
                        "not a share: " + maps + " maps, " + removing + " of them being removed");
            }
        }

        /** Whether only files that are being removed still map it. */
        public boolean isPending() {
            return maps == removing;
        }
    }

    /** Shared bytes of one device. */
    public record Entry(DeviceRange range, Share share) {}

    private final Map<Integer, RangeMap<Share>> byDevice = new TreeMap<>();
    private final Places touched;

    SharedBlocks(Places touched) {
        this.touched = touched;
    }

    public boolean isEmpty() {
        for (RangeMap<Share> map : byDevice.values()) {
            if (!map.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    public List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        byDevice.forEach((device, map) -> map.entries().forEach(e -> all.add(entry(device, e))));
        return all;
    }

    /** What of these blocks is shared: sorted, clipped. */
    List<Entry> within(DeviceRange range) {
        RangeMap<Share> map = byDevice.get(range.device());
        return map == null || map.isEmpty()
                ? List.of()
                : map.within(bytes(range)).stream().map(e -> entry(range.device(), e)).toList();
    }

    /** What lies in these bytes or touches them, whole. */
    List<Entry> touching(DeviceRange range) {
        return mapOf(range.device()).touching(bytes(range)).stream()
                .map(e -> entry(range.device(), e))
                .toList();
    }

    /**
     * An extent in pieces, each of which is shared as a whole and then flagged {@link
     * Extent#SHARED}, or not at all.
     */
    public List<Extent> split(Extent extent) {
        if (extent.state() != ExtentState.WRITTEN || !extent.hasAddress() || isEmpty()) {
            return List.of(extent);
        }
        return flag(extent, within(extent.deviceRange()).stream().map(Entry::range).toList());
    }

    /** An extent in pieces, those that lie in {@code ranges} of its device flagged as shared. */
    public static List<Extent> flag(Extent extent, List<DeviceRange> ranges) {
        if (ranges.isEmpty()) {
            return List.of(extent);
        }
        List<Extent> pieces = new ArrayList<>();
        long at = extent.deviceOffset();
        for (DeviceRange range : ranges) {
            if (range.start() > at) {
                pieces.add(onDevice(extent, at, range.start()));
            }
            Extent shared = onDevice(extent, range.start(), range.end());
            pieces.add(shared.withFlags(shared.flags() | Extent.SHARED));
            at = range.end();
        }
        long end = extent.deviceOffset() + extent.length();
        if (at < end) {
            pieces.add(onDevice(extent, at, end));
        }
        return pieces;
    }

    private static Extent onDevice(Extent extent, long start, long end) {
        long shift = extent.fileOffset() - extent.deviceOffset();
        return extent.slice(new ByteRange(start + shift, end + shift));
    }

    // ---- what changes them

    /** One more map, of a file that stays, has these blocks. */
    void share(DeviceRange range) {
        touched.touched(range);
        RangeMap<Share> map = mapOf(range.device());
        List<RangeMap.Entry<Share>> before = map.within(bytes(range));
        map.put(bytes(range), new Share(2, 0));
        before.forEach(
                e -> map.put(e.range(), new Share(e.value().maps() + 1, e.value().removing())));
    }

    /**
     * One map lets go of blocks that are shared as a whole.
     *
     * @param removing whether its file is being removed
     */
    void drop(Entry shared, boolean removing) {
        touched.touched(shared.range());
        Share before = shared.share();
        int still = before.removing() - (removing ? 1 : 0);
        if (before.maps() == 2) {
            mapOf(shared.range().device()).remove(bytes(shared.range()));
        } else {
            mapOf(shared.range().device())
                    .put(bytes(shared.range()), new Share(before.maps() - 1, still));
        }
    }

    /** One of the files that map these blocks, shared as a whole, is being removed from now on. */
    void unlink(Entry shared) {
        touched.touched(shared.range());
        mapOf(shared.range().device())
                .put(
                        bytes(shared.range()),
                        new Share(shared.share().maps(), shared.share().removing() + 1));
    }

    void restore(Entry entry) {
        mapOf(entry.range().device()).put(bytes(entry.range()), entry.share());
    }

    private RangeMap<Share> mapOf(int device) {
        return byDevice.computeIfAbsent(device, d -> new RangeMap<>());
    }

    private static ByteRange bytes(DeviceRange range) {
        return ByteRange.ofLength(range.start(), range.length());
    }

    private static Entry entry(int device, RangeMap.Entry<Share> entry) {
        return new Entry(
                new DeviceRange(device, entry.range().start(), entry.range().length()),
                entry.value());
    }
}
