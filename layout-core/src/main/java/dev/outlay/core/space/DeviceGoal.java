package dev.outlay.core.space;

import dev.outlay.core.value.DeviceRange;

/**
 * A place on a device where an allocation would like to begin: a wish, free or not. Ordered by
 * device, then offset.
 *
 * @param device index of the device
 * @param offset byte on the device, 0 to {@link DeviceRange#MAX_OFFSET}
 */
public record DeviceGoal(int device, long offset) implements Comparable<DeviceGoal> {

    public DeviceGoal {
        if (device < 0
                || device > DeviceRange.MAX_DEVICE
                || offset < 0
                || offset > DeviceRange.MAX_OFFSET) {
            throw new IllegalArgumentException("not a goal: " + offset + " of device " + device);
        }
    }

    @Override
    public int compareTo(DeviceGoal other) {
        int byDevice = Integer.compare(device, other.device);
        return byDevice != 0 ? byDevice : Long.compare(offset, other.offset);
    }
}
