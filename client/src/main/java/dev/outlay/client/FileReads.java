package dev.outlay.client;

import dev.outlay.client.device.DeviceException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.Reason;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reading one file. Called inside the file's gate.
 *
 * <p>Bytes are copied out of the device under a READ grant, or under this client's own RW; after
 * each copy lease and grant are looked at once more, and the bytes are discarded if either is gone:
 * whoever owns the blocks by then, its bytes go to nobody else.
 */
final class FileReads {

    private static final long FIRST_AHEAD_BYTES = 256 << 10;
    private static final long MOST_AHEAD_BYTES = 16 << 20;

    /** Most bytes copied between two looks at the lease. */
    private static final long COPY_BYTES = 4 << 20;

    /** Grants that are lost again before they can be used are asked for so often. */
    private static final int ATTEMPTS = 100;

    private final FileContext context;
    private final LayoutCache layout;
    private final AskAhead ahead = new AskAhead(FIRST_AHEAD_BYTES, MOST_AHEAD_BYTES);

    FileReads(FileContext context) {
        this.context = context;
        this.layout = context.layout();
    }

    /** Reads up to the end of file; -1 at or past it. */
    long read(MemorySegment target, long offset) throws IOException {
        if (target.byteSize() == 0) {
            return 0;
        }
        long count = count(target.byteSize(), offset);
        if (count <= 0) {
            return -1;
        }
        long done = 0;
        while (done < count) {
            long copied = readSome(target.asSlice(done, count - done), offset + done);
            if (copied == 0) {
                break;
            }
            done += copied;
        }
        ahead.accessed(offset + done);
        return done == 0 ? -1 : done;
    }

    /** So many of the wanted bytes there are; 0 or less at or past the end of file. */
    private long count(long wanted, long offset) throws OutlayException {
        if (wanted <= context.serverSizeBytes() - offset) {
            return wanted;
        }
        if (wanted > context.sizeBytes() - offset) {
            // Others may have made the file longer; grants on what it has been say nothing of that.
            context.refreshSize();
        }
        return Math.min(wanted, context.sizeBytes() - offset);
    }

    /** Reads one byte or more; 0 at the end of file. */
    private long readSome(MemorySegment target, long offset) throws IOException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            long era = layout.era();
            Mapping.Piece piece = layout.seenAt(offset, target.byteSize());
            if (piece != null) {
                long copied = copyChecked(piece, target, offset, era);
                if (copied > 0) {
                    return copied;
                }
                continue;
            }
            MappedBlocks mapped = context.map(range(offset, target.byteSize()), IoMode.READ);
            if (mapped.extents().isEmpty() && offset < context.serverSizeBytes()) {
                // The file has become longer meanwhile.
                continue;
            }
            if (mapped.extents().isEmpty()) {
                return pastEnd(target, offset);
            }
            if (layout.at(offset) == null) {
                long zeros = readOnce(mapped.extents(), target, offset);
                if (zeros > 0) {
                    return zeros;
                }
            }
        }
        throw OutlayException.of(
                Reason.TRY_LATER,
                "the grant to read file "
                        + context.file()
                        + " at "
                        + offset
                        + " was lost again and again");
    }

    private ByteRange range(long offset, long needed) {
        ByteRange need = ByteRange.ofLength(offset, needed).alignOutward(context.blockSize());
        long ask = ahead.ask(offset, need.length(), false);
        return ByteRange.ofLength(need.start(), ask - ask % context.blockSize());
    }

    /** Copies and looks again; 0 if what was copied could not be kept. */
    private long copyChecked(Mapping.Piece piece, MemorySegment target, long offset, long era)
            throws IOException {
        long count = Math.min(piece.range().length(), COPY_BYTES);
        boolean kept = false;
        MemorySegment part = target.asSlice(0, count);
        try {
            copy(piece.mapping(), part, offset);
            // What is looked at now is as it was after the last load.
            VarHandle.acquireFence();
            kept = context.hasLease() && layout.era() == era;
            return kept ? count : 0;
        } catch (DeviceException e) {
            // A device may refuse who has lost what allowed it to ask.
            if (context.hasLease() && layout.era() == era) {
                throw e;
            }
            return 0;
        } finally {
            if (!kept) {
                part.fill((byte) 0);
            }
        }
    }

    private void copy(Mapping mapping, MemorySegment target, long offset) throws IOException {
        if (mapping.state() == ExtentState.WRITTEN) {
            context.device(mapping, offset, target.byteSize())
                    .read(mapping.deviceOffset(offset), target);
        } else {
            target.fill((byte) 0);
        }
    }

    /**
     * Another client holds RW there: the extent came without a grant and is good for this one read
     * as zeros.
     */
    private static long readOnce(List<Extent> extents, MemorySegment target, long offset) {
        Extent extent = find(extents, offset);
        if (extent == null || extent.state() == ExtentState.WRITTEN) {
            return 0;
        }
        return zeros(target, Math.min(target.byteSize(), extent.end() - offset));
    }

    private static @Nullable Extent find(List<Extent> extents, long offset) {
        return extents.stream().filter(e -> e.range().contains(offset)).findFirst().orElse(null);
    }

    /**
     * Past the server's end of file: zeros up to what this client itself has written further on.
     */
    private long pastEnd(MemorySegment target, long offset) {
        long end = context.sizeBytes();
        if (offset >= end) {
            return 0;
        }
        List<ByteRange> written = layout.writtenWithin(new ByteRange(offset, end));
        long until = written.isEmpty() ? end : Math.max(written.getFirst().start(), offset + 1);
        return zeros(target, Math.min(target.byteSize(), until - offset));
    }

    private static long zeros(MemorySegment target, long count) {
        target.asSlice(0, count).fill((byte) 0);
        return count;
    }
}
