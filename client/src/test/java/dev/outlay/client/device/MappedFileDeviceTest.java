package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MappedFileDeviceTest {

    private static final long GIB = 1L << 30;

    @TempDir Path folder;
    private Path path = Path.of("");

    @BeforeEach
    void name() {
        path = folder.resolve("device");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void storesWhatAnotherChannelReads(boolean onDisk) throws IOException {
        TestDevices.format(path, 8 << 20);
        try (Device device = MappedFileDevice.open(path, onDisk)) {
            DeviceModel.check(
                    device, 4096, 300, (offset, length) -> TestDevices.load(path, offset, length));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keepsTheContract(boolean onDisk) throws IOException {
        DeviceLabel label = TestDevices.format(path, 8 << 20);
        DeviceModel.checkContract(
                MappedFileDevice.open(path, onDisk), label, Durability.FORCED, path.toString());
    }

    @Test
    void reachesEveryByteOfAFileBeyondTwoGib() throws IOException {
        TestDevices.format(path, 5 * GIB + 8192);
        try (Device device = MappedFileDevice.open(path)) {
            for (long border = GIB; border <= 5 * GIB; border += GIB) {
                byte[] bytes = ("border " + border).getBytes(StandardCharsets.US_ASCII);
                device.write(border - 5, MemorySegment.ofArray(bytes));
                assertEquals(Durability.FORCED, device.flush(border - 5, bytes.length));
                assertArrayEquals(bytes, TestDevices.load(path, border - 5, bytes.length));
                byte[] back = new byte[bytes.length];
                device.read(border - 5, MemorySegment.ofArray(back));
                assertArrayEquals(bytes, back);
            }
            DeviceModel.check(
                    device,
                    3 * GIB - (1 << 20),
                    60,
                    (offset, length) -> TestDevices.load(path, offset, length));
        }
        assertEquals(5 * GIB + 8192, Files.size(path));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileCutShortIsAnErrorAndNotACrash(boolean onDisk) throws IOException {
        TestDevices.format(path, 2 * GIB);
        try (Device device = MappedFileDevice.open(path, onDisk)) {
            device.zero(8192, 4096);
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(8192);
            }
            String why =
                    " at 8192: the system has no page for them; the file was cut short,"
                            + " or its file system is full or failing";
            byte[] bytes = new byte[4096];
            TestDevices.assertRefused(
                    DeviceException.Reason.IO,
                    path + ": cannot write 4096 bytes" + why,
                    () -> device.write(8192, MemorySegment.ofArray(bytes)));
            TestDevices.assertRefused(
                    DeviceException.Reason.IO,
                    path + ": cannot read 4096 bytes" + why,
                    () -> device.read(8192, MemorySegment.ofArray(bytes)));
            TestDevices.assertRefused(
                    DeviceException.Reason.IO,
                    path + ": cannot zero 4096 bytes" + why,
                    () -> device.zero(8192, 4096));
            TestDevices.assertRefused(
                    DeviceException.Reason.TOO_SMALL,
                    path + ": the file has been cut short to 8192 bytes; its label says " + 2 * GIB,
                    () -> device.zero(GIB, 4096));
            assertEquals(8192, Files.size(path));
        }
    }

    /** Longer than what is handed to the system at once, and from memory of every kind. */
    @Test
    void storesFromTheHeapAndFromNativeMemory() throws IOException {
        TestDevices.format(path, 8 << 20);
        long[] longs = new Random(3).longs(100_000).toArray();
        byte[] bytes = MemorySegment.ofArray(longs).toArray(ValueLayout.JAVA_BYTE);
        try (Device device = MappedFileDevice.open(path, true);
                Arena arena = Arena.ofConfined()) {
            MemorySegment heap = MemorySegment.ofArray(bytes);
            MemorySegment nativeMemory = arena.allocate(bytes.length).copyFrom(heap);
            List<MemorySegment> sources =
                    List.of(
                            heap,
                            heap.asReadOnly(),
                            MemorySegment.ofArray(longs),
                            nativeMemory,
                            nativeMemory.asReadOnly());
            for (MemorySegment source : sources) {
                device.zero(4096, bytes.length + 4096);
                device.write(4099, source);
                assertArrayEquals(bytes, TestDevices.load(path, 4099, bytes.length));
                byte[] back = new byte[bytes.length];
                device.read(4099, MemorySegment.ofArray(back));
                assertArrayEquals(bytes, back);
            }
        }
    }

    @Test
    void anInterruptFailsOneCallAndNotTheDevice() throws IOException {
        TestDevices.format(path, 2 * GIB);
        try (Device device = MappedFileDevice.open(path)) {
            Thread.currentThread().interrupt();
            TestDevices.assertRefused(
                    DeviceException.Reason.INTERRUPTED,
                    path
                            + ": the thread was interrupted before its access to the device was finished",
                    () -> device.zero(GIB, 4096));
            assertTrue(Thread.interrupted());
            device.zero(GIB, 4096);
            assertEquals(3, device.readLabel().incarnation());
        }
    }

    @Test
    void closingUnderAReaderIsAnErrorWithAName() throws Exception {
        TestDevices.format(path, 64 << 20);
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            Device device = MappedFileDevice.open(path);
            CountDownLatch reading = new CountDownLatch(1);
            Future<?> reader = other.submit(() -> readForEver(device, reading));
            reading.await();
            device.close();
            ExecutionException end = assertThrows(ExecutionException.class, reader::get);
            DeviceException closed = assertInstanceOf(DeviceException.class, end.getCause());
            assertEquals(path + ": the device is closed", closed.getMessage());
        }
    }

    @Test
    void syncMappingIsRefusedByAFileSystemWithoutDax() throws IOException {
        TestDevices.format(path, 8 << 20);
        DeviceException e =
                assertThrows(DeviceException.class, () -> DaxFileDevice.open(path).close());
        assertEquals(DeviceException.Reason.IO, e.reason());
        assertTrue(e.getMessage().startsWith(path + ": cannot map: "), e.getMessage());
        assertTrue(DaxFileDevice.forceIsSafe(), "the flags of the build's JVM");
    }

    private static Void readForEver(Device device, CountDownLatch reading) throws DeviceException {
        MemorySegment target = MemorySegment.ofArray(new byte[1 << 20]);
        for (long at = 0; true; at = (at + (1 << 20)) % (63 << 20)) {
            device.read(at, target);
            reading.countDown();
        }
    }
}
