package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The journal in a real directory: its life without faults, and its bounds. */
class JournalTest {

    private static final int BATCH = Sectors.BYTES;

    @TempDir private Path directory = Path.of("");

    private final JournalOptions options = JournalTesting.options(1);

    private JournalStorage storage() throws IOException {
        return FileJournalStorage.of(directory, FileJournalStorage.WriteMode.AUTO);
    }

    private Journal created(JournalStorage storage) throws IOException {
        Journal.create(storage, options);
        return Journal.open(storage, options, 0, b -> {}).journal();
    }

    private long filesBytes() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatWasAppendedComesBackInOrder(FileJournalStorage.WriteMode mode) throws IOException {
        JournalStorage storage = FileJournalStorage.of(directory, mode);
        SplittableRandom random = new SplittableRandom(17);
        List<List<byte[]>> appended = new ArrayList<>();
        JournalOptions background =
                new JournalOptions(
                        JournalTesting.VOLUME,
                        64 * BATCH,
                        32 * BATCH,
                        1000,
                        random::nextLong,
                        task -> Thread.ofPlatform().daemon().start(task));
        Journal.create(storage, background);
        for (int life = 0; life < 4; life++) {
            List<Batch> replayed = new ArrayList<>();
            Journal.Opened opened = Journal.open(storage, background, 0, replayed::add);
            assertEquals(List.of(), opened.warnings());
            assertEquals(appended.size(), replayed.size());
            for (int i = 0; i < appended.size(); i++) {
                assertTrue(JournalTesting.same(appended.get(i), replayed.get(i).records()));
            }
            try (Journal journal = opened.journal()) {
                for (int i = 0; i < 60; i++) {
                    List<byte[]> records = new ArrayList<>();
                    for (int n = random.nextInt(1, 30); n > 0; n--) {
                        byte[] record = new byte[random.nextInt(2000)];
                        random.nextBytes(record);
                        records.add(record);
                    }
                    long end = journal.append(records);
                    appended.add(records);
                    assertEquals(end, journal.endPosition());
                    if (i % 3 == 0) {
                        journal.force();
                        assertEquals(end, journal.forcedPosition());
                    }
                }
            }
        }
    }

    @Test
    void segmentsRollAndAreDiscardedWhole() throws IOException {
        Journal journal = created(storage());
        List<Long> ends = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            ends.add(journal.append(JournalTesting.records("batch " + i)));
        }
        journal.force();
        assertEquals(filesBytes(), journal.bytesOnDisk());
        assertEquals(0, journal.startPosition());
        long keep = ends.get(20);
        journal.discardBefore(keep);
        assertTrue(journal.startPosition() <= keep);
        assertTrue(keep - journal.startPosition() < options.segmentBytes());
        assertEquals(filesBytes(), journal.bytesOnDisk());
        assertThrows(
                IllegalArgumentException.class,
                () -> journal.discardBefore(journal.endPosition() + 1));
        journal.close();

        List<Batch> replayed = new ArrayList<>();
        Journal.open(storage(), options, keep, replayed::add).journal().close();
        assertEquals(19, replayed.size());
        assertEquals(keep, replayed.getFirst().position());
        assertThrows(
                JournalCorruptException.class, () -> Journal.open(storage(), options, 0, b -> {}));
    }

    @Test
    void openingOftenTakesNoSpaceAndKeepsPositions() throws IOException {
        JournalStorage storage = storage();
        try (Journal journal = created(storage)) {
            journal.append(JournalTesting.records("one"));
            journal.append(JournalTesting.records("two"));
        }
        for (int i = 0; i < 10; i++) {
            Journal journal = Journal.open(storage, options, 0, b -> {}).journal();
            assertEquals(2 * BATCH, journal.endPosition());
            assertTrue(journal.bytesOnDisk() <= 2 * options.segmentBytes());
            if (i % 2 == 0) {
                journal.close();
            }
        }
        assertEquals(2, JournalTesting.scanAll(storage).size());
    }

    @Test
    void whatWasNotForcedButReachedTheDiskIsForcedByOpening() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(8));
        storage.setDurableWrites(true);
        Journal journal = created(storage);
        for (int i = 0; i < 3; i++) {
            journal.append(JournalTesting.records("batch " + i));
        }
        journal.force();
        storage.restart();
        List<Batch> first = new ArrayList<>();
        journal = Journal.open(storage, options, 0, first::add).journal();
        assertEquals(3, first.size());
        assertEquals(3 * BATCH, journal.forcedPosition());
        storage.restart();
        assertEquals(3, JournalTesting.replayAll(storage, 0).size());
    }

    @Test
    void segmentsMadeSmallerTakeAnOldTailOfAnySize() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(8));
        storage.setDurableWrites(true);
        JournalOptions large = options.withSegmentBytes(100 * BATCH).withMaxBatchBytes(90 * BATCH);
        Journal.create(storage, large);
        Journal journal = Journal.open(storage, large, 0, b -> {}).journal();
        journal.append(List.of(new byte[80 * BATCH]));
        journal.force();
        assertEquals(1, JournalTesting.replayAll(storage, 0).size());
        assertEquals(1, JournalTesting.replayAll(storage, 0).size());
    }

    @Test
    void boundsOfABatchAreKept() throws IOException {
        try (Journal journal = created(storage())) {
            assertThrows(IllegalArgumentException.class, () -> journal.append(List.of()));
            byte[] record = new byte[options.maxBatchBytes() - 3];
            assertThrows(IllegalArgumentException.class, () -> journal.append(List.of(record)));
            List<byte[]> many = new ArrayList<>();
            for (int i = 0; i <= options.maxRecords(); i++) {
                many.add(new byte[0]);
            }
            assertThrows(IllegalArgumentException.class, () -> journal.append(many));
            assertEquals(0, journal.endPosition());
            journal.append(many.subList(1, many.size()));
            journal.append(List.of(new byte[options.maxBatchBytes() - 4]));
            assertEquals(0, journal.forcedPosition());
        }
        assertEquals(2, JournalTesting.replayAll(storage(), 0).size());
    }

    @Test
    void optionsThatCannotWorkAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> options.withSegmentBytes(5000));
        assertThrows(IllegalArgumentException.class, () -> options.withSegmentBytes(1L << 40));
        assertThrows(IllegalArgumentException.class, () -> options.withMaxBatchBytes(10 * BATCH));
        assertThrows(IllegalArgumentException.class, () -> options.withMaxBatchBytes(0));
    }

    @Test
    void aJournalIsMadeOnceAndOnlyWhenAsked() throws IOException {
        JournalCorruptException e =
                assertThrows(
                        JournalCorruptException.class,
                        () -> Journal.open(storage(), options, 0, b -> {}));
        assertTrue(e.reason().contains("no journal segment"), e.reason());
        Journal.create(storage(), options);
        assertThrows(FileAlreadyExistsException.class, () -> Journal.create(storage(), options));
    }

    @Test
    void aSnapshotPositionMustFit() throws IOException {
        JournalStorage storage = storage();
        try (Journal journal = created(storage)) {
            journal.append(List.of(new byte[2 * BATCH]));
        }
        JournalCorruptException e =
                assertThrows(
                        JournalCorruptException.class,
                        () -> Journal.open(storage, options, BATCH, b -> {}));
        assertTrue(e.reason().contains("lies inside a batch"), e.reason());
        e =
                assertThrows(
                        JournalCorruptException.class,
                        () -> Journal.open(storage, options, 20 * BATCH, b -> {}));
        assertTrue(e.reason().contains("before position"), e.reason());
    }

    @Test
    void aClosedJournalSaysSo() throws IOException {
        Journal journal = created(storage());
        journal.close();
        journal.close();
        assertThrows(IllegalStateException.class, journal::force);
        assertThrows(
                IllegalStateException.class, () -> journal.append(JournalTesting.records("x")));
        assertFalse(JournalTesting.lastSegment(storage()).isEmpty());
    }
}
