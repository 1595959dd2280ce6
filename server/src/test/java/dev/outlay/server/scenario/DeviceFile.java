package dev.outlay.server.scenario;

import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.UUID;

/** A plain file as the device, and its raw bytes without any code under test in between. */
final class DeviceFile implements AutoCloseable {
    /** What the device is full of before it is formatted. */
    static final byte JUNK = (byte) 0xCD;

    static final int BLOCK = 4096;

    private final Path path;
    private final FileChannel channel;

    private DeviceFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Makes a device of {@code bytes}, full of {@link #JUNK} but for its labels. */
    static DeviceFile make(Path path, long bytes) {
        try {
            FileChannel channel =
                    FileChannel.open(
                            path,
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            DeviceFile device = new DeviceFile(path, channel);
            byte[] junk = new byte[1 << 20];
            Arrays.fill(junk, JUNK);
            for (long at = 0; at < bytes; at += junk.length) {
                device.store(at, Arrays.copyOf(junk, (int) Math.min(junk.length, bytes - at)));
            }
            var _ =
                    DeviceFormatter.format(
                            path,
                            new FormatOptions(
                                    OptionalLong.empty(), BLOCK, true, true, UUID.randomUUID()));
            return device;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A device that there is already. */
    static DeviceFile of(Path path) throws IOException {
        return new DeviceFile(
                path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** Stores one byte all over. */
    void fill(long offset, long length, byte value) {
        byte[] bytes = new byte[(int) length];
        Arrays.fill(bytes, value);
        store(offset, bytes);
    }

    Path path() {
        return path;
    }

    /** Stores bytes. They outlive any process that is killed, which is all that ends here. */
    void store(long offset, byte[] bytes) {
        ByteBuffer source = ByteBuffer.wrap(bytes);
        try {
            while (source.hasRemaining()) {
                channel.write(source, offset + source.position());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] load(long offset, int length) {
        ByteBuffer target = ByteBuffer.allocate(length);
        try {
            while (target.hasRemaining()) {
                if (channel.read(target, offset + target.position()) < 0) {
                    throw new EOFException(path + " ends before " + (offset + length));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return target.array();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
