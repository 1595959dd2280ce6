package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Scenario 41 at the level of the journal: tails cut anywhere, bits flipped anywhere before them.
 */
class JournalDamageTest {

    private static final int FLIPS = 2000;
    private static final int SEGMENTS = 4;

    private final FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(41));
    private final List<List<byte[]>> appended = new ArrayList<>();

    /** Some segments, the last with room for a tail; the batches forced one by one. */
    private Journal fill() throws IOException {
        Journal.create(storage, JournalTesting.options(1));
        Journal journal = Journal.open(storage, JournalTesting.options(2), 0, b -> {}).journal();
        SplittableRandom random = new SplittableRandom(3);
        int used = 0;
        while (SegmentName.live(storage.list()).size() < SEGMENTS || used < 5 || used > 7) {
            List<byte[]> records = JournalTesting.randomRecords(random);
            appended.add(records);
            journal.append(records);
            journal.force();
            used = offsetOf(journal.endPosition()) / Sectors.BYTES - 1;
        }
        return journal;
    }

    private Map<String, byte[]> contents() throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        for (String name : storage.list()) {
            contents.put(name, storage.content(name));
        }
        return contents;
    }

    private FaultyJournalStorage copy(Map<String, byte[]> contents) throws IOException {
        FaultyJournalStorage copy = new FaultyJournalStorage(new SplittableRandom(5));
        for (Map.Entry<String, byte[]> file : contents.entrySet()) {
            copy.create(file.getKey(), 0).close();
            copy.setContent(file.getKey(), file.getValue());
        }
        return copy;
    }

    private void assertReplays(JournalStorage from, int least, int most) throws IOException {
        List<Batch> replayed = JournalTesting.replayAll(from, 0);
        assertTrue(
                least <= replayed.size() && replayed.size() <= most,
                () -> "%d batches, wanted %d to %d".formatted(replayed.size(), least, most));
        for (int i = 0; i < replayed.size(); i++) {
            assertTrue(JournalTesting.same(appended.get(i), replayed.get(i).records()));
        }
    }

    @Test
    void scenario41_cutAtEveryByteOfTheTail() throws IOException {
        Journal journal = fill();
        int forced = appended.size();
        int tailStart = offsetOf(journal.endPosition());
        // Two sectors; of the second only a few bytes are no padding.
        List<byte[]> tail = List.of(new byte[2000], new byte[2100], new byte[10]);
        Arrays.fill(tail.getFirst(), (byte) 7);
        appended.add(tail);
        journal.append(tail);
        int tailEnd = offsetOf(journal.endPosition());
        journal.force();
        String last = JournalTesting.lastSegment(storage);
        Map<String, byte[]> whole = contents();
        int padding = tailEnd - Sectors.BYTES + 500;
        for (int cut = tailStart; cut <= tailEnd; cut += cut < padding ? 1 : 37) {
            Map<String, byte[]> damaged = new HashMap<>(whole);
            // Every other time the rest is turned to zeros, as preallocation leaves it.
            byte[] content = Arrays.copyOf(storage.content(last), cut);
            damaged.put(last, cut % 2 == 0 ? content : Arrays.copyOf(content, tailEnd));
            assertReplays(copy(damaged), forced, forced + 1);
        }
        assertReplays(copy(whole), forced + 1, forced + 1);
    }

    @Test
    void scenario41_flippedBitBeforeTheTailRefusesToStartAndNamesThePlace() throws IOException {
        fill();
        Map<String, byte[]> whole = contents();
        List<Batch> batches = JournalTesting.scanAll(storage);
        assertEquals(appended.size(), batches.size());
        List<SegmentName> segments = SegmentName.live(storage.list());
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < FLIPS; i++) {
            Batch batch = batches.get(random.nextInt(batches.size() - 1));
            boolean inHeader = i % 20 == 0;
            String file = inHeader ? segments.get(i / 20 % segments.size()).text() : batch.file();
            long first = inHeader ? 0 : batch.offset();
            long size = inHeader ? Sectors.BYTES : batch.endPosition() - batch.position();
            // Every bit of the fields is met often, those of the payload by chance.
            long within =
                    random.nextInt(3) == 0
                            ? random.nextLong(BatchFormat.HEADER_BYTES)
                            : random.nextLong(size);
            byte[] content = storage.content(file);
            int bit = random.nextInt(8);
            content[(int) (first + within)] ^= (byte) (1 << bit);
            Map<String, byte[]> damaged = new HashMap<>(whole);
            damaged.put(file, content);
            FaultyJournalStorage disk = copy(damaged);
            String where = "%s byte %d bit %d".formatted(file, first + within, bit);
            JournalCorruptException e =
                    assertThrows(
                            JournalCorruptException.class,
                            () -> JournalTesting.replayAll(disk, 0),
                            where);
            assertEquals(storage.describe(file), e.file(), where);
            assertEquals(first, e.offset(), where);
            assertTrue(String.valueOf(e.getMessage()).contains("outlay fsck"), where);
            assertEquals(damaged.keySet(), new HashSet<>(disk.list()), where);
        }
    }

    @Test
    void flippedBitInTheTailIsCutWithAWarning() throws IOException {
        fill();
        String last = JournalTesting.lastSegment(storage);
        List<Batch> batches = JournalTesting.scanAll(storage);
        byte[] content = storage.content(last);
        content[(int) batches.getLast().offset() + 70] ^= 1;
        storage.setContent(last, content);
        Journal.Opened opened = Journal.open(storage, JournalTesting.options(6), 0, b -> {});
        assertEquals(1, opened.warnings().size());
        assertTrue(opened.warnings().getFirst().contains("torn tail"));
        assertEquals(batches.getLast().position(), opened.journal().endPosition());
    }

    @Test
    void aCleanCloseProtectsTheLastBatchToo() throws IOException {
        fill().close();
        Map<String, byte[]> whole = contents();
        List<Batch> batches = JournalTesting.scanAll(storage);
        assertTrue(batches.getLast().records().isEmpty());
        Batch lastBatch = batches.get(batches.size() - 2);
        byte[] content = storage.content(lastBatch.file());
        content[(int) lastBatch.offset() + 20] ^= 4;
        whole.put(lastBatch.file(), content);
        FaultyJournalStorage disk = copy(whole);
        assertThrows(JournalCorruptException.class, () -> JournalTesting.replayAll(disk, 0));
    }

    @Test
    void aMissingSegmentIsNamed() throws IOException {
        fill();
        List<SegmentName> segments = SegmentName.live(storage.list());
        for (int missing = 0; missing < segments.size() - 1; missing++) {
            Map<String, byte[]> damaged = contents();
            damaged.remove(segments.get(missing).text());
            FaultyJournalStorage disk = copy(damaged);
            JournalCorruptException e =
                    assertThrows(
                            JournalCorruptException.class, () -> JournalTesting.replayAll(disk, 0));
            assertEquals(segments.get(missing).start(), e.position());
        }
        // Without the last one only a snapshot can tell.
        long position = segments.getLast().start() + Sectors.BYTES;
        storage.delete(segments.getLast().text());
        JournalCorruptException e =
                assertThrows(
                        JournalCorruptException.class,
                        () -> JournalTesting.replayAll(storage, position));
        assertTrue(e.reason().contains("before position " + position), e.reason());
    }

    @Test
    void aSoundBatchInTheWrongChainIsDamage() throws IOException {
        fill();
        List<Batch> batches = JournalTesting.scanAll(storage);
        Batch last = batches.getLast();
        // The batch before the last, or the one the segment continues, is another one than it was.
        for (Batch changed : List.of(batches.get(batches.size() - 2), batchBefore(last.file()))) {
            Map<String, byte[]> damaged = contents();
            byte[] content = storage.content(changed.file());
            ByteBuffer in = Sectors.allocate(content.length).put(content);
            in.position((int) changed.offset());
            List<byte[]> records = new ArrayList<>(changed.records());
            records.getFirst()[0] ^= 1;
            BatchFormat.put(
                    in,
                    in.getLong(in.position() + BatchFormat.SALT_OFFSET),
                    changed.position(),
                    changed.forcedThrough(),
                    in.getInt(in.position() + BatchFormat.PREVIOUS_CRC_OFFSET),
                    records);
            in.rewind().get(content);
            damaged.put(changed.file(), content);
            FaultyJournalStorage disk = copy(damaged);
            JournalCorruptException e =
                    assertThrows(
                            JournalCorruptException.class, () -> JournalTesting.replayAll(disk, 0));
            assertEquals(changed.endPosition(), e.position());
            assertTrue(e.reason().contains("the one before has"), e.reason());
        }
    }

    /** The batch that ends where the file begins. */
    private Batch batchBefore(String file) throws IOException {
        long start = SegmentName.parse(file).orElseThrow().start();
        return JournalTesting.scanAll(storage).stream()
                .filter(batch -> batch.endPosition() == start)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void foreignAndMisplacedSegmentsAreRefused() throws IOException {
        fill();
        JournalOptions other =
                new JournalOptions(
                        new UUID(1, 2),
                        10 * Sectors.BYTES,
                        Sectors.BYTES,
                        10,
                        () -> 1,
                        Runnable::run);
        JournalCorruptException e =
                assertThrows(
                        JournalCorruptException.class,
                        () -> Journal.open(storage, other, 0, b -> {}));
        assertTrue(e.reason().contains("belongs to volume"), e.reason());
        String last = JournalTesting.lastSegment(storage);
        storage.rename(last, new SegmentName(77, 4096).text());
        e =
                assertThrows(
                        JournalCorruptException.class,
                        () -> JournalTesting.replayAll(storage, 4096));
        assertTrue(e.reason().contains("was made as " + last), e.reason());
    }

    @Test
    void bytesThatLookLikeABatchInsideARecordAreNoClaim() throws IOException {
        Journal.create(storage, JournalTesting.options(1));
        Journal journal = Journal.open(storage, JournalTesting.options(2), 0, b -> {}).journal();
        journal.append(JournalTesting.records("first"));
        journal.force();
        // A client that can choose stored bytes writes a header claiming that all was forced.
        byte[] forged = new byte[3 * Sectors.BYTES];
        ByteBuffer sector = Sectors.allocate(Sectors.BYTES);
        BatchFormat.put(sector, 12345, 2 * Sectors.BYTES, 2 * Sectors.BYTES, 0, List.of());
        sector.rewind().get(forged, Sectors.BYTES - 68, Sectors.BYTES);
        long position = journal.append(List.of(forged)) - 4 * Sectors.BYTES;
        journal.force();
        String last = JournalTesting.lastSegment(storage);
        byte[] content = storage.content(last);
        content[offsetOf(position)] ^= 1;
        storage.setContent(last, content);
        List<Batch> replayed = new ArrayList<>();
        Journal.open(storage, JournalTesting.options(3), 0, replayed::add);
        assertEquals(1, replayed.size());
        assertFalse(storage.list().isEmpty());
    }

    private int offsetOf(long position) throws IOException {
        long start = SegmentName.live(storage.list()).getLast().start();
        return (int) (Sectors.BYTES + position - start);
    }
}
