package dev.outlay.client.device;

import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * A plain file, read through a mapping. It gives {@link Durability#FORCED}.
 *
 * <p>On a file system in memory it is stored to through the mapping too, and {@code msync} costs
 * nothing. On a disk it is stored to by {@code pwrite} and made durable by an {@code fdatasync}
 * that writers share: 4 KiB cost a third of a store to a mapped page and its {@code msync} there,
 * whose page has to be made writable again each time, and many writers do not queue up.
 *
 * <p>Processes of one host share it through the page cache; on a network file system nothing of
 * this holds.
 */
public final class MappedFileDevice extends MappedDevice {

    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs", "hugetlbfs");

    /** The system copies what lies on the heap to a buffer of each thread, and keeps that. */
    private static final long HEAP_CHUNK_BYTES = 128 << 10;

    private static final long CHUNK_BYTES = 1L << 30;

    private final boolean onDisk;
    private final SharedFlush sharedFlush;
    private final CachedPages cached;

    /** How long the file was when it was last looked at; -1: to be looked at. */
    private volatile long knownBytes = -1;

    private MappedFileDevice(Path path, Opened opened, boolean onDisk) {
        super(path, FileChannel.MapMode.READ_WRITE, Durability.FORCED, opened);
        this.onDisk = onDisk;
        this.sharedFlush = new SharedFlush(path, this::forceFile);
        this.cached = onDisk ? CachedPages.of(path, size()) : CachedPages.none();
    }

    /** Opens any file that carries a label. */
    public static MappedFileDevice open(Path path) throws DeviceException {
        return open(path, isOnDisk(path));
    }

    static MappedFileDevice open(Path path, boolean onDisk) throws DeviceException {
        return new MappedFileDevice(path, openFile(path), onDisk);
    }

    private static boolean isOnDisk(Path path) throws DeviceException {
        try {
            return !IN_MEMORY.contains(Files.getFileStore(path).type());
        } catch (IOException e) {
            throw DeviceException.of(path, "find its file system", e);
        }
    }

    @Override
    public void write(long deviceOffset, MemorySegment source) throws DeviceException {
        if (!onDisk || !isBytes(source)) {
            super.write(deviceOffset, source);
            return;
        }
        bounds().checkWrite(deviceOffset, source.byteSize());
        cached.storing(deviceOffset, source.byteSize());
        long chunk = source.isNative() ? CHUNK_BYTES : HEAP_CHUNK_BYTES;
        for (long done = 0; done < source.byteSize(); done += chunk) {
            long count = Math.min(chunk, source.byteSize() - done);
            store(deviceOffset + done, source.asSlice(done, count).asByteBuffer());
        }
    }

    /** Whether a channel takes it as it is. */
    private static boolean isBytes(MemorySegment source) {
        return source.isNative() || source.heapBase().orElse(null) instanceof byte[];
    }

    private void store(long deviceOffset, ByteBuffer source) throws DeviceException {
        int length = source.remaining();
        channel()
                .call(
                        "write " + length + " bytes at " + deviceOffset,
                        file -> {
                            if (bytes(file) < deviceOffset + length) {
                                // It would become longer.
                                throw new DeviceException(
                                        DeviceException.Reason.IO,
                                        path(),
                                        noPage("write", deviceOffset, length));
                            }
                            source.rewind();
                            while (source.hasRemaining()) {
                                file.write(source, deviceOffset + source.position());
                            }
                            return source;
                        });
    }

    /** The length of the file; of stores between two flushes the first one looks. */
    private long bytes(FileChannel file) throws IOException {
        long bytes = knownBytes;
        if (bytes < 0) {
            bytes = file.size();
            knownBytes = bytes;
        }
        return bytes;
    }

    @Override
    public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
        if (!onDisk) {
            return super.flush(deviceOffset, lengthBytes);
        }
        bounds().checkRead(deviceOffset, lengthBytes);
        sharedFlush.flush();
        return durability();
    }

    @Override
    public boolean flushesAll() {
        return onDisk;
    }

    @Override
    public long failedFlushes() {
        return sharedFlush.failures();
    }

    @Override
    public boolean prefersLargeStores() {
        return onDisk;
    }

    private void forceFile() throws DeviceException {
        channel()
                .call(
                        "flush",
                        file -> {
                            file.force(false);
                            knownBytes = -1;
                            return file;
                        });
    }

    @Override
    public void close() throws DeviceException {
        try {
            super.close();
        } finally {
            cached.close();
        }
    }
}
