package dev.outlay.client.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevicesTest {

    private static final long SIZE = 8 << 20;
    private static final DeviceOptions FORCED = DeviceOptions.atLeast(Durability.FORCED);
    private static final String NO_LABEL_ADVICE =
            "; format it with 'outlay format' or check the path";

    @TempDir Path folder;
    private Path path = Path.of("");

    @BeforeEach
    void name() {
        path = folder.resolve("device");
    }

    @Test
    void aPlainFileIsMappedAndForced() throws IOException {
        TestDevices.format(path, SIZE);
        try (Device device = Devices.open(path, FORCED.expecting(TestDevices.ID, 3))) {
            assertEquals(Durability.FORCED, device.durability());
            assertEquals(SIZE, device.size());
        }
    }

    @Test
    void weakerDurabilityMustBeAskedForByName() throws IOException {
        TestDevices.format(path, SIZE);
        DeviceException e =
                assertThrows(
                        DeviceException.class,
                        () -> Devices.open(path, DeviceOptions.atLeast(Durability.SYNC_MAPPED)));
        assertEquals(DeviceException.Reason.TOO_WEAK, e.reason());
        assertTrue(
                e.getMessage()
                        .startsWith(
                                path
                                        + ": it gives durability FORCED, and at least SYNC_MAPPED was asked for;"
                                        + " ask for FORCED by name if that is enough; as persistent memory: "),
                e.getMessage());
    }

    @Test
    void whatIsNotThereSaysSo() {
        refused(
                DeviceException.Reason.NOT_FOUND,
                "there is no such device or file; check the path on this host");
    }

    @Test
    void aFolderOrACharacterDeviceIsNoDevice() throws IOException {
        Files.createDirectory(path);
        refused(
                DeviceException.Reason.NOT_A_DEVICE,
                "it is a directory, not a device; name a block device or a file");
        TestDevices.assertRefused(
                DeviceException.Reason.NOT_A_DEVICE,
                "/dev/null: it is a character device (device DAX cannot be used, a file on a DAX"
                        + " file system can), not a device; name a block device or a file",
                () -> Devices.open(Path.of("/dev/null"), FORCED));
    }

    @Test
    void withoutPermissionItSaysWhatIsMissing() throws IOException {
        TestDevices.format(path, SIZE);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isWritable(path), "root may open everything");
        refused(
                DeviceException.Reason.NO_PERMISSION,
                "no permission to read and write; give this user access to the device");
    }

    @Test
    void theSystemsRefusalIsTranslated() {
        DeviceException e =
                DeviceException.of(path, "open", new AccessDeniedException(path.toString()));
        assertEquals(DeviceException.Reason.NO_PERMISSION, e.reason());
        assertEquals(
                path + ": no permission to read and write; give this user access to the device",
                e.getMessage());
        assertEquals(
                path + ": cannot open: Read-only file system",
                DeviceException.of(
                                path,
                                "open",
                                new FileSystemException(
                                        path.toString(), null, "Read-only file system"))
                        .getMessage());
    }

    @Test
    void aFileWithoutALabelIsRefused() throws IOException {
        TestDevices.store(path, SIZE - 1, new byte[1]);
        refused(
                DeviceException.Reason.NO_LABEL,
                "there is no Outlay label on it" + NO_LABEL_ADVICE);
    }

    @Test
    void aFileTooShortForALabelIsRefused() throws IOException {
        TestDevices.store(path, 0, new byte[100]);
        refused(
                DeviceException.Reason.NO_LABEL,
                "it has only 100 bytes, no room for a label" + NO_LABEL_ADVICE);
    }

    @Test
    void aTornFirstLabelIsMadeUpForByTheCopy() throws IOException {
        DeviceLabel label = TestDevices.format(path, SIZE);
        TestDevices.store(path, 20, new byte[300]);
        byte[] torn = TestDevices.load(path, 0, 4096);
        try (Device device = Devices.open(path, FORCED.expecting(TestDevices.ID, 3))) {
            assertEquals(label, device.readLabel());
        }
        assertArrayEquals(torn, TestDevices.load(path, 0, 4096), "a client heals nothing");
    }

    @Test
    void damageOfBothCopiesIsToldFromNoLabel() throws IOException {
        DeviceLabel label = TestDevices.format(path, SIZE);
        byte[] bytes = label.encode();
        bytes[40] ^= 1;
        TestDevices.store(path, 0, bytes);
        TestDevices.store(path, label.copyOffset(), bytes);
        DeviceLabel.BadChecksum bad = (DeviceLabel.BadChecksum) DeviceLabel.decode(bytes);
        refused(
                DeviceException.Reason.NO_LABEL,
                "its label is damaged (checksum %08x stored, %08x computed)"
                                .formatted(bad.stored(), bad.computed())
                        + NO_LABEL_ADVICE);
    }

    @Test
    void aLabelOfAnotherFormatIsNamed() throws IOException {
        DeviceLabel label = TestDevices.format(path, SIZE);
        byte[] bytes = label.encode();
        bytes[8] = 2;
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, 4092);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(4092, (int) crc.getValue());
        TestDevices.store(path, 0, bytes);
        refused(
                DeviceException.Reason.NO_LABEL,
                "its label has format version 2, and this build reads version 1; use a build that reads it");
    }

    @Test
    void aFileSmallerThanItsLabelSaysIsRefused() throws IOException {
        DeviceLabel label = TestDevices.label(3, 2 * SIZE);
        TestDevices.store(path, SIZE - 1, new byte[1]);
        TestDevices.store(path, 0, label.encode());
        refused(
                DeviceException.Reason.TOO_SMALL,
                "its label says 16777216 bytes, but it has only 8388608;"
                        + " it was cut short, or the label was copied from another device");
    }

    @Test
    void anotherDeviceOrLifeIsRefusedWithBothNamed() throws IOException {
        TestDevices.format(path, SIZE);
        UUID other = UUID.fromString("00000000-0000-4000-8000-0000000000bb");
        TestDevices.assertRefused(
                DeviceException.Reason.MISMATCH,
                path
                        + ": expected device "
                        + other
                        + ", found "
                        + TestDevices.ID
                        + "; this path leads to another device on this host",
                () -> Devices.open(path, FORCED.expecting(other, 3)));
        TestDevices.assertRefused(
                DeviceException.Reason.MISMATCH,
                path
                        + ": expected incarnation 2 of device "
                        + TestDevices.ID
                        + ", found 3; it was formatted or taken over since, reconnect to its server",
                () -> Devices.open(path, FORCED.expecting(TestDevices.ID, 2)));
    }

    private void refused(DeviceException.Reason reason, String problem) {
        TestDevices.assertRefused(reason, path + ": " + problem, () -> Devices.open(path, FORCED));
    }
}
