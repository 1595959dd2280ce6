package dev.outlay.server.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.device.LabelPair;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.server.device.DeviceException.Reason;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerDeviceTest {

    private static final UUID ID = UUID.fromString("00000000-0000-4000-8000-0000000000aa");
    private static final long SIZE = 8 << 20;

    @TempDir Path folder;
    private Path path = Path.of("");
    private DeviceLabel fresh = new DeviceLabel(ID, 1, SIZE, 4096, "", 0, true);

    @BeforeEach
    void format() throws IOException {
        path = folder.resolve("device");
        fresh = format(path, OptionalLong.of(SIZE));
    }

    @Test
    void openingReadsAndWritesNothing() throws IOException {
        byte[] before = Bytes.load(path, 0, 4096);
        try (ServerDevice device = ServerDevice.open(path, ID, 1)) {
            assertEquals(fresh, device.label());
            assertEquals(fresh, device.readLabel());
            assertEquals(path, device.path());
        }
        assertArrayEquals(before, Bytes.load(path, 0, 4096));
    }

    @Test
    void everyClaimRaisesTheLockEpochOfBothLabels() throws IOException {
        for (int epoch = 1; epoch <= 3; epoch++) {
            try (ServerDevice device = ServerDevice.open(path)) {
                DeviceLabel claimed = device.claim("alpha");
                assertEquals(new DeviceLabel(ID, 1, SIZE, 4096, "alpha", epoch, true), claimed);
                assertEquals(claimed, device.label());
                assertArrayEquals(claimed.encode(), Bytes.load(path, 0, 4096));
                assertArrayEquals(claimed.encode(), Bytes.load(path, SIZE - 4096, 4096));
                device.checkHeld();
            }
        }
    }

    @Test
    void aDamagedCopyIsRestoredFromTheWholeOne() throws IOException {
        for (long damaged : new long[] {0, SIZE - 4096}) {
            Bytes.store(path, damaged + 100, new byte[] {1});
            try (ServerDevice device = ServerDevice.open(path)) {
                assertTrue(device.repair());
                assertEquals(fresh, device.label());
            }
            try (ServerDevice device = ServerDevice.open(path)) {
                assertFalse(device.repair(), "nothing is left to mend");
            }
            assertArrayEquals(fresh.encode(), Bytes.load(path, 0, 4096));
            assertArrayEquals(fresh.encode(), Bytes.load(path, SIZE - 4096, 4096));
        }
        Bytes.store(path, 100, new byte[] {1});
        try (ServerDevice device = ServerDevice.open(path)) {
            Bytes.store(path, SIZE - 4096 + 100, new byte[] {1});
            byte[] before = Bytes.load(path, 0, 4096);
            assertEquals(
                    Reason.NO_LABEL, assertThrows(DeviceException.class, device::repair).reason());
            assertArrayEquals(before, Bytes.load(path, 0, 4096));
        }
    }

    @Test
    void aLabelOfAnotherDeviceIsNoDamage() throws IOException {
        UUID other = UUID.fromString("00000000-0000-4000-8000-0000000000bb");
        byte[] foreign = new DeviceLabel(other, 1, SIZE, 4096, "", 0, true).encode();
        Bytes.store(path, SIZE - 4096, foreign);
        try (ServerDevice device = ServerDevice.open(path)) {
            assertEquals(
                    Reason.MISMATCH, assertThrows(DeviceException.class, device::repair).reason());
        }
        assertArrayEquals(foreign, Bytes.load(path, SIZE - 4096, 4096));
    }

    @Test
    void aReleasedDeviceIsNobodysAndWhoHeldItHasLostIt() throws IOException {
        try (ServerDevice device = ServerDevice.open(path)) {
            device.claim("alpha");
        }
        try (ServerDevice device = ServerDevice.open(path)) {
            assertFalse(device.disown("beta"), "not this server's to give away");
        }
        try (ServerDevice device = ServerDevice.open(path)) {
            assertTrue(device.disown("alpha"));
            assertEquals(new DeviceLabel(ID, 1, SIZE, 4096, "", 2, true), device.readLabel());
        }
        try (ServerDevice device = ServerDevice.open(path)) {
            assertEquals("beta", device.claim("beta").owner());
        }
    }

    @Test
    void theDeviceOfAnotherServerIsRefusedUnlessTakenOver() throws IOException {
        try (ServerDevice device = ServerDevice.open(path)) {
            device.claim("alpha");
        }
        try (ServerDevice device = ServerDevice.open(path)) {
            Bytes.assertRefused(
                    Reason.OWNED,
                    path
                            + ": it belongs to server 'alpha' (lock epoch 1), not to 'beta'; name"
                            + " another device, or take it over by force once that server and all"
                            + " its clients have ended",
                    () -> device.claim("beta"));
            assertEquals(1, device.readLabel().lockEpoch());
        }
        try (ServerDevice device = ServerDevice.open(path)) {
            assertEquals(
                    new DeviceLabel(ID, 2, SIZE, 4096, "beta", 2, true), device.takeOver("beta"));
        }
        Bytes.assertRefused(
                Reason.MISMATCH,
                path
                        + ": expected incarnation 1 of device "
                        + ID
                        + ", found 2; it was formatted or taken over since, what the volume had"
                        + " there is not to be trusted",
                () -> ServerDevice.open(path, ID, 1).close());
    }

    @Test
    void anotherDeviceAtThePathIsNamed() {
        UUID other = UUID.fromString("00000000-0000-4000-8000-0000000000bb");
        Bytes.assertRefused(
                Reason.MISMATCH,
                path
                        + ": expected device "
                        + other
                        + ", found "
                        + ID
                        + "; the path leads to another device",
                () -> ServerDevice.open(path, other, 1).close());
    }

    @Test
    void aServerThatLostTheDeviceStoresNothingMore() throws IOException {
        try (ServerDevice device = ServerDevice.open(path)) {
            DeviceLabel mine = device.claim("alpha");
            device.write(range(8192, 4), ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
            // Another host claims it: no lock of this host can show that.
            DeviceLabel theirs = mine.reincarnated().claimedBy("beta");
            Bytes.store(path, SIZE - 4096, theirs.encode());
            Bytes.assertRefused(
                    Reason.NOT_HELD,
                    path
                            + ": the device was lost: claimed with lock epoch 1 of incarnation 1, its"
                            + " label now has epoch 2 of incarnation 2 and server 'beta'; stop one of"
                            + " the two servers",
                    () -> device.zero(range(8192, 4)));
            assertArrayEquals(new byte[] {1, 2, 3, 4}, Bytes.load(path, 8192, 4));
            assertThrows(
                    DeviceException.class,
                    () -> device.write(range(8192, 1), ByteBuffer.allocate(1)));
        }
    }

    @Test
    void storingNeedsAClaimAndAnAddressBetweenTheLabels() throws IOException {
        try (ServerDevice device = ServerDevice.open(path)) {
            Bytes.assertRefused(
                    Reason.NOT_HELD,
                    path + ": the device is not claimed; claim it before storing on it",
                    () -> device.zero(range(8192, 4096)));
            device.claim("alpha");
            Bytes.assertRefused(
                    Reason.OUT_OF_RANGE,
                    path
                            + ": [4095, 4097) is not within the usable space [4096, 8384512); nothing"
                            + " was touched",
                    () -> device.zero(range(4095, 2)));
            Bytes.assertRefused(
                    Reason.OUT_OF_RANGE,
                    path
                            + ": [8384512, 8384513) is not within the usable space [4096, 8384512);"
                            + " nothing was touched",
                    () -> device.read(range(SIZE - 4096, 1)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> device.write(range(8192, 2), ByteBuffer.allocate(1)));
            assertThrows(IllegalStateException.class, () -> device.claim("alpha"));
        }
    }

    @Test
    void oneProcessOfAHostHoldsADevice() throws Exception {
        Process holder = DeviceHolder.start(path);
        try (BufferedReader output = holder.inputReader()) {
            assertEquals("lock epoch 1", output.readLine());
            try (ServerDevice device = ServerDevice.open(path)) {
                Bytes.assertRefused(
                        Reason.IN_USE,
                        path
                                + ": another process of this host has claimed the device; stop its"
                                + " server first",
                        () -> device.claim("alpha"));
            }
            Bytes.assertRefused(
                    Reason.IN_USE,
                    path
                            + ": another process of this host has claimed the device; stop its server"
                            + " first",
                    () ->
                            DeviceFormatter.format(
                                    path,
                                    new FormatOptions(OptionalLong.empty(), 4096, true, true, ID)));
        } finally {
            holder.getOutputStream().close();
            holder.destroyForcibly().waitFor();
        }
        try (ServerDevice device = ServerDevice.open(path);
                ServerDevice second = ServerDevice.open(path)) {
            assertEquals(2, device.claim("alpha").lockEpoch());
            Bytes.assertRefused(
                    Reason.IN_USE,
                    path
                            + ": this process has claimed the device already; stop the volume on it"
                            + " first",
                    () -> second.claim("alpha"));
        }
    }

    @Test
    void aCrashAnywhereInAClaimLeavesALabelThatCountsAndTheNextClaimHealsBoth() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        DeviceLabel old = fresh;
        for (int i = 0; i < 60; i++) {
            DeviceLabel next = old.claimedBy("alpha");
            byte[] torn = mix(random, old.encode(), next.encode());
            boolean tornFirst = random.nextBoolean();
            Bytes.store(path, SIZE - 4096, tornFirst ? next.encode() : torn);
            Bytes.store(path, 0, tornFirst ? torn : old.encode());
            try (ServerDevice device = ServerDevice.open(path, ID, 1)) {
                DeviceLabel found = device.label();
                String where = "seed " + seed + ", step " + i;
                assertTrue(found.equals(next) || (!tornFirst && found.equals(old)), where);
                old = device.claim("alpha");
                assertEquals(found.claimedBy("alpha"), old, where);
            }
            LabelPair pair =
                    LabelPair.decode(
                            Bytes.load(path, 0, 4096),
                            Bytes.load(path, SIZE - 4096, 4096),
                            SIZE - 4096);
            assertTrue(pair.isIntact(), "seed " + seed + ", step " + i);
        }
    }

    @Test
    void withoutALabelItSaysWhy() throws IOException {
        Bytes.store(path, 0, new byte[4096]);
        Bytes.store(path, SIZE - 4096, new byte[4096]);
        Bytes.assertRefused(
                Reason.NO_LABEL,
                path + ": there is no Outlay label on it; format it with 'outlay format'",
                () -> ServerDevice.open(path).close());
        Path small = folder.resolve("small");
        Bytes.store(small, 0, new byte[10]);
        Bytes.assertRefused(
                Reason.NO_LABEL,
                small
                        + ": it has only 10 bytes, no room for a label; format it with 'outlay format'",
                () -> ServerDevice.open(small).close());
        Bytes.assertRefused(
                Reason.NOT_FOUND,
                folder.resolve("none")
                        + ": there is no such device or file; check the path on the server's host",
                () -> ServerDevice.open(folder.resolve("none")).close());
    }

    @Test
    void aDeviceCutShortIsRefused() throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(SIZE / 2);
        }
        Bytes.assertRefused(
                Reason.WRONG_SIZE,
                path
                        + ": its label says 8388608 bytes, but it has only 4194304; it was cut short,"
                        + " or the label was copied from another device",
                () -> ServerDevice.open(path).close());
    }

    @Test
    void storesOnAFileWhatAnotherChannelReads() throws IOException {
        try (ServerDevice device = ServerDevice.open(path)) {
            device.claim("alpha");
            checkAgainstModel(device, path);
        }
    }

    @Test
    void storesOnABlockDeviceWhatTheBackingFileHolds() throws Exception {
        Path backing = folder.resolve("backing");
        Bytes.store(backing, SIZE - 1, new byte[1]);
        try (LoopDevice loop = LoopDevice.over(backing)) {
            format(loop.path(), OptionalLong.empty());
            try (ServerDevice device = ServerDevice.open(loop.path(), ID, 1)) {
                assertEquals(1, device.claim("alpha").lockEpoch());
                checkAgainstModel(device, backing);
            }
        }
    }

    @Test
    void theSizeOfABlockDeviceIsAlsoKnownFromTheSystem() throws Exception {
        Path backing = folder.resolve("backing");
        Bytes.store(backing, SIZE - 1, new byte[1]);
        try (LoopDevice loop = LoopDevice.over(backing)) {
            DeviceNode node = DeviceNode.at(loop.path());
            assertEquals(SIZE, node.sizeBySysfs());
            try (RawDevice device = RawDevice.open(node)) {
                assertEquals(SIZE, device.size());
            }
        }
        assertEquals(0, DeviceNode.at(path).sizeBySysfs());
    }

    private static void checkAgainstModel(ServerDevice device, Path independent)
            throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int window = 3 << 20;
        byte[] model = Bytes.load(independent, 4096, window);
        for (int step = 0; step < 60; step++) {
            int at = random.nextInt(window);
            int most = random.nextInt(4) == 0 ? window - at : Math.min(window - at, 9000);
            int length = 1 + random.nextInt(most);
            DeviceRange range = range(4096 + at, length);
            switch (random.nextInt(3)) {
                case 0 -> {
                    byte[] bytes = new byte[length];
                    random.nextBytes(bytes);
                    device.write(range, ByteBuffer.wrap(bytes));
                    System.arraycopy(bytes, 0, model, at, length);
                }
                case 1 -> {
                    device.zero(range);
                    Arrays.fill(model, at, at + length, (byte) 0);
                }
                default ->
                        assertArrayEquals(
                                Arrays.copyOfRange(model, at, at + length),
                                device.read(range),
                                "seed " + seed + ", step " + step);
            }
        }
        assertArrayEquals(model, Bytes.load(independent, 4096, window), "seed " + seed);
        assertEquals(device.label(), device.readLabel());
    }

    /** Each 512-byte sector of the old block or of the new one, or of neither. */
    private static byte[] mix(Random random, byte[] old, byte[] next) {
        byte[] mixed = new byte[old.length];
        random.nextBytes(mixed);
        for (int at = 0; at < mixed.length; at += 512) {
            switch (random.nextInt(5)) {
                case 0, 1 -> System.arraycopy(old, at, mixed, at, 512);
                case 2, 3 -> System.arraycopy(next, at, mixed, at, 512);
                default -> mixed[at] ^= 1;
            }
        }
        return mixed;
    }

    private static DeviceLabel format(Path path, OptionalLong size) throws DeviceException {
        return DeviceFormatter.format(path, new FormatOptions(size, 4096, true, false, ID));
    }

    private static DeviceRange range(long start, long length) {
        return new DeviceRange(0, start, length);
    }
}
