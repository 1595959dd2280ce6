package dev.outlay.core.value;

/**
 * A range of bytes of one device of a volume.
 *
 * <p>{@code device} is the index in the volume's device table; it is never given to another device.
 * The bounds are checked here, so that an address fits the 16 + 48 bits in which extent maps keep
 * it.
 *
 * @param device index of the device, 0 to {@link #MAX_DEVICE}
 * @param start first byte on the device, zero or more
 * @param length number of bytes, more than zero; the range ends at or before {@link #MAX_OFFSET}
 */
public record DeviceRange(int device, long start, long length) {

    /** The highest index of a device. */
    public static final int MAX_DEVICE = 65_535;

    /** The highest end of a range on a device, in bytes: 256 TiB. */
    public static final long MAX_OFFSET = 1L << 48;

    public DeviceRange {
        if (device < 0 || device > MAX_DEVICE) {
            throw new IllegalArgumentException(
                    "device index " + device + " is outside 0.." + MAX_DEVICE);
        }
        if (start < 0 || length <= 0 || length > MAX_OFFSET || start > MAX_OFFSET - length) {
            throw new IllegalArgumentException(
                    "not a device range: " + length + " bytes at " + start + " of " + device);
        }
    }

    /** One past the last byte. */
    public long end() {
        return start + length;
    }

    /** Whether both lie on one device and have a byte in common. */
    public boolean overlaps(DeviceRange other) {
        return device == other.device && start < other.end() && other.start < end();
    }

    /** The {@code length} bytes that begin {@code fromStart} bytes into this range. */
    public DeviceRange slice(long fromStart, long length) {
        if (fromStart < 0 || length <= 0 || length > this.length - fromStart) {
            throw new IllegalArgumentException(
                    "no slice of " + length + " bytes at " + fromStart + " in " + this);
        }
        return new DeviceRange(device, start + fromStart, length);
    }

    @Override
    public String toString() {
        return "device " + device + " [" + start + ", " + end() + ")";
    }
}
