package dev.outlay.server.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random lives of a journal on a bad disk against a plain list: what was forced is there, in order,
 * and nothing that was not appended, or once was lost, ever comes back.
 */
class JournalCrashTest {

    private static final int SEEDS = 420;
    private static final int CYCLES = 24;

    @Test
    void whatWasForcedIsThereAndNothingElseComesBack() {
        Set<String> reached = new TreeSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            try {
                new Life(seed, reached).live();
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
        }
        assertEquals(
                new TreeSet<>(
                        List.of(
                                "clean close",
                                "crash while opening",
                                "crash while working",
                                "disk full",
                                "failure while opening",
                                "failure while working",
                                "killed",
                                "reopened through",
                                "tail kept",
                                "tail lost",
                                "torn tail cut")),
                reached);
    }

    /** One journal, from its creation through many ends. */
    private static final class Life {

        private record Entry(long position, long end, List<byte[]> records) {}

        private final SplittableRandom random;
        private final FaultyJournalStorage storage;
        private final JournalOptions options;
        private final Set<String> reached;
        private final List<Entry> log = new ArrayList<>();
        private int forced;
        private long from;
        private long end;

        /** Position a failed journal had forced, while its process lives. */
        private long through = Long.MAX_VALUE;

        Life(long seed, Set<String> reached) {
            this.random = new SplittableRandom(seed);
            this.storage = new FaultyJournalStorage(random);
            this.options = JournalTesting.options(seed);
            this.reached = reached;
        }

        void live() throws IOException {
            storage.setDurableWrites(random.nextBoolean());
            Journal.create(storage, options);
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                Journal journal = open();
                if (journal != null) {
                    work(journal);
                }
            }
        }

        /** Opens, perhaps with a fault on the way; null if that came to nothing. */
        private @Nullable Journal open() throws IOException {
            int fault = random.nextInt(8);
            if (fault == 0) {
                storage.crashAfter(1 + random.nextInt(12));
            } else if (fault == 1) {
                storage.failAfter(1 + random.nextInt(4));
            }
            List<Batch> replayed = new ArrayList<>();
            Journal.Opened opened;
            try {
                boolean known = through != Long.MAX_VALUE;
                opened =
                        known
                                ? Journal.reopen(storage, options, from, through, replayed::add)
                                : Journal.open(storage, options, from, replayed::add);
                reach(known, "reopened through");
            } catch (FaultyJournalStorage.Crash e) {
                reached.add("crash while opening");
                restart();
                return null;
            } catch (JournalException e) {
                throw e;
            } catch (IOException e) {
                assertEquals(1, fault, String.valueOf(e.getMessage()));
                reached.add("failure while opening");
                return null;
            }
            calm();
            reach(!opened.warnings().isEmpty(), "torn tail cut");
            check(replayed);
            Journal journal = opened.journal();
            assertEquals(end, journal.endPosition());
            assertEquals(end, journal.forcedPosition());
            return journal;
        }

        private void check(List<Batch> replayed) {
            assertTrue(
                    forced <= replayed.size() && replayed.size() <= log.size(),
                    () ->
                            "forced %d, appended %d, replayed %d"
                                    .formatted(forced, log.size(), replayed.size()));
            if (through != Long.MAX_VALUE) {
                assertEquals(forced, replayed.size());
            }
            for (int i = 0; i < replayed.size(); i++) {
                Batch batch = replayed.get(i);
                Entry entry = log.get(i);
                assertEquals(entry.position, batch.position());
                assertEquals(entry.end, batch.endPosition());
                assertTrue(JournalTesting.same(entry.records, batch.records()));
            }
            reach(replayed.size() > forced, "tail kept");
            reach(replayed.size() < log.size(), "tail lost");
            log.subList(replayed.size(), log.size()).clear();
            forced = log.size();
            end = log.isEmpty() ? from : log.getLast().end;
            through = Long.MAX_VALUE;
        }

        /** Works until the journal ends one way or another. */
        private void work(Journal journal) throws IOException {
            int way = random.nextInt(4);
            if (way == 0) {
                storage.crashAfter(1 + random.nextInt(12));
            } else if (way == 1) {
                storage.failAfter(1 + random.nextInt(6));
            }
            int steps = random.nextInt(40);
            try {
                for (int i = 0; i < steps || way < 2; i++) {
                    step(journal);
                }
                if (way == 2) {
                    reached.add("killed");
                } else {
                    journal.close();
                    forced = log.size();
                    reached.add("clean close");
                }
                if (random.nextInt(4) == 0) {
                    restart();
                }
            } catch (FaultyJournalStorage.Crash e) {
                reached.add("crash while working");
                restart();
            } catch (JournalFailedException e) {
                afterFailure(journal);
            } catch (CompletionException e) {
                assertTrue(storage.hasCrashed());
                restart();
            }
        }

        private void step(Journal journal) throws IOException {
            int action = random.nextInt(20);
            if (action < 12) {
                append(journal);
            } else if (action < 18) {
                journal.force();
                forced = log.size();
                assertEquals(end, journal.forcedPosition());
            } else if (action == 18) {
                snapshot(journal);
            } else {
                storage.setCapacityBytes(0);
                try {
                    append(journal);
                    journal.ensureRoom();
                } catch (JournalFullException e) {
                    reached.add("disk full");
                } finally {
                    storage.setCapacityBytes(Long.MAX_VALUE);
                }
            }
        }

        private void append(Journal journal) throws IOException {
            List<byte[]> records = JournalTesting.randomRecords(random);
            // A crash inside the call may leave it on the disk, so it counts as appended before.
            long size = BatchFormat.sizeBytes(BatchFormat.payloadBytes(records));
            log.add(new Entry(end, end + size, records));
            end += size;
            try {
                assertEquals(end, journal.append(records));
                forced = Math.max(forced, countThrough(journal.forcedPosition()));
            } catch (JournalFullException e) {
                log.removeLast();
                end -= size;
                assertEquals(end, journal.endPosition());
                throw e;
            }
        }

        private int countThrough(long position) {
            int count = 0;
            while (count < log.size() && log.get(count).end <= position) {
                count++;
            }
            return count;
        }

        /** Moves the place that replay starts from, and lets go of the journal before it. */
        private void snapshot(Journal journal) throws IOException {
            if (forced > 0) {
                int drop = 1 + random.nextInt(forced);
                from = log.get(drop - 1).end;
                log.subList(0, drop).clear();
                forced -= drop;
                journal.discardBefore(from);
            }
        }

        /** The process goes on, or is started again, or the machine is. */
        private void afterFailure(Journal journal) throws IOException {
            reached.add("failure while working");
            long durable = journal.forcedPosition();
            forced = Math.max(forced, countThrough(durable));
            journal.close();
            switch (random.nextInt(3)) {
                case 0 -> restart();
                case 1 -> calm();
                default -> {
                    calm();
                    through = durable;
                }
            }
        }

        private void calm() {
            storage.crashAfter(Long.MAX_VALUE);
            storage.failAfter(Long.MAX_VALUE);
        }

        private void restart() {
            storage.restart();
            through = Long.MAX_VALUE;
        }

        private void reach(boolean condition, String what) {
            if (condition) {
                reached.add(what);
            }
        }
    }
}
