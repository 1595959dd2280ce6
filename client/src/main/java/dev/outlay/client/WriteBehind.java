package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Small writes in a row into fresh blocks of one file, gathered until they are stored at once:
 * where a store is a system call, it costs for 4 KiB what it costs for many times as much. Used
 * inside the file's gate.
 *
 * <p>What is here is a write that has not been made yet, though the application was told that it
 * was: the layout knows nothing of it, so that no commit can name it. Nobody can tell the
 * difference, since only this client reads fresh blocks before their commit, and no crash leaves
 * anything of them. So whoever reads these bytes, commits, flushes, gives blocks up, or writes
 * anywhere else in the file, stores them first, as {@link FileWrites} stores any write; and they
 * lie only where nothing else waits for its commit, so that it does not matter what of both goes
 * first.
 */
final class WriteBehind {

    /** Of a write of more than this the system call is a small part. */
    private static final long SMALL_BYTES = 64 << 10;

    private final FileContext context;
    private final LayoutCache layout;
    private final WriteBuffers buffers;
    private @Nullable Gathered gathered;

    /** Where the last write has ended. */
    private long rowEnd = -1;

    /** Writes in a row that have not been stored, and where they may be as things stand. */
    static final class Gathered {
        private final MemorySegment buffer;
        private final ByteRange fresh;
        private final long era;

        /** Where the bytes lie in the file, and from where on in the buffer. */
        private long offset;

        private long end;
        private long skipped;

        private Gathered(MemorySegment buffer, long offset, ByteRange fresh, long era) {
            this.buffer = buffer;
            this.fresh = fresh;
            this.era = era;
            this.offset = offset;
            this.end = offset;
        }

        private boolean hasRoom(long length) {
            return length <= fresh.end() - end
                    && length <= buffer.byteSize() - skipped - (end - offset);
        }

        private void add(MemorySegment source) {
            MemorySegment.copy(source, 0, buffer, skipped + end - offset, source.byteSize());
            end += source.byteSize();
        }

        private void skipTo(long to) {
            skipped += to - offset;
            offset = to;
        }

        ByteRange range() {
            return new ByteRange(offset, end);
        }

        /** What lies in a part of its range. */
        MemorySegment bytes(ByteRange part) {
            return buffer.asSlice(skipped + part.start() - offset, part.length());
        }
    }

    WriteBehind(FileContext context, WriteBuffers buffers) {
        this.context = context;
        this.layout = context.layout();
        this.buffers = buffers;
    }

    /**
     * Takes a write, if it is the next of a row, and there is room.
     *
     * @return false if it is not taken: then what is here has to be stored before it
     */
    boolean take(MemorySegment source, long offset) throws IOException {
        long length = source.byteSize();
        if (offset != rowEnd || length > SMALL_BYTES) {
            return false;
        }
        Gathered known = gathered;
        Gathered row = known == null ? begin(offset, length) : known;
        if (row == null) {
            return false;
        }
        boolean taken = false;
        try {
            taken = add(row, source);
        } finally {
            if (known == null && !taken) {
                drop(row);
            }
        }
        return taken;
    }

    private boolean add(Gathered row, MemorySegment source) {
        if (row.era != layout.era() || !row.hasRoom(source.byteSize())) {
            return false;
        }
        row.add(source);
        gathered = row;
        rowEnd = row.end;
        return true;
    }

    private @Nullable Gathered begin(long offset, long length) throws IOException {
        if (layout.isKnownWritten(offset)) {
            return null;
        }
        long era = layout.era();
        Mapping.Piece fresh = layout.freshAt(offset, context.blockSize());
        if (fresh == null
                || fresh.range().length() < length
                || !context.device(fresh.mapping(), offset, length).prefersLargeStores()) {
            return null;
        }
        MemorySegment buffer = buffers.borrow();
        return buffer == null ? null : new Gathered(buffer, offset, fresh.range(), era);
    }

    /** A write that was not taken has ended before {@code offset}. */
    void wrote(long offset) {
        rowEnd = offset;
    }

    boolean isEmpty() {
        return gathered == null;
    }

    /** Whether any of these bytes are here. */
    boolean overlaps(long offset, long length) {
        Gathered known = gathered;
        return known != null && offset < known.end && known.offset - offset < length;
    }

    /** Whether any of the bytes of these ranges are here. */
    boolean overlaps(List<ByteRange> ranges) {
        Gathered known = gathered;
        return known != null && ranges.stream().anyMatch(known.range()::overlaps);
    }

    /** The end of the last byte that is here; 0 without any. */
    long end() {
        Gathered known = gathered;
        return known == null ? 0 : known.end;
    }

    /** Takes all out, to be stored and then {@linkplain #keep kept}; null if nothing is here. */
    @Nullable Gathered remove() {
        Gathered known = gathered;
        gathered = null;
        return known;
    }

    /** What of it was not stored remains, from {@code at} on. */
    void keep(Gathered removed, long at) {
        if (at < removed.end) {
            removed.skipTo(at);
            gathered = removed;
        } else {
            drop(removed);
        }
    }

    /** Nothing of it is to be kept. */
    void drop(Gathered removed) {
        buffers.giveBack(removed.buffer);
    }

    /** What is here is not wanted any more. */
    void drop() {
        Gathered known = remove();
        if (known != null) {
            drop(known);
        }
    }
}
