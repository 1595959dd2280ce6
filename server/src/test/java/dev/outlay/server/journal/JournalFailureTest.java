package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Failed writes, failed forces and full disks: what is safe stays, what is void stays void. */
class JournalFailureTest {

    private final JournalOptions options = JournalTesting.options(4);

    private static List<String> texts(List<Batch> batches) {
        return batches.stream()
                .map(b -> new String(b.records().getFirst(), StandardCharsets.UTF_8))
                .toList();
    }

    private static Journal journalWithOneForced(FaultyJournalStorage storage) throws IOException {
        JournalOptions options = JournalTesting.options(5);
        Journal.create(storage, options);
        Journal journal = Journal.open(storage, options, 0, b -> {}).journal();
        journal.append(JournalTesting.records("forced"));
        journal.force();
        return journal;
    }

    @Test
    void afterAFailedForceTheVoidTailNeverComesBack() throws IOException {
        for (int seed = 0; seed < 200; seed++) {
            for (int failing = 1; failing <= 2; failing++) {
                FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(seed));
                Journal journal = journalWithOneForced(storage);
                String segment = JournalTesting.lastSegment(storage);
                journal.append(JournalTesting.records("void 1"));
                journal.append(JournalTesting.records("void 2"));
                storage.failAfter(failing);
                JournalFailedException first =
                        assertThrows(JournalFailedException.class, journal::force);
                assertTrue(String.valueOf(first.getMessage()).contains("injected"));
                // Never tried again, and the reason is kept.
                JournalFailedException again =
                        assertThrows(JournalFailedException.class, journal::force);
                assertEquals(first.getMessage(), again.getMessage());
                assertThrows(
                        JournalFailedException.class,
                        () -> journal.append(JournalTesting.records("refused")));
                assertThrows(JournalFailedException.class, journal::ensureRoom);
                long durable = journal.forcedPosition();
                journal.close();

                List<Batch> replayed = new ArrayList<>();
                Journal next =
                        Journal.reopen(storage, options, 0, durable, replayed::add).journal();
                assertEquals(List.of("forced"), texts(replayed), "seed " + seed);
                assertEquals(durable, next.endPosition());
                assertNotEquals(segment, JournalTesting.lastSegment(storage));
                next.append(JournalTesting.records("new"));
                next.force();
                if (seed % 2 == 0) {
                    storage.restart();
                }
                for (int reopen = 0; reopen < 3; reopen++) {
                    assertEquals(
                            List.of("forced", "new"),
                            texts(JournalTesting.replayAll(storage, 0)),
                            "seed " + seed);
                }
            }
        }
    }

    /** Another thread forces while more is appended, over the ends of buffers and segments. */
    @Test
    void whatIsAppendedDuringAForceIsForcedByTheNext() throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(seed));
            Journal journal = journalWithOneForced(storage);
            SplittableRandom random = new SplittableRandom(seed);
            List<List<byte[]>> appended = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                append(journal, random, appended);
                long end = journal.endPosition();
                Journal.Force force = journal.beginForce();
                Thread forcing = Thread.startVirtualThread(force);
                int forcedFirst = appended.size();
                append(journal, random, appended);
                journal.endForce();
                forcing.join();
                assertTrue(journal.forcedPosition() >= end);
                if (i == 49) {
                    // What comes behind the force is lost, or found whole.
                    storage.restart();
                    List<Batch> found = JournalTesting.replayAll(storage, 0);
                    assertTrue(found.size() > forcedFirst, "seed " + seed);
                    for (int batch = 1; batch < found.size(); batch++) {
                        assertTrue(
                                JournalTesting.same(
                                        appended.get(batch - 1), found.get(batch).records()));
                    }
                }
            }
        }
    }

    private static void append(
            Journal journal, SplittableRandom random, List<List<byte[]>> appended)
            throws IOException {
        List<byte[]> records = JournalTesting.randomRecords(random);
        journal.append(records);
        appended.add(records);
    }

    @Test
    void afterAForceOfAnotherThreadHasFailedNothingIsWritten() throws IOException {
        for (int failing = 1; failing <= 2; failing++) {
            FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(failing));
            Journal journal = journalWithOneForced(storage);
            long durable = journal.forcedPosition();
            journal.append(JournalTesting.records("void 1"));
            Journal.Force force = journal.beginForce();
            journal.append(JournalTesting.records("void 2"));
            storage.failAfter(failing);
            force.run();
            assertThrows(JournalFailedException.class, journal::endForce);
            assertThrows(JournalFailedException.class, journal::endForce);
            assertThrows(JournalFailedException.class, journal::force);
            assertThrows(JournalFailedException.class, journal::beginForce);
            assertEquals(durable, journal.forcedPosition());
            journal.close();
            List<Batch> replayed = new ArrayList<>();
            Journal.reopen(storage, options, 0, durable, replayed::add).journal().close();
            assertEquals(List.of("forced"), texts(replayed));
        }
    }

    @Test
    void aVoidTailOfTheSameBytesStaysVoid() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(3));
        storage.setDurableWrites(true);
        Journal journal = journalWithOneForced(storage);
        journal.append(JournalTesting.records("same"));
        journal.append(JournalTesting.records("void"));
        journal.force();
        long durable = 4096;
        Journal next = Journal.reopen(storage, options, 0, durable, b -> {}).journal();
        next.append(JournalTesting.records("same"));
        next.force();
        assertEquals(List.of("forced", "same"), texts(JournalTesting.replayAll(storage, 0)));
    }

    @Test
    void pagesThatAFailedForceDroppedAreNeverTrusted() throws IOException {
        int kept = 0;
        for (int seed = 0; seed < 300; seed++) {
            FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(seed));
            Journal journal = journalWithOneForced(storage);
            journal.append(JournalTesting.records("doubtful"));
            storage.failAfter(2);
            assertThrows(JournalFailedException.class, journal::force);
            // The process is started anew, so nothing is known of the failure; then power is lost.
            List<String> seen = texts(JournalTesting.replayAll(storage, 0));
            storage.restart();
            assertEquals(seen, texts(JournalTesting.replayAll(storage, 0)), "seed " + seed);
            kept += seen.size() - 1;
        }
        assertTrue(kept > 0);
    }

    @Test
    void aFullDiskShowsBeforeAnAppendAndPasses() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(1));
        Journal journal = journalWithOneForced(storage);
        storage.setCapacityBytes(options.segmentBytes());
        List<String> wanted = new ArrayList<>(List.of("forced"));
        assertEquals(Optional.empty(), journal.spaceProblem());
        JournalFullException full =
                assertThrows(
                        JournalFullException.class,
                        () -> {
                            for (int i = 0; i < 100; i++) {
                                journal.ensureRoom();
                                journal.append(JournalTesting.records("batch " + i));
                                wanted.add("batch " + i);
                            }
                        });
        assertTrue(String.valueOf(full.getMessage()).contains("no space"));
        assertTrue(journal.spaceProblem().isPresent());
        journal.force();
        // What the space left still takes is taken; then append itself refuses and changes nothing.
        assertThrows(
                JournalFullException.class,
                () -> {
                    for (int i = 0; i < 100; i++) {
                        journal.append(JournalTesting.records("more " + i));
                        wanted.add("more " + i);
                    }
                });
        journal.force();
        assertEquals(journal.endPosition(), journal.forcedPosition());
        assertEquals(wanted, texts(JournalTesting.scanAll(storage)));

        storage.setCapacityBytes(Long.MAX_VALUE);
        journal.ensureRoom();
        journal.append(JournalTesting.records("after"));
        wanted.add("after");
        journal.close();
        assertEquals(wanted, texts(JournalTesting.replayAll(storage, 0)));
    }

    @Test
    void aFullDiskAtOpeningLosesNothing() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(1));
        journalWithOneForced(storage);
        storage.setCapacityBytes(0);
        assertThrows(JournalFullException.class, () -> Journal.open(storage, options, 0, b -> {}));
        storage.setCapacityBytes(Long.MAX_VALUE);
        assertEquals(List.of("forced"), texts(JournalTesting.replayAll(storage, 0)));
    }

    @Test
    void openingUsesTheSpaceThatTheOldSegmentNeedsNoMore() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(1));
        journalWithOneForced(storage);
        storage.setCapacityBytes(options.segmentBytes() + 2 * Sectors.BYTES);
        for (int i = 0; i < 3; i++) {
            assertEquals(List.of("forced"), texts(JournalTesting.replayAll(storage, 0)));
        }
    }

    @Test
    void theSegmentMadeAheadIsThereWhenTheDiskFillsUp() throws IOException {
        FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(1));
        Journal journal = journalWithOneForced(storage);
        while (journal.bytesOnDisk() == options.segmentBytes()) {
            journal.append(JournalTesting.records("filling"));
        }
        storage.setCapacityBytes(0);
        // Three sectors are left in this segment, and nine in the next, of which a batch takes six.
        for (int i = 0; i < 7; i++) {
            journal.ensureRoom();
            journal.append(JournalTesting.records("batch " + i));
        }
        journal.force();
    }

    @Test
    void creatingAnewAfterACrashInCreateWorks() throws IOException {
        for (int seed = 0; seed < 50; seed++) {
            FaultyJournalStorage storage = new FaultyJournalStorage(new SplittableRandom(seed));
            storage.crashAfter(1 + seed % 5);
            try {
                Journal.create(storage, options);
            } catch (FaultyJournalStorage.Crash e) {
                storage.restart();
            }
            storage.crashAfter(Long.MAX_VALUE);
            if (SegmentName.live(storage.list()).isEmpty()) {
                Journal.create(storage, options);
            }
            assertEquals(List.of(), JournalTesting.replayAll(storage, 0));
        }
    }
}
