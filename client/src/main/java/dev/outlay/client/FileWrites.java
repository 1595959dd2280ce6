package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Writing one file. Called inside the file's gate.
 *
 * <p>Stores go straight to the device, under an RW grant and after a look at the lease before each
 * batch. A block of an unwritten extent that is touched for the first time holds a former owner's
 * bytes: what the write leaves of it becomes zeros, once. Nothing is seen by others before the
 * commit.
 */
final class FileWrites {

    private static final long FIRST_AHEAD_BYTES = 1 << 20;
    private static final long MOST_AHEAD_BYTES = 64 << 20;

    /**
     * Most bytes stored after one look at the lease. The JVM copies several MiB at once past the
     * caches, which is faster than in pieces.
     */
    private static final long BATCH_BYTES = 4 << 20;

    /** Grants that are lost again before they can be used are asked for so often. */
    private static final int ATTEMPTS = 100;

    /** Past the largest file of any server, and far from overflow. */
    private static final long LARGEST_END = 1L << 62;

    private final FileContext context;
    private final LayoutCache layout;
    private final AskAhead ahead = new AskAhead(FIRST_AHEAD_BYTES, MOST_AHEAD_BYTES);

    FileWrites(FileContext context) {
        this.context = context;
        this.layout = context.layout();
    }

    /**
     * Writes all of the source.
     *
     * @param atomic what is committed stays as it is until the next commit replaces it whole
     */
    void write(MemorySegment source, long offset, boolean atomic) throws IOException {
        if (offset > LARGEST_END - source.byteSize()) {
            throw OutlayException.of(
                    Reason.TOO_LARGE,
                    source.byteSize() + " bytes at " + offset + " lie past the largest file");
        }
        long end = offset + source.byteSize();
        long at = offset;
        // Where stores may have been made, from the offset on.
        long touched = offset;
        int lost = 0;
        try {
            while (at < end) {
                long era = layout.era();
                Mapping.Piece piece = layout.at(at);
                if (piece == null || !takes(piece.mapping(), atomic)) {
                    lost = oneMore(lost, at);
                    context.map(range(at, end - at), IoMode.RW, atomic);
                    continue;
                }
                Mapping mapping = piece.mapping();
                long count = Math.min(Math.min(end, piece.range().end()) - at, BATCH_BYTES);
                ByteRange bytes = ByteRange.ofLength(at, count);
                ByteRange blocks = bytes.alignOutward(context.blockSize());
                Device device = context.device(mapping, blocks.start(), blocks.length());
                if (!context.hasLease() || layout.era() != era) {
                    // What was waited for has lost grants, or may have.
                    lost = oneMore(lost, at);
                    continue;
                }
                touched = Math.max(touched, at + count);
                long failedBefore = device.failedFlushes();
                store(device, mapping, source.asSlice(at - offset, count), bytes, blocks);
                if (layout.stored(bytes, blocks, era, mapping.device(), failedBefore)) {
                    at += count;
                    lost = 0;
                } else {
                    lost = oneMore(lost, at);
                }
            }
        } catch (IOException e) {
            if (touched > offset) {
                layout.strayed(new ByteRange(offset, touched).alignOutward(context.blockSize()));
            }
            throw e;
        }
        ahead.accessed(end);
    }

    /** The grant is not there, or has been lost before it could be used. */
    private int oneMore(int lost, long offset) throws OutlayException {
        if (lost == ATTEMPTS) {
            throw OutlayException.of(
                    Reason.TRY_LATER,
                    "the grant to write file "
                            + context.file()
                            + " at "
                            + offset
                            + " was lost again and again");
        }
        return lost + 1;
    }

    private static boolean takes(Mapping mapping, boolean atomic) {
        return atomic ? mapping.takesAtomicStores() : mapping.takesStores();
    }

    /** What to map: the blocks of the write, and more where it is one of a row. */
    private ByteRange range(long offset, long needed) {
        ByteRange need = ByteRange.ofLength(offset, needed).alignOutward(context.blockSize());
        boolean atEnd = offset == context.sizeBytes();
        long ask = ahead.ask(offset, need.length(), atEnd);
        ask -= ask % context.blockSize();
        return ByteRange.ofLength(need.start(), Math.max(ask, need.length()));
    }

    /** Stores a batch, all of it in one mapping, right after a look at the lease. */
    private void store(
            Device device, Mapping mapping, MemorySegment source, ByteRange bytes, ByteRange blocks)
            throws IOException {
        if (mapping.isUnwritten()) {
            fillAround(device, mapping, bytes, blocks);
        }
        device.write(mapping.deviceOffset(bytes.start()), source);
    }

    /**
     * What the write leaves of its first and its last block, if they are new to us: zeros, or what
     * the blocks hold that they are to replace.
     */
    private void fillAround(Device device, Mapping mapping, ByteRange bytes, ByteRange blocks)
            throws IOException {
        if (blocks.start() < bytes.start() && layout.isUnfilled(context.block(bytes.start()))) {
            fill(device, mapping, new ByteRange(blocks.start(), bytes.start()));
        }
        if (bytes.end() < blocks.end() && layout.isUnfilled(context.block(bytes.end()))) {
            fill(device, mapping, new ByteRange(bytes.end(), blocks.end()));
        }
    }

    private void fill(Device device, Mapping mapping, ByteRange range) throws IOException {
        Optional<Mapping> from = mapping.copiedFrom();
        if (from.isEmpty()) {
            device.zero(mapping.deviceOffset(range.start()), range.length());
            return;
        }
        MemorySegment copied = MemorySegment.ofArray(new byte[(int) range.length()]);
        context.device(from.get(), range.start(), range.length())
                .read(from.get().deviceOffset(range.start()), copied);
        device.write(mapping.deviceOffset(range.start()), copied);
    }
}
