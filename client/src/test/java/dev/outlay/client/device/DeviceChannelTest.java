package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceChannelTest {

    private static final Set<StandardOpenOption> OPTIONS =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

    @TempDir Path folder;
    private Path path = Path.of("");

    @BeforeEach
    void make() throws IOException {
        path = folder.resolve("device");
        TestDevices.store(path, 0, new byte[] {1, 2, 3});
    }

    @Test
    void aChannelClosedUnderACallIsOpenedAgainAndTheCallRepeated() throws IOException {
        try (DeviceChannel channel = DeviceChannel.open(path, OPTIONS)) {
            AtomicInteger calls = new AtomicInteger();
            long size =
                    channel.call(
                            "tell the size",
                            file -> {
                                if (calls.incrementAndGet() == 1) {
                                    // As the interrupt of another thread does.
                                    file.close();
                                }
                                return file.size();
                            });
            assertEquals(3, size);
            assertEquals(2, calls.get());
        }
    }

    @Test
    void anInterruptWithinACallFailsThatCallOnly() throws IOException {
        try (DeviceChannel channel = DeviceChannel.open(path, OPTIONS)) {
            TestDevices.assertRefused(
                    DeviceException.Reason.INTERRUPTED,
                    path
                            + ": the thread was interrupted before its access to the device was finished",
                    () ->
                            channel.call(
                                    "read",
                                    file -> {
                                        Thread.currentThread().interrupt();
                                        return file.read(ByteBuffer.allocate(3), 0);
                                    }));
            assertTrue(Thread.interrupted());
            ByteBuffer bytes = ByteBuffer.allocate(3);
            channel.readFully(bytes, 0);
            assertEquals(3, bytes.get(2));
        }
    }

    @Test
    void anotherFileAtThePathIsNotMistakenForTheDevice() throws IOException {
        try (DeviceChannel channel = DeviceChannel.open(path, OPTIONS)) {
            Path other = folder.resolve("other");
            TestDevices.store(other, 0, new byte[1]);
            TestDevices.assertRefused(
                    DeviceException.Reason.MISMATCH,
                    path + ": another file stands there now; open the device again",
                    () ->
                            channel.call(
                                    "tell the size",
                                    file -> {
                                        file.close();
                                        Files.move(
                                                other, path, StandardCopyOption.REPLACE_EXISTING);
                                        return file.size();
                                    }));
        }
    }

    @Test
    void readingPastTheEndSaysSo() throws IOException {
        try (DeviceChannel channel = DeviceChannel.open(path, OPTIONS)) {
            TestDevices.assertRefused(
                    DeviceException.Reason.IO,
                    path + ": cannot read 4 bytes at 0: the device ends before them",
                    () -> channel.readFully(ByteBuffer.allocate(4), 0));
        }
    }
}
