package dev.outlay.core.check;

import dev.outlay.core.space.RangeMap;
import dev.outlay.core.state.SharedBlocks;
import dev.outlay.core.state.SharedBlocks.Share;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Counts in how many maps shared blocks really are, and compares. */
final class SharingCount {

    private record Found(int maps, int removing) {}

    private final Map<Integer, RangeMap<Found>> byDevice = new HashMap<>();

    /** One more map, of a file that is being removed or not, has these blocks. */
    void count(DeviceRange range, boolean removing) {
        RangeMap<Found> map = byDevice.computeIfAbsent(range.device(), d -> new RangeMap<>());
        int more = removing ? 1 : 0;
        List<RangeMap.Entry<Found>> before = map.within(bytes(range));
        map.put(bytes(range), new Found(1, more));
        before.forEach(
                e ->
                        map.put(
                                e.range(),
                                new Found(e.value().maps() + 1, e.value().removing() + more)));
    }

    /** What is said to be shared; every difference from what was counted is a finding. */
    List<SharedBlocks.Entry> check(SharedBlocks shared, Consumer<String> find) {
        for (SharedBlocks.Entry entry : shared.entries()) {
            Share said = entry.share();
            List<RangeMap.Entry<Found>> found =
                    byDevice.computeIfAbsent(entry.range().device(), d -> new RangeMap<>())
                            .within(bytes(entry.range()));
            boolean agrees =
                    found.size() == 1
                            && found.getFirst().range().equals(bytes(entry.range()))
                            && found.getFirst()
                                    .value()
                                    .equals(new Found(said.maps(), said.removing()));
            if (!agrees) {
                find.accept(
                        entry.range() + " is said to be in " + said + ", a walk finds " + found);
            }
        }
        return shared.entries();
    }

    private static ByteRange bytes(DeviceRange range) {
        return ByteRange.ofLength(range.start(), range.length());
    }
}
