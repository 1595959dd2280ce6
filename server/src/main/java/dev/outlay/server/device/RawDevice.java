package dev.outlay.server.device;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The bytes of a device, labels and all.
 *
 * <p>A block device is reached by direct I/O, since clients on other hosts write it past the page
 * cache of this one; a plain file through the page cache, which its clients on this host map.
 * Direct I/O moves whole 4 KiB blocks: a store that covers one in part reads, changes and writes it
 * back, and excludes all other stores of this object meanwhile. Thread-safe; a thread in here must
 * not be interrupted, that would close the channel.
 */
final class RawDevice implements AutoCloseable {

    private static final int DIRECT_ALIGNMENT_BYTES = 4096;
    private static final int CHUNK_BYTES = 1 << 20;

    private final DeviceNode node;
    private final FileChannel channel;
    private volatile long sizeBytes;
    private final int alignment;
    private final ReadWriteLock partialStores = new ReentrantReadWriteLock(true);

    /** Puts the bytes of a store, from {@code from} on, into {@code target}. */
    @FunctionalInterface
    interface Source {
        void fill(MemorySegment target, long from);
    }

    private RawDevice(DeviceNode node, FileChannel channel, long sizeBytes) {
        this.node = node;
        this.channel = channel;
        this.sizeBytes = sizeBytes;
        this.alignment = node.isBlock() ? DIRECT_ALIGNMENT_BYTES : 1;
    }

    static RawDevice open(DeviceNode node) throws DeviceException {
        Set<OpenOption> options =
                new HashSet<>(Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
        if (node.isBlock()) {
            options.add(DirectIo.DIRECT);
        }
        try {
            FileChannel channel = FileChannel.open(node.path(), options);
            try {
                long size = channel.size();
                return new RawDevice(node, channel, size > 0 ? size : node.sizeBySysfs());
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw DeviceException.of(node.path(), "open", e);
        } catch (UnsupportedOperationException e) {
            throw DeviceException.of(node.path(), "open", new IOException(e.getMessage(), e));
        }
    }

    /** Size as it was when it was opened, or made longer. */
    long size() {
        return sizeBytes;
    }

    /** Makes a plain file longer, with a hole. */
    void lengthen(long newSizeBytes) throws DeviceException {
        try {
            channel.write(ByteBuffer.allocate(1), newSizeBytes - 1);
            channel.force(true);
            sizeBytes = newSizeBytes;
        } catch (IOException e) {
            throw DeviceException.of(
                    node.path(), "make the file " + newSizeBytes + " bytes long", e);
        }
    }

    /**
     * Keeps other processes of this host from formatting or claiming the device, until it is
     * closed.
     *
     * <p>A POSIX lock on the first label: it ends early when this process closes any other channel
     * of the same file. So it only makes mistakes visible sooner; what counts is the lock epoch.
     */
    void lock(long lengthBytes) throws DeviceException {
        boolean locked;
        try {
            locked = channel.tryLock(0, lengthBytes, false) != null;
        } catch (OverlappingFileLockException e) {
            throw new DeviceException(
                    DeviceException.Reason.IN_USE,
                    node.path(),
                    "this process has claimed the device already; stop the volume on it first",
                    e);
        } catch (IOException e) {
            throw DeviceException.of(node.path(), "lock the label", e);
        }
        if (!locked) {
            throw new DeviceException(
                    DeviceException.Reason.IN_USE,
                    node.path(),
                    "another process of this host has claimed the device; stop its server first");
        }
    }

    void read(long offset, MemorySegment target) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = buffer(arena, target.byteSize());
            long done = 0;
            while (done < target.byteSize()) {
                long skip = (offset + done) % alignment;
                long count = Math.min(CHUNK_BYTES - skip, target.byteSize() - done);
                long whole = Math.ceilDiv(skip + count, alignment) * alignment;
                readFully(buffer.asSlice(0, whole).asByteBuffer(), offset + done - skip);
                MemorySegment.copy(buffer, skip, target, done, count);
                done += count;
            }
        } catch (IOException e) {
            throw DeviceException.of(
                    node.path(), "read " + target.byteSize() + " bytes at " + offset, e);
        }
    }

    byte[] read(long offset, int length) throws DeviceException {
        byte[] bytes = new byte[length];
        read(offset, MemorySegment.ofArray(bytes));
        return bytes;
    }

    /** Stores {@code length} bytes; {@link #force} makes them durable. */
    void write(long offset, long length, Source source) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = buffer(arena, length);
            long done = 0;
            while (done < length) {
                long skip = (offset + done) % alignment;
                long left = length - done;
                if (skip != 0 || left < alignment) {
                    long count = Math.min(alignment - skip, left);
                    storePart(buffer, offset + done - skip, skip, count, source, done);
                    done += count;
                } else {
                    long count = Math.min(CHUNK_BYTES, left - left % alignment);
                    storeWhole(buffer.asSlice(0, count), offset + done, source, done);
                    done += count;
                }
            }
        } catch (IOException e) {
            throw DeviceException.of(node.path(), "write " + length + " bytes at " + offset, e);
        }
    }

    /** Makes all earlier stores durable; on a block device by a flush of its cache. */
    void force() throws DeviceException {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw DeviceException.of(node.path(), "flush", e);
        }
    }

    @Override
    public void close() throws DeviceException {
        try {
            channel.close();
        } catch (IOException e) {
            throw DeviceException.of(node.path(), "close", e);
        }
    }

    private static MemorySegment buffer(Arena arena, long length) {
        long whole = Math.ceilDiv(length, DIRECT_ALIGNMENT_BYTES) + 1;
        return arena.allocate(
                Math.min(CHUNK_BYTES, whole * DIRECT_ALIGNMENT_BYTES), DIRECT_ALIGNMENT_BYTES);
    }

    private void storeWhole(MemorySegment blocks, long at, Source source, long from)
            throws IOException {
        source.fill(blocks, from);
        partialStores.readLock().lock();
        try {
            writeFully(blocks.asByteBuffer(), at);
        } finally {
            partialStores.readLock().unlock();
        }
    }

    private void storePart(
            MemorySegment buffer, long block, long skip, long count, Source source, long from)
            throws IOException {
        MemorySegment whole = buffer.asSlice(0, alignment);
        partialStores.writeLock().lock();
        try {
            readFully(whole.asByteBuffer(), block);
            source.fill(whole.asSlice(skip, count), from);
            writeFully(whole.asByteBuffer(), block);
        } finally {
            partialStores.writeLock().unlock();
        }
    }

    private void readFully(ByteBuffer target, long at) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target, at + target.position()) < 0) {
                throw new EOFException("the device ends before them");
            }
        }
    }

    private void writeFully(ByteBuffer source, long at) throws IOException {
        while (source.hasRemaining()) {
            channel.write(source, at + source.position());
        }
    }
}
