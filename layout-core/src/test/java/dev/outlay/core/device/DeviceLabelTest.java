package dev.outlay.core.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.device.DeviceLabel.BadChecksum;
import dev.outlay.core.device.DeviceLabel.BadField;
import dev.outlay.core.device.DeviceLabel.NotALabel;
import dev.outlay.core.device.DeviceLabel.OtherVersion;
import dev.outlay.core.device.DeviceLabel.Valid;
import dev.outlay.core.value.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class DeviceLabelTest {

    private static final UUID DEVICE = UUID.fromString("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    private static final DeviceLabel LABEL =
            new DeviceLabel(DEVICE, 3, 1L << 30, 4096, "server-été", 7, true);

    @Test
    void encodesAsTheGoldenFileSays() throws IOException {
        assertEquals(golden(), dump(LABEL.encode()));
    }

    @Test
    void decodesWhatItEncoded() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            int blockSize = 4096 << random.nextInt(9);
            long size =
                    DeviceLabel.labelledSize(
                            DeviceLabel.minSizeBytes(blockSize)
                                    + random.nextLong(1L << (12 + random.nextInt(36))));
            DeviceLabel label =
                    new DeviceLabel(
                            new UUID(random.nextLong(), random.nextLong()),
                            1 + random.nextLong(Long.MAX_VALUE - 1),
                            size,
                            blockSize,
                            "s".repeat(random.nextInt(DeviceLabel.MAX_OWNER_BYTES + 1)),
                            random.nextLong(Long.MAX_VALUE),
                            random.nextBoolean());
            assertEquals(new Valid(label), DeviceLabel.decode(label.encode()), "seed " + seed);
        }
    }

    @Test
    void noDamagedByteGoesUnnoticed() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int at = 0; at < DeviceLabel.BLOCK_BYTES; at++) {
            byte[] block = LABEL.encode();
            block[at] ^= (byte) (1 + random.nextInt(255));
            DeviceLabel.Decoded decoded = DeviceLabel.decode(block);
            Class<?> expected =
                    at < DeviceLabel.VERSION_OFFSET ? NotALabel.class : BadChecksum.class;
            assertInstanceOf(expected, decoded, "byte " + at + ", seed " + seed);
        }
    }

    @Test
    void randomBytesAreNoLabelAndNoError() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] block = new byte[DeviceLabel.BLOCK_BYTES];
            random.nextBytes(block);
            if (random.nextBoolean()) {
                System.arraycopy(DeviceLabel.MAGIC, 0, block, 0, DeviceLabel.MAGIC.length);
                seal(block);
                ByteBuffer.wrap(block)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(DeviceLabel.VERSION_OFFSET, DeviceLabel.FORMAT_VERSION)
                        .putInt(DeviceLabel.FLAGS_OFFSET, random.nextInt(3));
                seal(block);
                assertInstanceOf(BadField.class, DeviceLabel.decode(block), "seed " + seed);
            } else {
                assertInstanceOf(NotALabel.class, DeviceLabel.decode(block), "seed " + seed);
            }
        }
    }

    @Test
    void anotherVersionIsToldFromDamage() {
        byte[] block = LABEL.encode();
        block[DeviceLabel.VERSION_OFFSET] = 9;
        assertInstanceOf(BadChecksum.class, DeviceLabel.decode(block));
        seal(block);
        assertEquals(new OtherVersion(9), DeviceLabel.decode(block));
    }

    @Test
    void wholeLabelsWithImpossibleFieldsAreRefusedByName() {
        assertEquals(
                new BadField("incarnation 0 is below 1"),
                withLong(DeviceLabel.INCARNATION_OFFSET, 0));
        assertEquals(
                new BadField("lock epoch -1 is below 0"),
                withLong(DeviceLabel.LOCK_EPOCH_OFFSET, -1));
        assertEquals(
                new BadField("size 1073741823 is not a multiple of 4096"),
                withLong(DeviceLabel.SIZE_OFFSET, (1L << 30) - 1));
        assertEquals(
                new BadField("size 8192 is not between 12288 and 281474976710656"),
                withLong(DeviceLabel.SIZE_OFFSET, 8192));
        assertEquals(
                new BadField("block size 4097 is not a power of two from 4096 to 1048576"),
                withInt(DeviceLabel.BLOCK_SIZE_OFFSET, 4097));
        assertEquals(
                new BadField("server id of 65 bytes"),
                withInt(DeviceLabel.OWNER_LENGTH_OFFSET, 65));
        assertEquals(
                new BadField("server id of -1 bytes"),
                withInt(DeviceLabel.OWNER_LENGTH_OFFSET, -1));
        assertEquals(new BadField("server id is not UTF-8"), withInt(DeviceLabel.OWNER_OFFSET, -1));
        assertEquals(new BadField("unknown flags 0x2"), withInt(DeviceLabel.FLAGS_OFFSET, 2));
    }

    @Test
    void constructionRefusesWhatADecoderWould() {
        assertThrows(IllegalArgumentException.class, () -> label(0, 1 << 20, 4096, ""));
        assertThrows(IllegalArgumentException.class, () -> label(1, 1 << 20, 512, ""));
        assertThrows(IllegalArgumentException.class, () -> label(1, 8192, 4096, ""));
        assertThrows(IllegalArgumentException.class, () -> label(1, 1L << 49, 4096, ""));
        assertThrows(IllegalArgumentException.class, () -> label(1, 1 << 20, 4096, "é".repeat(33)));
        assertThrows(IllegalArgumentException.class, () -> label(1, 1 << 20, 4096, "\ud800"));
        assertThrows(IllegalArgumentException.class, () -> DeviceLabel.decode(new byte[512]));
    }

    @Test
    void usableSpaceLiesBetweenTheCopiesInWholeBlocks() {
        assertEquals(new ByteRange(4096, (1L << 30) - 4096), LABEL.usable());
        assertEquals((1L << 30) - 4096, LABEL.copyOffset());
        DeviceLabel coarse = label(1, (5 << 20) + 8192, 1 << 20, "");
        assertEquals(new ByteRange(1 << 20, 5 << 20), coarse.usable());
        DeviceLabel smallest = label(1, DeviceLabel.minSizeBytes(1 << 20), 1 << 20, "");
        assertEquals(new ByteRange(1 << 20, 2 << 20), smallest.usable());
    }

    @Test
    void claimsRaiseTheEpochAndForceTheIncarnation() {
        DeviceLabel claimed = LABEL.claimedBy("other");
        assertEquals("other", claimed.owner());
        assertEquals(8, claimed.lockEpoch());
        assertEquals(3, claimed.incarnation());
        assertEquals(4, LABEL.reincarnated().incarnation());
        assertEquals(7, LABEL.reincarnated().lockEpoch());
    }

    @Test
    void aReleasedDeviceIsNobodysAndItsEpochRises() {
        DeviceLabel released = LABEL.claimedBy("other").released();
        assertTrue(LABEL.isOwned());
        assertFalse(released.isOwned());
        assertEquals(9, released.lockEpoch());
        assertEquals(DEVICE, released.device());
    }

    @Test
    void theLargestDeviceHasALabel() {
        long most = DeviceLabel.MAX_SIZE_BYTES;
        assertEquals(most, label(1, most, 4096, "").sizeBytes());
        assertThrows(IllegalArgumentException.class, () -> label(1, most + 4096, 4096, ""));
    }

    @Test
    void encodingLeavesNothingOfTheOldBlockBehind() {
        assertArrayEquals(LABEL.encode(), LABEL.encode());
        assertEquals(DeviceLabel.BLOCK_BYTES, LABEL.encode().length);
    }

    private static DeviceLabel label(long incarnation, long size, int blockSize, String owner) {
        return new DeviceLabel(DEVICE, incarnation, size, blockSize, owner, 0, false);
    }

    private static DeviceLabel.Decoded withLong(int offset, long value) {
        byte[] block = LABEL.encode();
        ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
        seal(block);
        return DeviceLabel.decode(block);
    }

    private static DeviceLabel.Decoded withInt(int offset, int value) {
        byte[] block = LABEL.encode();
        ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
        seal(block);
        return DeviceLabel.decode(block);
    }

    /** Makes a changed block whole again. */
    static void seal(byte[] block) {
        CRC32C crc = new CRC32C();
        crc.update(block, 0, DeviceLabel.CRC_OFFSET);
        ByteBuffer.wrap(block)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(DeviceLabel.CRC_OFFSET, (int) crc.getValue());
    }

    private static String golden() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(
                        DeviceLabelTest.class.getResourceAsStream("/golden/device-label-v1.hex"))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    /** Lines of 16 bytes with their offset; lines of zeros are left out. */
    private static String dump(byte[] block) {
        StringBuilder out = new StringBuilder();
        for (int at = 0; at < block.length; at += 16) {
            String line = HexFormat.of().formatHex(block, at, at + 16);
            if (!line.equals("0".repeat(32))) {
                out.append("%04x: %s%n".formatted(at, line));
            }
        }
        return out.toString();
    }
}
