package dev.outlay.client.device;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A device that is a file and is reached by loads and stores.
 *
 * <p>The file is mapped in windows of 1 GiB, each when it is first touched, so that a large device
 * costs address space only where it is used; the mappings live in one shared arena and end together
 * at {@link #close}. A page that the system cannot supply (the file was cut short, its file system
 * is full or broken) raises a bus error, which the JVM turns into an {@link InternalError}: it
 * comes out as a {@link DeviceException}.
 */
abstract sealed class MappedDevice implements Device permits MappedFileDevice, DaxFileDevice {

    /** What {@link #openFile} hands to the constructor of the kind. */
    record Opened(DeviceChannel channel, DeviceLabel label) {}

    private static final long WINDOW_BYTES = 1L << 30;
    private static final int CLOSE_ATTEMPTS = 10_000;
    private static final long CLOSE_RETRY_NANOS = 1_000_000;

    private final Path path;
    private final FileChannel.MapMode mode;
    private final Durability durability;
    private final DeviceChannel channel;
    private final DeviceBounds bounds;
    private final Arena arena = Arena.ofShared();
    private final AtomicReferenceArray<MemorySegment> windows;

    MappedDevice(Path path, FileChannel.MapMode mode, Durability durability, Opened opened) {
        this.path = path;
        this.mode = mode;
        this.durability = durability;
        this.channel = opened.channel();
        this.bounds = new DeviceBounds(path, opened.label().sizeBytes());
        this.windows =
                new AtomicReferenceArray<>(
                        Math.toIntExact(Math.ceilDiv(bounds.sizeBytes(), WINDOW_BYTES)));
    }

    /** Opens the file and reads its label, through the page cache that mappings share. */
    static Opened openFile(Path path) throws DeviceException {
        DeviceChannel channel =
                DeviceChannel.open(path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
        try {
            return new Opened(channel, label(path, channel));
        } catch (DeviceException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public final DeviceLabel readLabel() throws DeviceException {
        return label(path, channel);
    }

    @Override
    public final void read(long deviceOffset, MemorySegment target) throws DeviceException {
        bounds.checkRead(deviceOffset, target.byteSize());
        forEachPiece(
                "read",
                deviceOffset,
                target.byteSize(),
                (piece, from) -> MemorySegment.copy(piece, 0, target, from, piece.byteSize()));
    }

    @Override
    public void write(long deviceOffset, MemorySegment source) throws DeviceException {
        bounds.checkWrite(deviceOffset, source.byteSize());
        forEachPiece(
                "write",
                deviceOffset,
                source.byteSize(),
                (piece, from) -> MemorySegment.copy(source, from, piece, 0, piece.byteSize()));
    }

    @Override
    public final void zero(long deviceOffset, long lengthBytes) throws DeviceException {
        bounds.checkWrite(deviceOffset, lengthBytes);
        forEachPiece("zero", deviceOffset, lengthBytes, (piece, _) -> piece.fill((byte) 0));
    }

    @Override
    public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
        bounds.checkRead(deviceOffset, lengthBytes);
        forEachPiece("flush", deviceOffset, lengthBytes, (piece, _) -> piece.force());
        return durability;
    }

    @Override
    public boolean flushesAll() {
        return false;
    }

    /** Where a flush fails, it fails for the range alone. */
    @Override
    public long failedFlushes() {
        return 0;
    }

    @Override
    public boolean prefersLargeStores() {
        return false;
    }

    @Override
    public final Durability durability() {
        return durability;
    }

    @Override
    public final long size() {
        return bounds.sizeBytes();
    }

    /**
     * Ends the mappings; whoever still copies gets {@link DeviceException.Reason#CLOSED}. The arena
     * does not close while a system call uses it, so this waits for one that does.
     */
    @Override
    public void close() throws DeviceException {
        channel.close();
        for (int attempt = 1; arena.scope().isAlive(); attempt++) {
            try {
                arena.close();
            } catch (IllegalStateException e) {
                if (attempt == CLOSE_ATTEMPTS) {
                    throw new DeviceException(
                            DeviceException.Reason.IO, path, "cannot unmap: still in use", e);
                }
                LockSupport.parkNanos(CLOSE_RETRY_NANOS);
            }
        }
    }

    final Path path() {
        return path;
    }

    final DeviceChannel channel() {
        return channel;
    }

    final DeviceBounds bounds() {
        return bounds;
    }

    /** Finds out whether the file can be mapped in this mode. */
    final void mapFirstWindow() throws DeviceException {
        mapWindow(0);
    }

    @FunctionalInterface
    private interface Piece {
        /** Handles a mapped piece that begins {@code from} bytes into the whole access. */
        void handle(MemorySegment mapped, long from);
    }

    private void forEachPiece(String doing, long offset, long length, Piece piece)
            throws DeviceException {
        long done = 0;
        try {
            while (done < length) {
                long at = offset + done;
                long inWindow = at % WINDOW_BYTES;
                long count = Math.min(WINDOW_BYTES - inWindow, length - done);
                piece.handle(
                        window(Math.toIntExact(at / WINDOW_BYTES)).asSlice(inWindow, count), done);
                done += count;
            }
        } catch (IllegalStateException e) {
            if (arena.scope().isAlive()) {
                throw e;
            }
            throw DeviceException.closed(path);
        } catch (UncheckedIOException e) {
            throw DeviceException.of(path, doing, new IOException(e.getMessage(), e));
        } catch (InternalError e) {
            throw new DeviceException(
                    DeviceException.Reason.IO, path, noPage(doing, offset, length), e);
        }
    }

    static String noPage(String doing, long offset, long length) {
        return "cannot %s %d bytes at %d: the system has no page for them; the file was cut short, or its file system is full or failing"
                .formatted(doing, length, offset);
    }

    private MemorySegment window(int index) throws DeviceException {
        MemorySegment window = windows.get(index);
        return window != null ? window : mapWindow(index);
    }

    private synchronized MemorySegment mapWindow(int index) throws DeviceException {
        MemorySegment mapped = windows.get(index);
        if (mapped != null) {
            return mapped;
        }
        long start = index * WINDOW_BYTES;
        long length = Math.min(WINDOW_BYTES, bounds.sizeBytes() - start);
        MemorySegment fresh =
                channel.call(
                        "map",
                        file -> {
                            // Mapping past the end would make the file longer.
                            if (file.size() < start + length) {
                                throw new DeviceException(
                                        DeviceException.Reason.TOO_SMALL,
                                        path,
                                        "the file has been cut short to "
                                                + file.size()
                                                + " bytes; its label says "
                                                + bounds.sizeBytes());
                            }
                            return map(file, start, length);
                        });
        windows.set(index, fresh);
        return fresh;
    }

    private MemorySegment map(FileChannel file, long start, long length) throws IOException {
        try {
            return file.map(mode, start, length, arena);
        } catch (UnsupportedOperationException e) {
            throw new IOException("this system has no such mapping: " + e.getMessage(), e);
        }
    }

    private static DeviceLabel label(Path path, DeviceChannel channel) throws DeviceException {
        return Labels.read(
                path,
                channel.call("tell the size", FileChannel::size),
                offset -> {
                    byte[] block = new byte[DeviceLabel.BLOCK_BYTES];
                    channel.readFully(ByteBuffer.wrap(block), offset);
                    return block;
                });
    }
}
