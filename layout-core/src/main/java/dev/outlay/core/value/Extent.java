package dev.outlay.core.value;

/**
 * A stretch of a file and where it lies: the one value that crosses every seam.
 *
 * <p>A hole never has an address; an extent with blocks may come {@linkplain #withoutAddress()
 * without} one, when its reader must not touch the device.
 *
 * @param fileOffset first byte in the file, zero or more
 * @param length number of bytes, more than zero
 * @param state what a reader finds there
 * @param device index of the device, or {@link #NO_DEVICE}
 * @param deviceOffset first byte on the device; 0 when there is no device
 * @param flags any of {@link #NEW}, {@link #SHARED}, {@link #AT_RISK}, {@link #KEPT}
 */
public record Extent(
        long fileOffset, long length, ExtentState state, int device, long deviceOffset, int flags) {

    /** The device of an extent without an address. */
    public static final int NO_DEVICE = -1;

    /** The blocks were allocated for this answer; never stored. */
    public static final int NEW = 1;

    /** The blocks belong to more than one file. */
    public static final int SHARED = 2;

    /** A client that ended without its own word may still write here. */
    public static final int AT_RISK = 4;

    /**
     * Unwritten blocks asked for by Allocate, which stay when no grant covers them. Internal to the
     * server.
     */
    public static final int KEPT = 8;

    private static final int ALL_FLAGS = NEW | SHARED | AT_RISK | KEPT;

    public Extent {
        if (!ByteRange.isValid(fileOffset, length)) {
            throw new IllegalArgumentException(
                    "not an extent: " + length + " bytes at file offset " + fileOffset);
        }
        if ((flags & ~ALL_FLAGS) != 0) {
            throw new IllegalArgumentException("unknown extent flags 0x" + hex(flags));
        }
        if (device == NO_DEVICE) {
            if (deviceOffset != 0) {
                throw new IllegalArgumentException(
                        "device offset " + deviceOffset + " without a device");
            }
        } else if (state == ExtentState.HOLE) {
            throw new IllegalArgumentException(
                    "a hole has no address, but device " + device + " was given");
        } else if (device < 0
                || device > DeviceRange.MAX_DEVICE
                || deviceOffset < 0
                || length > DeviceRange.MAX_OFFSET
                || deviceOffset > DeviceRange.MAX_OFFSET - length) {
            throw new IllegalArgumentException(
                    "not an address: " + length + " bytes at " + deviceOffset + " of " + device);
        }
    }

    /** A hole over {@code range}. */
    public static Extent hole(ByteRange range) {
        return new Extent(range.start(), range.length(), ExtentState.HOLE, NO_DEVICE, 0, 0);
    }

    /** The bytes of the file it covers. */
    public ByteRange range() {
        return new ByteRange(fileOffset, fileOffset + length);
    }

    /** One past the last byte in the file. */
    public long end() {
        return fileOffset + length;
    }

    public boolean isHole() {
        return state == ExtentState.HOLE;
    }

    public boolean hasAddress() {
        return device != NO_DEVICE;
    }

    /** Whether all bits of {@code flag} are set. */
    public boolean has(int flag) {
        return (flags & flag) == flag;
    }

    /** The same extent with exactly these flags. */
    public Extent withFlags(int newFlags) {
        return newFlags == flags
                ? this
                : new Extent(fileOffset, length, state, device, deviceOffset, newFlags);
    }

    /** The same blocks in another state. */
    public Extent in(ExtentState newState, int newFlags) {
        return new Extent(fileOffset, length, newState, device, deviceOffset, newFlags);
    }

    /** The same extent without the place on the device. */
    public Extent withoutAddress() {
        return new Extent(fileOffset, length, state, NO_DEVICE, 0, flags);
    }

    /** The part inside {@code range}, which must overlap this extent; the address moves with it. */
    public Extent slice(ByteRange range) {
        long start = Math.max(fileOffset, range.start());
        long end = Math.min(end(), range.end());
        if (start >= end) {
            throw new IllegalArgumentException(range + " does not overlap " + this);
        }
        long address = hasAddress() ? deviceOffset + (start - fileOffset) : 0;
        return new Extent(start, end - start, state, device, address, flags);
    }

    /** As {@link #slice}; itself if all of it lies inside {@code range}. */
    public Extent clip(ByteRange range) {
        return range.start() <= fileOffset && end() <= range.end() ? this : slice(range);
    }

    /** The bytes on the device; the extent must have an address. */
    public DeviceRange deviceRange() {
        if (!hasAddress()) {
            throw new IllegalStateException(this + " has no address");
        }
        return new DeviceRange(device, deviceOffset, length);
    }

    private static String hex(int flags) {
        return Integer.toHexString(flags);
    }
}
