package dev.outlay.core.space;

import dev.outlay.core.value.DeviceRange;
import java.util.Arrays;

/**
 * Many ranges of devices, disjoint, collected to be dealt with all at once: sorting them once costs
 * much less than finding the place of each.
 */
public final class DeviceRanges {

    private static final int DEVICE_SHIFT = 48;

    /** Device in the top 16 bits, offset on it below. */
    private long[] starts = new long[1024];

    private long[] ends = new long[1024];
    private int count;

    public void add(DeviceRange range) {
        add(range.device(), range.start(), range.end());
    }

    /** As {@link #add(DeviceRange)}, unless it is empty. */
    void add(int index, long start, long end) {
        if (start >= end) {
            return;
        }
        if (count == starts.length) {
            int capacity = Math.addExact(count, count / 2);
            starts = Arrays.copyOf(starts, capacity);
            ends = Arrays.copyOf(ends, capacity);
        }
        long device = (long) index << DEVICE_SHIFT;
        starts[count] = device | start;
        ends[count] = device + end;
        count++;
    }

    int count() {
        return count;
    }

    /** The places of disjoint ranges keep their order when starts and ends are sorted apart. */
    void sort() {
        Arrays.sort(starts, 0, count);
        Arrays.sort(ends, 0, count);
        for (int i = 1; i < count; i++) {
            if (starts[i] < ends[i - 1]) {
                throw new IllegalStateException(range(i) + " overlaps what lies before it");
            }
        }
    }

    DeviceRange range(int index) {
        int device = (int) (starts[index] >>> DEVICE_SHIFT);
        long offset = starts[index] & ((1L << DEVICE_SHIFT) - 1);
        return new DeviceRange(device, offset, ends[index] - starts[index]);
    }
}
