package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryDeviceTest {

    private static final DeviceLabel LABEL = TestDevices.label(3, 4 << 20);

    @Test
    void behavesAsADevice() throws IOException {
        MemoryDevice device = new MemoryDevice(LABEL, Durability.SYNC_MAPPED, (byte) 0xCD);
        DeviceModel.check(device, 8192, 300, (offset, length) -> load(device, offset, length));
        DeviceModel.checkContract(device, LABEL, Durability.SYNC_MAPPED, "memory");
    }

    @Test
    void aCrashKeepsWhatWasFlushedAndTearsTheRestByLines() throws IOException {
        long seed = new Random().nextLong();
        MemoryDevice device = new MemoryDevice(LABEL, Durability.SYNC_MAPPED, (byte) 0);
        device.write(8192, MemorySegment.ofArray(new byte[100_000]).fill((byte) 1));
        assertEquals(Durability.SYNC_MAPPED, device.flush(8192, 100_000));
        device.write(8192, MemorySegment.ofArray(new byte[50_000]).fill((byte) 2));
        device.crash(new Random(seed));
        byte[] after = load(device, 8192, 100_000);
        int kept = 0;
        for (int i = 0; i < after.length; i++) {
            int line = i / MemoryDevice.LINE_BYTES * MemoryDevice.LINE_BYTES;
            // The last line of the second store holds bytes of the first too.
            byte expected = i < 50_000 ? after[line] : 1;
            assertEquals(expected, after[i], "seed " + seed + ", byte " + i);
            kept += after[i] == 2 ? 1 : 0;
        }
        assertNotEquals(0, kept, "seed " + seed);
        assertNotEquals(50_000, kept, "seed " + seed);
        device.crash(new Random(seed));
        assertEquals(-1, java.util.Arrays.mismatch(after, load(device, 8192, 100_000)));
    }

    private static byte[] load(Device device, long offset, int length) throws DeviceException {
        byte[] bytes = new byte[length];
        device.read(offset, MemorySegment.ofArray(bytes));
        return bytes;
    }
}
