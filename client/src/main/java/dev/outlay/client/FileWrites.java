package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.core.space.RangeSet;
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

    /** Most bytes stored after one look at the lease. */
    private static final long BATCH_BYTES = 1 << 20;

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
        RangeSet touched = new RangeSet();
        long done = 0;
        try {
            while (done < source.byteSize()) {
                done += writeSome(source.asSlice(done), offset + done, atomic, touched);
            }
        } catch (IOException e) {
            touched.ranges().forEach(layout::strayed);
            throw e;
        }
        ahead.accessed(offset + done);
    }

    /**
     * Writes one byte or more.
     *
     * @param touched takes the blocks in which stores may have been made
     */
    private long writeSome(MemorySegment source, long offset, boolean atomic, RangeSet touched)
            throws IOException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            long era = layout.era();
            Mapping.Piece piece = layout.at(offset);
            if (piece == null || !takes(piece.mapping(), atomic)) {
                context.map(range(offset, source.byteSize()), IoMode.RW, atomic);
                continue;
            }
            // May wait and may lose grants; the era tells.
            context.session().requireLease();
            if (layout.era() != era) {
                continue;
            }
            long count =
                    Math.min(
                            Math.min(source.byteSize(), BATCH_BYTES), piece.range().end() - offset);
            touched.add(ByteRange.ofLength(offset, count).alignOutward(context.blockSize()));
            if (store(piece.mapping(), source.asSlice(0, count), offset, era)) {
                return count;
            }
        }
        throw OutlayException.of(
                Reason.TRY_LATER,
                "the grant to write file "
                        + context.file()
                        + " at "
                        + offset
                        + " was lost again and again");
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

    /**
     * Stores a batch, all of it in one mapping.
     *
     * @return false if the grant was lost meanwhile
     */
    private boolean store(Mapping mapping, MemorySegment source, long offset, long era)
            throws IOException {
        ByteRange bytes = ByteRange.ofLength(offset, source.byteSize());
        ByteRange blocks = bytes.alignOutward(context.blockSize());
        Device device = context.device(mapping, blocks.start(), blocks.length());
        long failedBefore = device.failedFlushes();
        context.session().lease().check();
        if (mapping.isUnwritten()) {
            fillAround(device, mapping, bytes, blocks);
        }
        device.write(mapping.deviceOffset(offset), source);
        return layout.stored(bytes, blocks, era, mapping.device(), failedBefore);
    }

    /**
     * What the write leaves of its first and its last block, if they are new to us: zeros, or what
     * the blocks hold that they are to replace.
     */
    private void fillAround(Device device, Mapping mapping, ByteRange bytes, ByteRange blocks)
            throws IOException {
        if (blocks.start() < bytes.start() && !layout.isFilled(context.block(bytes.start()))) {
            fill(device, mapping, new ByteRange(blocks.start(), bytes.start()));
        }
        if (bytes.end() < blocks.end() && !layout.isFilled(context.block(bytes.end()))) {
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
