package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.IoMode;

/**
 * What a granted stretch of a file is mapped to, the same for all its bytes.
 *
 * @param device index in the volume's device table, or {@link Extent#NO_DEVICE}
 * @param shift device offset less file offset; 0 without a device
 * @param iomode what the grant allows
 */
record Mapping(ExtentState state, int device, long shift, IoMode iomode) {

    static Mapping of(Extent extent, IoMode iomode) {
        return new Mapping(
                extent.state(),
                extent.device(),
                extent.hasAddress() ? extent.deviceOffset() - extent.fileOffset() : 0,
                iomode);
    }

    /** Whether stores may go there. */
    boolean takesStores() {
        return iomode == IoMode.RW && device != Extent.NO_DEVICE;
    }

    /** Whether both lead to the same blocks. */
    boolean isSamePlace(Mapping other) {
        return device == other.device && shift == other.shift;
    }

    boolean isUnwritten() {
        return state == ExtentState.UNWRITTEN;
    }

    /** Where a byte of the file is on the device. */
    long deviceOffset(long fileOffset) {
        return fileOffset + shift;
    }

    /** The same blocks after their commit. */
    Mapping committed() {
        return new Mapping(ExtentState.WRITTEN, device, shift, iomode);
    }

    /** A mapping and the bytes of the file it holds for. */
    record Piece(ByteRange range, Mapping mapping) {}
}
