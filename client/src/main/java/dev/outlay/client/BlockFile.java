package dev.outlay.client;

import dev.outlay.core.value.FileId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A file whose bytes this client reads and writes directly on the device.
 *
 * <p>What is written is seen by this client at once and by others after {@link #commit}, which also
 * makes it durable. A grant is kept until {@link #close}. Any thread may call; calls on one file
 * wait for each other.
 */
@SuppressWarnings("DoNotCallSuggester") // Bodies follow.
public final class BlockFile implements AutoCloseable {

    BlockFile() {}

    /**
     * Reads up to {@code target.remaining()} bytes at {@code offset} and moves the target's
     * position.
     *
     * @return bytes read, fewer only at the end of file; -1 at or past it
     */
    public int read(ByteBuffer target, long offset) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads up to {@code target.byteSize()} bytes at {@code offset}.
     *
     * @return bytes read, fewer only at the end of file; -1 at or past it
     */
    public long read(MemorySegment target, long offset) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Writes all remaining bytes at {@code offset} and moves the source's position. */
    public void write(ByteBuffer source, long offset) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Writes all of {@code source} at {@code offset}. */
    public void write(MemorySegment source, long offset) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Makes durable and visible to all what was written; without any it does nothing. */
    public void commit() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Gives the holes of a range, widened to whole blocks, blocks that stay. */
    public void allocate(long offset, long length) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Makes a range read as zeros and frees its whole blocks. */
    public void deallocate(long offset, long length) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Commits, then sets the size. */
    public void truncate(long sizeBytes) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** End of file in bytes, this client's uncommitted writes included. */
    public long size() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Which file this is. */
    public FileId file() {
        throw new UnsupportedOperationException();
    }

    /** Commits and returns the layout. Closing twice is allowed. */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
