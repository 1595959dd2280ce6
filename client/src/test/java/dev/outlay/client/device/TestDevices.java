package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outlay.core.device.DeviceLabel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.junit.jupiter.api.function.Executable;

/** Makes labelled devices without the code under test, and reads them back without it. */
final class TestDevices {

    static final UUID ID = UUID.fromString("00000000-0000-4000-8000-0000000000aa");

    private TestDevices() {}

    static DeviceLabel label(long incarnation, long size) {
        return new DeviceLabel(ID, incarnation, size, 4096, "server", 1, true);
    }

    /** A sparse file with a label in both places. */
    static DeviceLabel format(Path path, long size) throws IOException {
        DeviceLabel label = label(3, size);
        store(path, size - 1, new byte[1]);
        store(path, 0, label.encode());
        store(path, label.copyOffset(), label.encode());
        return label;
    }

    static void store(Path path, long offset, byte[] bytes) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer source = ByteBuffer.wrap(bytes);
            while (source.hasRemaining()) {
                channel.write(source, offset + source.position());
            }
            channel.force(true);
        }
    }

    static byte[] load(Path path, long offset, int length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer target = ByteBuffer.allocate(length);
            while (target.hasRemaining()
                    && channel.read(target, offset + target.position()) >= 0) {}
            return target.array();
        }
    }

    static void assertRefused(
            DeviceException.Reason reason, String message, Executable executable) {
        DeviceException e = assertThrows(DeviceException.class, executable);
        assertEquals(message, e.getMessage());
        assertEquals(reason, e.reason());
    }
}
