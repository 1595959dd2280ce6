package dev.outlay.server.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.server.device.DeviceException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceFormatterTest {

    private static final UUID FIRST = UUID.fromString("00000000-0000-4000-8000-0000000000aa");
    private static final UUID SECOND = UUID.fromString("00000000-0000-4000-8000-0000000000bb");
    private static final long SIZE = 8 << 20;

    @TempDir Path folder;
    private Path path = Path.of("");

    @BeforeEach
    void name() {
        path = folder.resolve("device");
    }

    @Test
    void makesAFileOfTheSizeAskedForWithBothLabels() throws IOException {
        DeviceLabel label = DeviceFormatter.format(path, sized(SIZE));
        assertEquals(new DeviceLabel(FIRST, 1, SIZE, 4096, "", 0, true), label);
        assertEquals(SIZE, Files.size(path));
        assertArrayEquals(label.encode(), Bytes.load(path, 0, 4096));
        assertArrayEquals(label.encode(), Bytes.load(path, SIZE - 4096, 4096));
    }

    @Test
    void writesNothingButTheLabels() throws IOException {
        byte[] old = new byte[(int) SIZE];
        Arrays.fill(old, (byte) 0xCD);
        Bytes.store(path, 0, old);
        DeviceFormatter.format(path, whole(false));
        assertArrayEquals(
                Arrays.copyOf(old, (int) SIZE - 8192), Bytes.load(path, 4096, (int) SIZE - 8192));
    }

    @Test
    void usesWholeBlocksOfAFileOfOddSize() throws IOException {
        Bytes.store(path, SIZE + 1000, new byte[1]);
        assertEquals(SIZE, DeviceFormatter.format(path, whole(false)).sizeBytes());
        try (ServerDevice device = ServerDevice.open(path)) {
            assertEquals(SIZE, device.label().sizeBytes());
        }
    }

    @Test
    void aSecondFormatNeedsForceAndRaisesTheIncarnation() throws IOException {
        DeviceFormatter.format(path, sized(SIZE));
        try (ServerDevice device = ServerDevice.open(path)) {
            device.claim("alpha");
        }
        byte[] before = Bytes.load(path, 0, 4096);
        Bytes.assertRefused(
                Reason.HAS_LABEL,
                path
                        + ": it is formatted already (device "
                        + FIRST
                        + ", incarnation 1, of server 'alpha'); force formats it again and loses all"
                        + " its files, once its server and all clients have ended",
                () -> DeviceFormatter.format(path, whole(false)));
        assertArrayEquals(before, Bytes.load(path, 0, 4096));
        DeviceLabel again =
                DeviceFormatter.format(
                        path, new FormatOptions(OptionalLong.empty(), 8192, false, true, SECOND));
        assertEquals(new DeviceLabel(FIRST, 2, SIZE, 8192, "", 1, false), again);
    }

    @Test
    void aDamagedLabelIsStillOneAndForceGivesTheDeviceANewIdentity() throws IOException {
        DeviceFormatter.format(path, sized(SIZE));
        byte[] damaged = Bytes.load(path, 0, 4096);
        damaged[100] ^= 1;
        Bytes.store(path, 0, damaged);
        Bytes.store(path, SIZE - 4096, damaged);
        DeviceException e =
                assertThrows(
                        DeviceException.class, () -> DeviceFormatter.format(path, whole(false)));
        assertEquals(Reason.HAS_LABEL, e.reason());
        DeviceLabel label =
                DeviceFormatter.format(
                        path, new FormatOptions(OptionalLong.empty(), 4096, true, true, SECOND));
        assertEquals(SECOND, label.device());
        assertEquals(1, label.incarnation());
    }

    @Test
    void aFileIsMadeLongerAndKeepsItsIdentity() throws IOException {
        DeviceFormatter.format(path, sized(SIZE));
        DeviceLabel longer =
                DeviceFormatter.format(
                        path,
                        new FormatOptions(OptionalLong.of(2 * SIZE), 4096, true, true, SECOND));
        assertEquals(new DeviceLabel(FIRST, 2, 2 * SIZE, 4096, "", 0, true), longer);
        assertEquals(2 * SIZE, Files.size(path));
    }

    @Test
    void whatLooksLikeDataIsRefusedByName() throws IOException {
        String[][] signatures = {
            {"1080", "53ef", "an ext2, ext3 or ext4 file system"},
            {"0", "58465342", "an XFS file system"},
            {"65600", "5f42485266535f4d", "a Btrfs file system"},
            {"0", "4c554b53babe", "an encrypted (LUKS) volume"},
            {"512", "4c4142454c4f4e45", "an LVM physical volume"},
            {"4086", "53574150535041434532", "swap space"},
            {"4096", "fc4e2ba9", "a member of a RAID array"},
            {"512", "4546492050415254", "a GPT partition table"},
            {"510", "55aa", "a boot sector or MBR partition table"},
            {"0", "48656c6c6f", "data of an unknown kind"},
            {String.valueOf(SIZE - 10), "42", "data of an unknown kind"},
        };
        for (String[] signature : signatures) {
            Files.deleteIfExists(path);
            Bytes.store(path, SIZE - 1, new byte[1]);
            byte[] bytes = HexFormat.of().parseHex(signature[1]);
            long offset = Long.parseLong(signature[0]);
            Bytes.store(path, offset, bytes);
            Bytes.assertRefused(
                    Reason.HAS_DATA,
                    path
                            + ": there is "
                            + signature[2]
                            + " on it; check the path, force formats it nevertheless",
                    () -> DeviceFormatter.format(path, whole(false)));
            assertArrayEquals(bytes, Bytes.load(path, offset, bytes.length));
            assertEquals(1, DeviceFormatter.format(path, whole(true)).incarnation());
        }
    }

    @Test
    void aSmallFileOfTheUserIsNotOverwritten() throws IOException {
        byte[] note = "a note".getBytes(StandardCharsets.UTF_8);
        Bytes.store(path, 0, note);
        Bytes.assertRefused(
                Reason.HAS_DATA,
                path
                        + ": there is data of an unknown kind on it; check the path, force formats it nevertheless",
                () -> DeviceFormatter.format(path, sized(SIZE)));
        assertArrayEquals(note, Files.readAllBytes(path));
    }

    @Test
    void sizesThatDoNotFitAreRefused() throws IOException {
        Bytes.store(path, SIZE - 1, new byte[1]);
        Bytes.assertRefused(
                Reason.WRONG_SIZE,
                path
                        + ": it has 8388608 bytes, and 1048576 were asked for; leave the size out to"
                        + " use all of it, a longer one makes the file longer",
                () -> DeviceFormatter.format(path, sized(1 << 20)));
        Path small = folder.resolve("small");
        Bytes.assertRefused(
                Reason.WRONG_SIZE,
                small + ": cannot be formatted: size 8192 is not between 12288 and 281474976710656",
                () -> DeviceFormatter.format(small, sized(8192)));
        assertFalse(Files.exists(small), "a file made in vain is removed");
        Bytes.assertRefused(
                Reason.WRONG_SIZE,
                small + ": cannot be formatted: size 5000001 is not a multiple of 4096",
                () -> DeviceFormatter.format(small, sized(5_000_001)));
        Files.createFile(small);
        Bytes.assertRefused(
                Reason.WRONG_SIZE,
                small + ": cannot be formatted: size 0 is not between 12288 and 281474976710656",
                () -> DeviceFormatter.format(small, whole(false)));
        Bytes.assertRefused(
                Reason.WRONG_SIZE,
                path
                        + ": cannot be formatted: block size 512 is not a power of two from 4096 to 1048576",
                () ->
                        DeviceFormatter.format(
                                path,
                                new FormatOptions(OptionalLong.empty(), 512, true, false, FIRST)));
    }

    @Test
    void whatIsNoDeviceIsRefused() {
        Bytes.assertRefused(
                Reason.NOT_FOUND,
                path
                        + ": there is no such device or file; check the path, or give a size to make a file",
                () -> DeviceFormatter.format(path, whole(false)));
        Bytes.assertRefused(
                Reason.NOT_A_DEVICE,
                folder + ": it is a directory; name a block device or a file",
                () -> DeviceFormatter.format(folder, whole(true)));
        Bytes.assertRefused(
                Reason.NOT_A_DEVICE,
                "/dev/null: it is a character device; name a block device or a file",
                () -> DeviceFormatter.format(Path.of("/dev/null"), whole(true)));
        Path nowhere = folder.resolve("no").resolve("device");
        Bytes.assertRefused(
                Reason.NOT_FOUND,
                nowhere + ": there is no such device or file; check the path on the server's host",
                () -> DeviceFormatter.format(nowhere, sized(SIZE)));
    }

    @Test
    void aBlockDeviceIsFormattedWhole() throws Exception {
        Bytes.store(path, SIZE - 1, new byte[1]);
        try (LoopDevice loop = LoopDevice.over(path)) {
            Bytes.assertRefused(
                    Reason.WRONG_SIZE,
                    loop.path()
                            + ": it has 8388608 bytes, and 16777216 were asked for; leave the size"
                            + " out to use all of it",
                    () -> DeviceFormatter.format(loop.path(), sized(2 * SIZE)));
            DeviceLabel label = DeviceFormatter.format(loop.path(), sized(SIZE));
            assertEquals(SIZE, label.sizeBytes());
            assertArrayEquals(label.encode(), Bytes.load(path, 0, 4096));
            assertArrayEquals(label.encode(), Bytes.load(path, SIZE - 4096, 4096));
            assertEquals(2, DeviceFormatter.format(loop.path(), whole(true)).incarnation());
        }
    }

    @Test
    void aMountedBlockDeviceIsRefusedEvenWithForce() throws Exception {
        Bytes.store(path, SIZE - 1, new byte[1]);
        try (LoopDevice loop = LoopDevice.over(path)) {
            LoopDevice.run("mkfs.ext4", "-q", loop.path().toString());
            Bytes.assertRefused(
                    Reason.HAS_DATA,
                    loop.path()
                            + ": there is an ext2, ext3 or ext4 file system on it; check the path,"
                            + " force formats it nevertheless",
                    () -> DeviceFormatter.format(loop.path(), whole(false)));
            Path mount = Files.createDirectory(folder.resolve("mount"));
            LoopDevice.run("mount", loop.path().toString(), mount.toString());
            try {
                Bytes.assertRefused(
                        Reason.IN_USE,
                        loop.path()
                                + ": it is mounted at "
                                + mount
                                + "; formatting it would destroy that",
                        () -> DeviceFormatter.format(loop.path(), whole(true)));
            } finally {
                LoopDevice.run("umount", mount.toString());
            }
        }
    }

    @Test
    void mountsAreFoundByDeviceNumber() {
        String mountinfo =
                "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n35 22 259:3 /sub /data rw - xfs /dev/x rw\n";
        assertEquals("/data", DeviceNode.mountPoint(mountinfo, "259:3").orElseThrow());
        assertTrue(DeviceNode.mountPoint(mountinfo, "259:4").isEmpty());
        assertEquals("259:3", DeviceNode.number((259L << 8) | 3));
        assertEquals("8:300", DeviceNode.number((8L << 8) | 44 | (1L << 20)));
    }

    private static FormatOptions sized(long size) {
        return new FormatOptions(OptionalLong.of(size), 4096, true, false, FIRST);
    }

    private static FormatOptions whole(boolean force) {
        return new FormatOptions(OptionalLong.empty(), 4096, true, force, FIRST);
    }
}
