package dev.outlay.client;

import dev.outlay.core.value.FileId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file whose bytes this client reads and writes directly on the device.
 *
 * <p>What is written is seen by this client at once and by others after {@link #commit}, which also
 * makes it durable. A grant is kept until the last handle of the file in this client is closed. Any
 * thread may call; calls on one file wait for each other.
 *
 * <p>Calls fail with {@link OutlayException} where the server refuses or cannot be reached, with
 * {@link dev.outlay.client.device.DeviceException} where the device fails, and with {@link
 * ClosedChannelException} after {@link #close}.
 */
public final class BlockFile implements AutoCloseable {

    private final LayoutClient client;
    private final FileIo io;
    private final boolean readable;
    private final boolean writable;
    private final boolean atomic;
    private final AtomicBoolean closed = new AtomicBoolean();

    BlockFile(LayoutClient client, FileIo io, boolean readable, boolean writable, boolean atomic) {
        this.client = client;
        this.io = io;
        this.readable = readable;
        this.writable = writable;
        this.atomic = atomic;
    }

    /**
     * Reads up to {@code target.remaining()} bytes at {@code offset} and moves the target's
     * position.
     *
     * @return bytes read, fewer only at the end of file; -1 at or past it
     */
    public int read(ByteBuffer target, long offset) throws IOException {
        int count = (int) read(MemorySegment.ofBuffer(target), offset);
        if (count > 0) {
            target.position(target.position() + count);
        }
        return count;
    }

    /**
     * Reads up to {@code target.byteSize()} bytes at {@code offset}.
     *
     * @return bytes read, fewer only at the end of file; -1 at or past it
     */
    public long read(MemorySegment target, long offset) throws IOException {
        checkOpen(offset);
        if (!readable) {
            throw new NonReadableChannelException();
        }
        return io.read(target, offset);
    }

    /** Writes all remaining bytes at {@code offset} and moves the source's position. */
    public void write(ByteBuffer source, long offset) throws IOException {
        write(MemorySegment.ofBuffer(source), offset);
        source.position(source.limit());
    }

    /**
     * Writes all of {@code source} at {@code offset}.
     *
     * <p>When it fails, a first part of it may have been written. Where a device fails in the
     * middle of a store, what it has taken of that shows only in blocks that were written before.
     *
     * <p>Small writes in a row into fresh blocks may be kept for a while, to be stored together: no
     * later than the next {@link #flush} or commit, which tells if that has failed. A call before
     * it may fail by that, too.
     */
    public void write(MemorySegment source, long offset) throws IOException {
        checkWritable(offset);
        io.write(source, offset, atomic);
    }

    /**
     * Makes durable and visible to all what was written; without any it does nothing.
     *
     * <p>When it fails for want of an answer, or because the server asks to come back, what was
     * written remains and the call may be repeated. When it fails otherwise - for want of space,
     * too, where small writes had been kept back - bytes may be lost: the message names them,
     * nobody finds them again in blocks that were not committed before, and they have to be written
     * again. What else was written is kept for the next commit.
     */
    public void commit() throws IOException {
        checkOpen(0);
        io.commit();
    }

    /**
     * Begins to {@link #commit} what was written, and lets the caller write on: what it is about is
     * made durable and sent on other threads. Commits that are asked for while one is being made
     * durable are made together.
     *
     * <p>The future completes when all that was written before this call is committed. It fails as
     * {@code commit} does if something of that is not: what may be repeated goes with the next
     * commit of any kind, and what is lost is told by the next call that waits for one - {@code
     * commit}, {@link #flush} or {@link #close} - as well, so that a future may be left unlooked
     * at. It may take as long as the server cannot be reached. What depends on it is run on a
     * thread of the library and must not wait there; there are variants of its methods with threads
     * of their own.
     *
     * <p>What is written before it completes to blocks that it commits may be seen, and outlive a
     * crash, with it, as after a store to what is committed; and is to be committed like everything
     * written after this call. Where that cannot be - copy-on-write, {@link WriteMode#ATOMIC} -
     * this call waits for the commit.
     */
    public CompletableFuture<Void> commitAsync() throws IOException {
        checkOpen(0);
        return io.commitAhead();
    }

    /**
     * Makes durable on the device what was written, and asks nobody: what lies in blocks that were
     * written before outlives a crash from here on, as after {@code msync}; what lies in fresh
     * blocks is still seen by this client alone until {@link #commit}.
     *
     * <p>When it fails, bytes may be lost, as after {@link #commit}.
     */
    public void flush() throws IOException {
        checkOpen(0);
        io.flush();
    }

    /** Gives the holes of a range, widened to whole blocks, blocks that stay. */
    public void allocate(long offset, long length) throws IOException {
        checkWritable(offset);
        client.allocate(io, offset, length);
    }

    /** Makes a range read as zeros and frees its whole blocks. */
    public void deallocate(long offset, long length) throws IOException {
        checkWritable(offset);
        client.deallocate(io, offset, length);
    }

    /** Commits, then sets the size. */
    public void truncate(long sizeBytes) throws IOException {
        checkWritable(sizeBytes);
        client.truncate(io, sizeBytes);
    }

    /** End of file in bytes, this client's uncommitted writes included. Asks the server. */
    public long size() throws IOException {
        checkOpen(0);
        return io.sizeBytes();
    }

    /** Which file this is. */
    public FileId file() {
        return io.file();
    }

    /**
     * Commits, and with the last handle of the file returns the layout, even if the commit fails:
     * what a device refuses to make durable is lost then, and the rest is committed. Closing twice
     * is allowed.
     */
    @Override
    public void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            client.closed(io);
        }
    }

    private void checkWritable(long offset) throws IOException {
        checkOpen(offset);
        if (!writable) {
            throw new NonWritableChannelException();
        }
    }

    private void checkOpen(long offset) throws IOException {
        if (closed.get()) {
            throw new ClosedChannelException();
        }
        if (offset < 0) {
            throw new IllegalArgumentException("an offset is 0 or more, not " + offset);
        }
    }
}
