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
final class DeviceFile {
    /** What the device is full of before it is formatted. */
    static final byte JUNK = (byte) 0xCD;

    static final int BLOCK = 4096;

    private final Path path;

    private DeviceFile(Path path) {
        this.path = path;
    }

    /** Makes a device of {@code bytes}, full of {@link #JUNK} but for its labels. */
    static DeviceFile make(Path path, long bytes) {
        DeviceFile device = new DeviceFile(path);
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] junk = new byte[1 << 20];
            Arrays.fill(junk, JUNK);
            for (long at = 0; at < bytes; at += junk.length) {
                write(
                        channel,
                        at,
                        ByteBuffer.wrap(junk, 0, (int) Math.min(junk.length, bytes - at)));
            }
            var _ =
                    DeviceFormatter.format(
                            path,
                            new FormatOptions(
                                    OptionalLong.empty(), BLOCK, true, true, UUID.randomUUID()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return device;
    }

    Path path() {
        return path;
    }

    /** Stores bytes and makes them durable, as a client does before it commits. */
    void store(long offset, byte[] bytes) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            write(channel, offset, ByteBuffer.wrap(bytes));
            channel.force(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] load(long offset, int length) {
        ByteBuffer target = ByteBuffer.allocate(length);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
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

    private static void write(FileChannel channel, long offset, ByteBuffer source)
            throws IOException {
        long start = offset - source.position();
        while (source.hasRemaining()) {
            channel.write(source, start + source.position());
        }
    }
}
