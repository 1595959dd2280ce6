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
        long length = target.byteSize();
        bounds.checkRead(deviceOffset, length);
        try {
            for (long done = 0; done < length; ) {
                MemorySegment piece = piece(deviceOffset + done, length - done);
                MemorySegment.copy(piece, 0, target, done, piece.byteSize());
                done += piece.byteSize();
            }
        } catch (RuntimeException | InternalError e) {
            throw failed("read", deviceOffset, length, e);
        }
    }

    @Override
    public void write(long deviceOffset, MemorySegment source) throws DeviceException {
        long length = source.byteSize();
        bounds.checkWrite(deviceOffset, length);
        try {
            for (long done = 0; done < length; ) {
                MemorySegment piece = piece(deviceOffset + done, length - done);
                MemorySegment.copy(source, done, piece, 0, piece.byteSize());
                done += piece.byteSize();
            }
        } catch (RuntimeException | InternalError e) {
            throw failed("write", deviceOffset, length, e);
        }
    }

    @Override
    public final void zero(long deviceOffset, long lengthBytes) throws DeviceException {
        bounds.checkWrite(deviceOffset, lengthBytes);
        try {
            for (long done = 0; done < lengthBytes; ) {
                MemorySegment piece = piece(deviceOffset + done, lengthBytes - done);
                piece.fill((byte) 0);
                done += piece.byteSize();
            }
        } catch (RuntimeException | InternalError e) {
            throw failed("zero", deviceOffset, lengthBytes, e);
        }
    }

    @Override
    public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
        bounds.checkRead(deviceOffset, lengthBytes);
        try {
            for (long done = 0; done < lengthBytes; ) {
                MemorySegment piece = piece(deviceOffset + done, lengthBytes - done);
                piece.force();
                done += piece.byteSize();
            }
        } catch (RuntimeException | InternalError e) {
            throw failed("flush", deviceOffset, lengthBytes, e);
        }
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

    /** What is mapped from {@code offset} on, {@code most} bytes at most. */
    private MemorySegment piece(long offset, long most) throws DeviceException {
        long inWindow = offset % WINDOW_BYTES;
        return window(Math.toIntExact(offset / WINDOW_BYTES))
                .asSlice(inWindow, Math.min(WINDOW_BYTES - inWindow, most));
    }

    /**
     * What an access has thrown, as it is to be told; a mistake of the caller is thrown as it is.
     */
    private DeviceException failed(String doing, long offset, long length, Throwable why) {
        return switch (why) {
            case IllegalStateException _ when !arena.scope().isAlive() ->
                    DeviceException.closed(path);
            case UncheckedIOException e ->
                    DeviceException.of(path, doing, new IOException(e.getMessage(), e));
            case InternalError e ->
                    new DeviceException(
                            DeviceException.Reason.IO, path, noPage(doing, offset, length), e);
            case RuntimeException e -> throw e;
            default -> throw new IllegalArgumentException(why);
        };
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
