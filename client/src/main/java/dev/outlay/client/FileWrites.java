package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writing one file. Called inside the file's gate.
 *
 * <p>Stores go to the device under an RW grant, after a look at the lease before each batch; small
 * ones in a row into fresh blocks are {@linkplain WriteBehind gathered} before. A block of an
 * unwritten extent that is touched for the first time holds a former owner's bytes: what the write
 * leaves of it becomes zeros, once. Nothing is seen by others before the commit.
 */
final class FileWrites {

    private static final Logger LOG = LoggerFactory.getLogger(FileWrites.class);

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
    private final WriteBehind behind;
    private final AskAhead ahead = new AskAhead(FIRST_AHEAD_BYTES, MOST_AHEAD_BYTES);

    FileWrites(FileContext context) {
        this.context = context;
        this.layout = context.layout();
        this.behind = context.behind();
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
        if (source.byteSize() == 0) {
            // No row goes on behind it, and no file ends there.
            return;
        }
        if (atomic || !gathers(source, offset)) {
            store(new Unstored(source, offset), atomic, true);
            behind.wrote(offset + source.byteSize());
        }
        ahead.accessed(offset + source.byteSize());
    }

    /** Whether the write is stored later, with others. If it is not, all before it is stored. */
    private boolean gathers(MemorySegment source, long offset) throws IOException {
        if (behind.take(source, offset)) {
            return true;
        }
        if (behind.isEmpty()) {
            return false;
        }
        storeGathered();
        return behind.take(source, offset);
    }

    /**
     * Stores what was gathered.
     *
     * <p>What may succeed later remains after a failure, other bytes are lost, as the next commit
     * tells.
     */
    void storeGathered() throws IOException {
        storeGathered(true);
    }

    /**
     * As {@link #storeGathered()}, where the grant still stands; the rest remains. Waits for no
     * grant, and so does not leave the gate.
     */
    void storeGranted() throws IOException {
        storeGathered(false);
    }

    private void storeGathered(boolean mayMap) throws IOException {
        // Taken out: a recall that comes while a grant is waited for must not store it as well.
        WriteBehind.Gathered gathered = behind.remove();
        if (gathered == null) {
            return;
        }
        Unstored rest = new Unstored(gathered, gathered.range());
        try {
            store(rest, false, mayMap);
        } catch (IOException e) {
            if (!mayBeRepeated(e)) {
                layout.lost(new ByteRange(rest.at, rest.end));
                rest.at = rest.end;
            }
            throw e;
        } finally {
            behind.keep(gathered, rest.at);
        }
    }

    /**
     * These ranges are given up, and what is stored there is set aside: so is what was gathered
     * there. What lies beside it is stored as far as its grants stand; else it is lost, as the next
     * commit tells.
     */
    void setAside(List<ByteRange> ranges, FileRewrites rewrites) {
        WriteBehind.Gathered gathered = behind.overlaps(ranges) ? behind.remove() : null;
        if (gathered == null) {
            return;
        }
        try {
            RangeSet there = new RangeSet();
            ranges.forEach(there::add);
            for (ByteRange part : there.within(gathered.range())) {
                rewrites.save(part.start(), gathered.bytes(part));
            }
            for (ByteRange beside : there.gapsWithin(gathered.range())) {
                storeOrLose(new Unstored(gathered, beside));
            }
        } finally {
            behind.drop(gathered);
        }
    }

    private void storeOrLose(Unstored write) {
        String reason = "a grant on it is gone";
        try {
            store(write, false, false);
        } catch (IOException e) {
            reason = e.getMessage();
        }
        if (write.at < write.end) {
            layout.lost(new ByteRange(write.at, write.end));
            LOG.warn(
                    "event=gathered-writes-lost volume={} file={} offset={} reason=\"{}\"",
                    context.volume(),
                    context.file(),
                    write.at,
                    reason);
        }
    }

    /** Without space it may not: what makes room, as a truncate does, commits before. */
    private boolean mayBeRepeated(IOException e) {
        return switch (e) {
            case OutlayException refused ->
                    // A lease that is over may yet be renewed.
                    (refused.isPassing() || refused.is(Reason.EXPIRED))
                            && !refused.is(Reason.NO_SPACE)
                            && context.session().dead().isEmpty();
            case DeviceException failed -> failed.reason() == DeviceException.Reason.INTERRUPTED;
            default -> false;
        };
    }

    /** What of a write has not been stored. */
    private static final class Unstored {
        private final MemorySegment source;
        private final long offset;
        private final long end;
        private long at;

        Unstored(MemorySegment source, long offset) {
            this.source = source;
            this.offset = offset;
            this.end = offset + source.byteSize();
            this.at = offset;
        }

        Unstored(WriteBehind.Gathered gathered, ByteRange part) {
            this(gathered.bytes(part), part.start());
        }

        MemorySegment next(long count) {
            return source.asSlice(at - offset, count);
        }
    }

    /**
     * Stores all of it.
     *
     * @param mayMap whether to ask for a grant that is not there; if not, what lies behind the
     *     first byte without one is left
     */
    private void store(Unstored write, boolean atomic, boolean mayMap) throws IOException {
        // Where stores may have been made, from the offset on.
        long touched = write.offset;
        int lost = 0;
        try {
            while (write.at < write.end) {
                long at = write.at;
                long era = layout.era();
                Mapping.Piece piece = layout.at(at);
                if (piece == null || !takes(piece.mapping(), atomic)) {
                    if (!mayMap) {
                        return;
                    }
                    lost = oneMore(lost, at);
                    context.map(range(at, write.end - at), IoMode.RW, atomic);
                    continue;
                }
                Mapping mapping = piece.mapping();
                long count = Math.min(Math.min(write.end, piece.range().end()) - at, BATCH_BYTES);
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
                store(device, mapping, write.next(count), bytes, blocks);
                if (layout.stored(bytes, blocks, era, mapping.device(), failedBefore)) {
                    write.at += count;
                    lost = 0;
                } else {
                    lost = oneMore(lost, at);
                }
            }
        } catch (IOException e) {
            if (touched > write.offset) {
                layout.strayed(
                        new ByteRange(write.offset, touched).alignOutward(context.blockSize()));
            }
            throw e;
        }
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
