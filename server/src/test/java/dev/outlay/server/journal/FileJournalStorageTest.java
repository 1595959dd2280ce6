package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real directory, direct or buffered, does what the interface says. */
class FileJournalStorageTest {

    @TempDir private Path directory = Path.of("");

    private static ByteBuffer random(int bytes) {
        ByteBuffer buffer = Sectors.allocate(bytes);
        byte[] content = new byte[bytes];
        new SplittableRandom(bytes).nextBytes(content);
        buffer.put(content).flip();
        return buffer;
    }

    @ParameterizedTest
    @EnumSource
    void filesAreZeroFilledWrittenRenamedCutAndDeleted(FileJournalStorage.WriteMode mode)
            throws IOException {
        FileJournalStorage storage = FileJournalStorage.of(directory, mode);
        ByteBuffer written = random(2 * Sectors.BYTES);
        try (JournalFile file = storage.create("a.tmp", 3L * Sectors.BYTES)) {
            assertEquals(3 * Sectors.BYTES, file.length());
            file.write(written, Sectors.BYTES);
            storage.rename("a.tmp", "a");
            storage.syncDirectory();
            file.force();
        }
        byte[] wanted = new byte[3 * Sectors.BYTES];
        written.rewind().get(wanted, Sectors.BYTES, 2 * Sectors.BYTES);
        assertArrayEquals(wanted, Files.readAllBytes(directory.resolve("a")));
        assertEquals(List.of("a"), storage.list());

        storage.truncate("a", 2 * Sectors.BYTES + 100);
        assertEquals(2 * Sectors.BYTES + 100, storage.length("a"));
        try (JournalFile file = storage.open("a")) {
            ByteBuffer read = Sectors.allocate(4 * Sectors.BYTES);
            assertEquals(2 * Sectors.BYTES + 100, file.read(read, 0));
            read.clear().limit(Sectors.BYTES);
            assertEquals(100, file.read(read, 2 * Sectors.BYTES));
            assertEquals(wanted[2 * Sectors.BYTES], read.get(0));
        }
        storage.delete("a");
        storage.delete("a");
        assertEquals(List.of(), storage.list());
    }

    @ParameterizedTest
    @EnumSource
    void aFileOfLengthZeroGrows(FileJournalStorage.WriteMode mode) throws IOException {
        FileJournalStorage storage = FileJournalStorage.of(directory, mode);
        try (JournalFile file = storage.create("s", 0)) {
            file.write(random(Sectors.BYTES), Sectors.BYTES);
            file.force();
            assertEquals(2 * Sectors.BYTES, file.length());
        }
        assertThrows(FileAlreadyExistsException.class, () -> storage.create("s", 0));
    }

    @ParameterizedTest
    @EnumSource
    void aFullFileSystemIsSaidWithNumbersAndLeavesNothing(FileJournalStorage.WriteMode mode)
            throws IOException {
        FileJournalStorage storage = FileJournalStorage.of(directory, mode);
        long tooMuch = (Files.getFileStore(directory).getTotalSpace() & -Sectors.BYTES) * 2;
        JournalFullException e =
                assertThrows(JournalFullException.class, () -> storage.create("big", tooMuch));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("it needs " + tooMuch + " bytes"), message);
        assertTrue(message.contains("big"), message);
        assertEquals(List.of(), storage.list());
    }
}
