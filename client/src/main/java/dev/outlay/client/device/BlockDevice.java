package dev.outlay.client.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A block device, reached by direct I/O past the page cache of this host, and flushed by {@code
 * fdatasync}, which empties the cache of the device too. It gives {@link
 * Durability#DEVICE_FLUSHED}.
 *
 * <p>Direct I/O moves whole 4 KiB blocks. A store that covers a block in part reads that block,
 * changes it and writes it back. Between threads of this device such a store excludes all others (a
 * lock: whole blocks shared, parts alone), so that no thread undoes what another has stored beside
 * it. Between processes nobody does: there the RW grant, which covers whole blocks and belongs to
 * one client, keeps others off, and clients of a {@code CONCURRENT} file must store whole blocks.
 */
public final class BlockDevice implements Device {

    private static final int ALIGNMENT = AlignedBuffers.ALIGNMENT_BYTES;

    private final DeviceChannel channel;
    private final AlignedBuffers buffers;
    private final DeviceBounds bounds;
    private final Path path;
    private final SharedFlush sharedFlush;
    private final ReadWriteLock partialStores = new ReentrantReadWriteLock(true);

    /** Puts the bytes of a store, from {@code from} on, into {@code target}. */
    @FunctionalInterface
    private interface Source {
        void fill(MemorySegment target, long from);
    }

    private BlockDevice(
            Path path, DeviceChannel channel, AlignedBuffers buffers, DeviceLabel label) {
        this.path = path;
        this.channel = channel;
        this.buffers = buffers;
        this.bounds = new DeviceBounds(path, label.sizeBytes());
        this.sharedFlush = new SharedFlush(path, this::forceDevice);
    }

    /** Opens a block device that carries a label. */
    public static BlockDevice open(Path path) throws DeviceException {
        DeviceChannel channel =
                DeviceChannel.open(
                        path,
                        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, DirectIo.DIRECT));
        AlignedBuffers buffers = new AlignedBuffers(path);
        try {
            return new BlockDevice(path, channel, buffers, label(path, channel, buffers));
        } catch (DeviceException e) {
            buffers.close();
            channel.close();
            throw e;
        }
    }

    @Override
    public DeviceLabel readLabel() throws DeviceException {
        return label(path, channel, buffers);
    }

    @Override
    public void read(long deviceOffset, MemorySegment target) throws DeviceException {
        bounds.checkRead(deviceOffset, target.byteSize());
        long done = 0;
        while (done < target.byteSize()) {
            long from = done;
            long at = deviceOffset + from;
            long skip = at % ALIGNMENT;
            long count = Math.min(AlignedBuffers.BUFFER_BYTES - skip, target.byteSize() - from);
            buffers.use(
                    buffer -> {
                        long whole = Math.ceilDiv(skip + count, ALIGNMENT) * ALIGNMENT;
                        readBlocks(buffer.asSlice(0, whole), at - skip);
                        MemorySegment.copy(buffer, skip, target, from, count);
                    });
            done += count;
        }
    }

    @Override
    public void write(long deviceOffset, MemorySegment source) throws DeviceException {
        store(
                deviceOffset,
                source.byteSize(),
                (target, from) -> MemorySegment.copy(source, from, target, 0, target.byteSize()));
    }

    @Override
    public void zero(long deviceOffset, long lengthBytes) throws DeviceException {
        store(deviceOffset, lengthBytes, (target, _) -> target.fill((byte) 0));
    }

    /** Flushes the whole device: there is no smaller flush. */
    @Override
    public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
        bounds.checkRead(deviceOffset, lengthBytes);
        sharedFlush.flush();
        return Durability.DEVICE_FLUSHED;
    }

    @Override
    public boolean flushesAll() {
        return true;
    }

    @Override
    public long failedFlushes() {
        return sharedFlush.failures();
    }

    @Override
    public boolean prefersLargeStores() {
        return true;
    }

    private void forceDevice() throws DeviceException {
        channel.call(
                "flush",
                device -> {
                    device.force(false);
                    return device;
                });
    }

    @Override
    public Durability durability() {
        return Durability.DEVICE_FLUSHED;
    }

    @Override
    public long size() {
        return bounds.sizeBytes();
    }

    @Override
    public void close() throws DeviceException {
        buffers.close();
        channel.close();
    }

    private void store(long offset, long length, Source source) throws DeviceException {
        bounds.checkWrite(offset, length);
        long done = 0;
        while (done < length) {
            long at = offset + done;
            long skip = at % ALIGNMENT;
            long left = length - done;
            long count;
            if (skip != 0 || left < ALIGNMENT) {
                count = Math.min(ALIGNMENT - skip, left);
                storePart(at - skip, skip, count, source, done);
            } else {
                count = Math.min(AlignedBuffers.BUFFER_BYTES, left - left % ALIGNMENT);
                storeWhole(at, count, source, done);
            }
            done += count;
        }
    }

    private void storeWhole(long at, long count, Source source, long from) throws DeviceException {
        buffers.use(
                buffer -> {
                    MemorySegment blocks = buffer.asSlice(0, count);
                    source.fill(blocks, from);
                    partialStores.readLock().lock();
                    try {
                        channel.writeFully(blocks.asByteBuffer(), at);
                    } finally {
                        partialStores.readLock().unlock();
                    }
                });
    }

    private void storePart(long block, long skip, long count, Source source, long from)
            throws DeviceException {
        buffers.use(
                buffer -> {
                    MemorySegment whole = buffer.asSlice(0, ALIGNMENT);
                    partialStores.writeLock().lock();
                    try {
                        readBlocks(whole, block);
                        source.fill(whole.asSlice(skip, count), from);
                        channel.writeFully(whole.asByteBuffer(), block);
                    } finally {
                        partialStores.writeLock().unlock();
                    }
                });
    }

    private void readBlocks(MemorySegment target, long at) throws DeviceException {
        channel.readFully(target.asByteBuffer(), at);
    }

    private static DeviceLabel label(Path path, DeviceChannel channel, AlignedBuffers buffers)
            throws DeviceException {
        return Labels.read(
                path,
                channel.call("tell the size", FileChannel::size),
                offset -> {
                    byte[] block = new byte[DeviceLabel.BLOCK_BYTES];
                    buffers.use(
                            buffer -> {
                                MemorySegment whole = buffer.asSlice(0, block.length);
                                channel.readFully(whole.asByteBuffer(), offset);
                                MemorySegment.ofArray(block).copyFrom(whole);
                            });
                    return block;
                });
    }
}
