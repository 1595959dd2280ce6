package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/** Drives a device with random accesses beside a plain array over a part of it. */
final class DeviceModel {

    /** Reads the device by another way than the code under test. */
    @FunctionalInterface
    interface Independent {
        byte[] load(long offset, int length) throws IOException;
    }

    private static final int WINDOW = 3 << 20;

    private DeviceModel() {}

    /** Every byte of the window around {@code start} is as the array says, whoever reads it. */
    static void check(Device device, long start, int steps, Independent independent)
            throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] model = independent.load(start, WINDOW);
        for (int step = 0; step < steps; step++) {
            int at = random.nextInt(WINDOW);
            int most = random.nextInt(4) == 0 ? WINDOW - at : Math.min(WINDOW - at, 9000);
            int length = random.nextInt(most + 1);
            String where = "seed " + seed + ", step " + step + ": " + length + " at " + at;
            switch (random.nextInt(4)) {
                case 0 -> {
                    byte[] bytes = new byte[length];
                    random.nextBytes(bytes);
                    device.write(start + at, MemorySegment.ofArray(bytes));
                    System.arraycopy(bytes, 0, model, at, length);
                }
                case 1 -> {
                    device.zero(start + at, length);
                    Arrays.fill(model, at, at + length, (byte) 0);
                }
                case 2 -> {
                    byte[] bytes = new byte[length];
                    device.read(start + at, MemorySegment.ofArray(bytes));
                    assertArrayEquals(Arrays.copyOfRange(model, at, at + length), bytes, where);
                }
                default ->
                        assertEquals(device.durability(), device.flush(start + at, length), where);
            }
        }
        device.flush(start, WINDOW);
        assertArrayEquals(model, independent.load(start, WINDOW), "seed " + seed);
    }

    /** What every device refuses, and what it says of itself. */
    static void checkContract(Device device, DeviceLabel label, Durability durability, String name)
            throws IOException {
        assertEquals(label, device.readLabel());
        assertEquals(label.sizeBytes(), device.size());
        assertEquals(durability, device.durability());
        MemorySegment two = MemorySegment.ofArray(new byte[2]);
        long size = label.sizeBytes();
        String advice = "; nothing was touched, and whoever gave this address is wrong";
        TestDevices.assertRefused(
                DeviceException.Reason.OUT_OF_RANGE,
                name
                        + ": 2 bytes at "
                        + (size - 1)
                        + " lie outside the device of "
                        + size
                        + " bytes"
                        + advice,
                () -> device.read(size - 1, two));
        TestDevices.assertRefused(
                DeviceException.Reason.OUT_OF_RANGE,
                name + ": 2 bytes at 4095 touch the label of the device" + advice,
                () -> device.write(4095, two));
        TestDevices.assertRefused(
                DeviceException.Reason.OUT_OF_RANGE,
                name + ": 2 bytes at " + (size - 4097) + " touch the label of the device" + advice,
                () -> device.zero(size - 4097, 2));
        TestDevices.assertRefused(
                DeviceException.Reason.OUT_OF_RANGE,
                name + ": 1 bytes at -1 lie outside the device of " + size + " bytes" + advice,
                () -> device.flush(-1, 1));
        TestDevices.assertRefused(
                DeviceException.Reason.OUT_OF_RANGE,
                name
                        + ": "
                        + Long.MAX_VALUE
                        + " bytes at 4096 lie outside the device of "
                        + size
                        + " bytes"
                        + advice,
                () -> device.zero(4096, Long.MAX_VALUE));
        device.close();
        device.close();
        TestDevices.assertRefused(
                DeviceException.Reason.CLOSED,
                name + ": the device is closed",
                () -> device.read(4096, two));
        TestDevices.assertRefused(
                DeviceException.Reason.CLOSED,
                name + ": the device is closed",
                () -> device.write(4096, two));
        TestDevices.assertRefused(
                DeviceException.Reason.CLOSED,
                name + ": the device is closed",
                () -> device.flush(4096, 4096));
        TestDevices.assertRefused(
                DeviceException.Reason.CLOSED, name + ": the device is closed", device::readLabel);
    }
}
