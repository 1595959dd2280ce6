package dev.outlay.demo;

import dev.outlay.core.value.DeviceRange;
import dev.outlay.server.device.DeviceFormatter;
import dev.outlay.server.device.FormatOptions;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * The device of the demonstration: a plain file that somebody else has used before.
 *
 * @param path where it is
 */
record DeviceFile(Path path) {

    static final long SIZE_BYTES = 64L << 20;
    static final int BLOCK_BYTES = 4096;

    private static final int CHUNK_BYTES = 1 << 20;

    /**
     * Makes it full of its former owner's bytes, and formats it, which touches none but its label.
     */
    static DeviceFile make(Path path) throws IOException {
        byte[] chunk = Ink.FORMER_OWNER.bytes(0, CHUNK_BYTES);
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < SIZE_BYTES; at += CHUNK_BYTES) {
                ByteBuffer left = ByteBuffer.wrap(chunk);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
            }
        }
        DeviceFormatter.format(
                path,
                new FormatOptions(
                        OptionalLong.empty(), BLOCK_BYTES, true, false, UUID.randomUUID()));
        return new DeviceFile(path);
    }

    /** What lies at some places, one after the other: looks past every server and every layout. */
    InputStream peek(List<DeviceRange> places) throws IOException {
        long bytes = places.stream().mapToLong(DeviceRange::length).sum();
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(bytes));
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            for (DeviceRange place : places) {
                all.limit(all.position() + Math.toIntExact(place.length()));
                for (long at = place.start(); all.hasRemaining(); ) {
                    int read = channel.read(all, at);
                    if (read < 0) {
                        throw new EOFException("the device " + path + " ends at " + at);
                    }
                    at += read;
                }
            }
        }
        return new ByteArrayInputStream(all.array());
    }
}
