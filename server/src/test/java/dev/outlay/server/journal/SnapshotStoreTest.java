package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots are whole or not there, and the one before stands in for a damaged one. */
class SnapshotStoreTest {

    private final FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(2));
    private final SnapshotStore snapshots = new SnapshotStore(storage, JournalTesting.VOLUME);

    @TempDir private Path directory = Path.of("");

    private static byte[] image(long position, int bytes) {
        byte[] image = new byte[bytes];
        new SplittableRandom(position).nextBytes(image);
        return image;
    }

    private static byte[] read(Optional<Snapshot> snapshot) throws IOException {
        try (InputStream in = snapshot.orElseThrow().open()) {
            return in.readAllBytes();
        }
    }

    @Test
    void theNewestComesBackAndTwoAreKept() throws IOException {
        assertEquals(Optional.empty(), snapshots.readLatest(0));
        assertEquals(0, snapshots.keepFrom());
        for (long position = 4096; position <= 5 * 4096; position += 4096) {
            snapshots.write(position, image(position, 100));
        }
        assertEquals(5 * 4096, snapshots.readLatest(0).orElseThrow().position());
        assertArrayEquals(image(5 * 4096, 100), read(snapshots.readLatest(0)));
        assertEquals(4 * 4096, snapshots.keepFrom());
        assertEquals(2, storage.list().size());
    }

    @Test
    void imagesOfAnyLengthInARealDirectory() throws IOException {
        SnapshotStore real =
                new SnapshotStore(
                        FileJournalStorage.of(directory, FileJournalStorage.WriteMode.AUTO),
                        JournalTesting.VOLUME);
        for (int bytes : new int[] {0, 1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1, 3_000_000}) {
            byte[] image = image(bytes, bytes);
            real.write(
                    bytes * 4096L,
                    out -> {
                        out.write(image, 0, bytes / 3);
                        for (int i = bytes / 3; i < Math.min(bytes, bytes / 3 + 7); i++) {
                            out.write(image[i]);
                        }
                        int rest = Math.min(bytes, bytes / 3 + 7);
                        out.write(image, rest, bytes - rest);
                    });
            Optional<Snapshot> snapshot = real.readLatest(0);
            assertEquals(bytes, snapshot.orElseThrow().imageBytes());
            assertArrayEquals(image, read(snapshot));
        }
    }

    @Test
    void tornAtEveryByteTheOneBeforeIsUsed() throws IOException {
        snapshots.write(4096, image(1, 300));
        snapshots.write(8192, image(2, 300));
        String newest = new TreeSet<>(storage.list()).last();
        byte[] whole = storage.content(newest);
        for (int cut = 0; cut < whole.length; cut++) {
            byte[] torn = Arrays.copyOf(whole, cut);
            storage.setContent(newest, torn);
            assertThrows(SnapshotDamagedException.class, () -> snapshots.readLatest(8192));
            byte[] zeros = Arrays.copyOf(torn, whole.length);
            if (cut % 8 == 0 && !Arrays.equals(zeros, whole)) {
                storage.setContent(newest, zeros);
                assertThrows(SnapshotDamagedException.class, () -> snapshots.readLatest(8192));
            }
        }
        assertArrayEquals(image(1, 300), read(snapshots.readLatest(0)));
        storage.setContent(newest, whole);
        assertArrayEquals(image(2, 300), read(snapshots.readLatest(0)));
    }

    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        snapshots.write(4096, image(1, 300));
        snapshots.write(8192, image(2, 300));
        String newest = new TreeSet<>(storage.list()).last();
        byte[] whole = storage.content(newest);
        for (int at = 0; at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= (byte) (1 << (at % 8));
            storage.setContent(newest, flipped);
            assertThrows(SnapshotDamagedException.class, () -> snapshots.readLatest(8192));
        }
    }

    @Test
    void withoutASoundOneTheJournalMustReachBack() throws IOException {
        snapshots.write(4096, image(1, 300));
        snapshots.write(8192, image(2, 300));
        String newest = new TreeSet<>(storage.list()).last();
        byte[] damaged = storage.content(newest);
        damaged[5000] ^= 1;
        storage.setContent(newest, damaged);
        // The older one lies before what is left of the journal.
        SnapshotDamagedException e =
                assertThrows(SnapshotDamagedException.class, () -> snapshots.readLatest(8192));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains(storage.describe(newest)), message);
        assertTrue(message.contains("outlay fsck"), message);
        assertEquals(4096, snapshots.readLatest(4096).orElseThrow().position());

        storage.delete(new TreeSet<>(storage.list()).first());
        assertEquals(Optional.empty(), snapshots.readLatest(0));
        SnapshotStore other = new SnapshotStore(storage, new UUID(1, 1));
        assertThrows(SnapshotDamagedException.class, () -> other.readLatest(4096));
    }

    @Test
    void aCrashOrFailureWhileWritingLeavesTheOneBefore() throws IOException {
        int failed = 0;
        for (int seed = 0; seed < 300; seed++) {
            FaultyJournalStorage disk = new FaultyJournalStorage(new SplittableRandom(seed));
            SnapshotStore store = new SnapshotStore(disk, JournalTesting.VOLUME);
            store.write(4096, image(1, 3000));
            store.write(8192, image(2, 3000));
            if (seed % 3 == 0) {
                disk.failAfter(1 + seed % 4);
            } else {
                disk.crashAfter(1 + seed % 10);
            }
            boolean done = false;
            try {
                store.write(12288, image(3, 9000));
                done = true;
            } catch (IOException | FaultyJournalStorage.Crash e) {
                failed++;
            }
            disk.restart();
            long position = store.readLatest(4096).orElseThrow().position();
            assertTrue(List.of(8192L, 12288L).contains(position), "seed " + seed);
            assertTrue(!done || position == 12288, "seed " + seed);
            store.write(16384, image(4, 10));
            assertEquals(16384, store.readLatest(4096).orElseThrow().position());
        }
        assertTrue(failed > 100);
    }
}
