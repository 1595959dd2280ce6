package dev.outlay.server.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.function.Executable;

/** Reads and writes devices without the code under test. */
final class Bytes {

    private Bytes() {}

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
