package dev.outlay.core.state;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Places on devices of which what is kept has changed, while anybody wants to know. */
final class Places {

    private final Map<Integer, RangeSet> byDevice = new TreeMap<>();
    private boolean wanted;

    void begin() {
        wanted = true;
    }

    void touched(DeviceRange range) {
        if (wanted) {
            byDevice.computeIfAbsent(range.device(), _ -> new RangeSet())
                    .add(ByteRange.ofLength(range.start(), range.length()));
        }
    }

    /** What was touched since this was asked last. */
    List<DeviceRange> take() {
        List<DeviceRange> all = new ArrayList<>();
        byDevice.forEach(
                (device, ranges) ->
                        ranges.ranges()
                                .forEach(
                                        r ->
                                                all.add(
                                                        new DeviceRange(
                                                                device, r.start(), r.length()))));
        byDevice.clear();
        return all;
    }
}
