package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a granted stretch of a file is mapped to, the same for all its bytes.
 *
 * @param device index in the volume's device table, or {@link Extent#NO_DEVICE}
 * @param shift device offset less file offset; 0 without a device
 * @param kind what the grant allows
 * @param source the blocks whose bytes fill what a writer leaves of these, of a copy-on-write pair;
 *     null where that is zeros
 */
record Mapping(ExtentState state, int device, long shift, GrantKind kind, @Nullable Source source) {

    /** Committed blocks that are not written in place. */
    record Source(int device, long shift) {}

    static Mapping of(Extent extent, GrantKind kind) {
        return new Mapping(extent.state(), extent.device(), shift(extent), kind, null);
    }

    /** Of a pair: stores go to the destination, until its commit the source is what is read. */
    static Mapping ofPair(Extent source, Extent destination, GrantKind kind) {
        return new Mapping(
                destination.state(),
                destination.device(),
                shift(destination),
                kind,
                new Source(source.device(), shift(source)));
    }

    private static long shift(Extent extent) {
        return extent.hasAddress() ? extent.deviceOffset() - extent.fileOffset() : 0;
    }

    IoMode iomode() {
        return kind.iomode();
    }

    /** Whether stores may go there; an ATOMIC grant allows none to what is committed. */
    boolean takesStores() {
        return device != Extent.NO_DEVICE
                && (kind == GrantKind.RW || (kind == GrantKind.RW_ATOMIC && isUnwritten()));
    }

    /** Whether stores go there and nobody sees them before the commit. */
    boolean takesAtomicStores() {
        return takesStores() && isUnwritten();
    }

    /** Whether stores go there that nobody sees before the commit, and that replace nothing. */
    boolean isFresh() {
        return kind == GrantKind.RW && takesStores() && isUnwritten() && source == null;
    }

    /** Whether all that is stored there is to be seen at once. */
    boolean isAtomic() {
        return source != null && kind == GrantKind.RW_ATOMIC;
    }

    /** What a pair is copied from, as a mapping of its own. */
    Optional<Mapping> copiedFrom() {
        return Optional.ofNullable(source)
                .map(s -> new Mapping(ExtentState.WRITTEN, s.device, s.shift, kind, null));
    }

    /** Whether both lead to the same blocks. */
    boolean isSamePlace(Mapping other) {
        return device == other.device && shift == other.shift;
    }

    /** Whether its blocks, or those that they are to replace, lie on a device. */
    boolean isOn(int index) {
        return device == index || (source != null && source.device == index);
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
        return new Mapping(ExtentState.WRITTEN, device, shift, kind, null);
    }

    /** A mapping and the bytes of the file it holds for. */
    record Piece(ByteRange range, Mapping mapping) {

        /** A part of it. */
        Piece from(long start, long end) {
            return new Piece(new ByteRange(start, end), mapping);
        }

        /** How many bytes they have. */
        static long bytes(List<Piece> pieces) {
            return pieces.stream().mapToLong(piece -> piece.range().length()).sum();
        }

        /** From the first of them to the last. */
        static ByteRange around(List<Piece> pieces) {
            return new ByteRange(pieces.getFirst().range().start(), pieces.getLast().range().end());
        }
    }
}
