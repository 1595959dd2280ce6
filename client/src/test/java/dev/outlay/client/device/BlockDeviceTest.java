package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockDeviceTest {

    private static final long SIZE = 8 << 20;

    @TempDir Path folder;
    private Path file = Path.of("");
    private DeviceLabel label = TestDevices.label(1, SIZE);
    private LoopDevice loop = new LoopDevice(Path.of(""));

    @BeforeEach
    void attach() throws IOException, InterruptedException {
        file = folder.resolve("backing");
        label = TestDevices.format(file, SIZE);
        loop = LoopDevice.over(file);
    }

    @AfterEach
    void detach() throws IOException {
        if (loop.path().isAbsolute()) {
            loop.close();
        }
    }

    @Test
    void storesWhatTheBackingFileHolds() throws IOException {
        try (Device device = BlockDevice.open(loop.path())) {
            DeviceModel.check(
                    device, 4096, 300, (offset, length) -> TestDevices.load(file, offset, length));
        }
    }

    @Test
    void keepsTheContract() throws IOException {
        DeviceModel.checkContract(
                BlockDevice.open(loop.path()),
                label,
                Durability.DEVICE_FLUSHED,
                loop.path().toString());
    }

    @Test
    void isChosenForABlockDevice() throws IOException {
        try (Device device =
                Devices.open(loop.path(), DeviceOptions.atLeast(Durability.DEVICE_FLUSHED))) {
            assertEquals(Durability.DEVICE_FLUSHED, device.durability());
        }
        TestDevices.assertRefused(
                DeviceException.Reason.TOO_WEAK,
                loop.path()
                        + ": it gives durability DEVICE_FLUSHED, and at least SYNC_MAPPED was asked for;"
                        + " ask for DEVICE_FLUSHED by name if that is enough",
                () -> Devices.open(loop.path(), DeviceOptions.atLeast(Durability.SYNC_MAPPED)));
    }

    @Test
    void threadsStoringBesideEachOtherInOneBlockLoseNothing() throws Exception {
        int threads = 8;
        int part = 4096 / threads;
        try (Device device = BlockDevice.open(loop.path());
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> writers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                long at = 8192 + (long) t * part;
                byte[] last = new byte[part];
                Arrays.fill(last, (byte) (t + 1));
                writers.add(
                        pool.submit(
                                () -> {
                                    for (int i = 0; i < 40; i++) {
                                        device.write(at, MemorySegment.ofArray(last));
                                        byte[] back = new byte[part];
                                        device.read(at, MemorySegment.ofArray(back));
                                        assertArrayEquals(last, back);
                                    }
                                    return null;
                                }));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
            device.flush(8192, 4096);
        }
        byte[] block = TestDevices.load(file, 8192, 4096);
        for (int i = 0; i < block.length; i++) {
            assertEquals(i / part + 1, block[i], "byte " + i);
        }
    }

    @Test
    void anInterruptFailsOneCallAndNotTheDevice() throws IOException {
        try (Device device = BlockDevice.open(loop.path())) {
            Thread.currentThread().interrupt();
            TestDevices.assertRefused(
                    DeviceException.Reason.INTERRUPTED,
                    loop.path()
                            + ": the thread was interrupted before its access to the device was finished",
                    () -> device.flush(4096, 4096));
            assertTrue(Thread.interrupted());
            device.zero(4096, 5000);
            assertEquals(Durability.DEVICE_FLUSHED, device.flush(4096, 5000));
        }
    }

    @Test
    void aFailingDeviceIsNamedWithWhatItWasDoing() throws Exception {
        try (Device device = BlockDevice.open(loop.path())) {
            TestDevices.store(file, SIZE - 1, new byte[1]);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(8192);
            }
            DeviceException e =
                    assertThrows(
                            DeviceException.class,
                            () -> device.read(8192, MemorySegment.ofArray(new byte[4096])));
            assertEquals(DeviceException.Reason.IO, e.reason());
            assertTrue(
                    e.getMessage().startsWith(loop.path() + ": cannot read 4096 bytes at 8192: "),
                    e.getMessage());
        }
    }
}
