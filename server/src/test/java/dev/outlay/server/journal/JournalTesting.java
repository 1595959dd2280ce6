package dev.outlay.server.journal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** What the tests of this package share. */
final class JournalTesting {

    static final UUID VOLUME = new UUID(0x1122334455667788L, 0x99aabbccddeeff00L);

    private JournalTesting() {}

    /** Small segments, no thread: the same seed gives the same bytes. */
    static JournalOptions options(long seed) {
        return new JournalOptions(
                VOLUME,
                10 * Sectors.BYTES,
                5 * Sectors.BYTES,
                100,
                new SplittableRandom(seed)::nextLong,
                Runnable::run);
    }

    static List<byte[]> records(String... texts) {
        List<byte[]> records = new ArrayList<>();
        for (String text : texts) {
            records.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return records;
    }

    static List<byte[]> randomRecords(RandomGenerator random) {
        int count = 1 + random.nextInt(4);
        List<byte[]> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] record = new byte[random.nextInt(random.nextInt(4) == 0 ? 4000 : 200)];
            random.nextBytes(record);
            records.add(record);
        }
        return records;
    }

    static boolean same(List<byte[]> one, List<byte[]> other) {
        if (one.size() != other.size()) {
            return false;
        }
        for (int i = 0; i < one.size(); i++) {
            if (!Arrays.equals(one.get(i), other.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Everything in a journal from a position on, read by opening it; it is closed again. */
    static List<Batch> replayAll(JournalStorage storage, long from) throws IOException {
        List<Batch> batches = new ArrayList<>();
        Journal.open(storage, options(99), from, batches::add).journal().close();
        return batches;
    }

    /** All batches that a scan finds, without opening. */
    static List<Batch> scanAll(JournalStorage storage) throws IOException {
        List<Batch> batches = new ArrayList<>();
        try (JournalScanner scanner = JournalScanner.open(storage)) {
            for (Optional<Batch> next = scanner.next(); next.isPresent(); next = scanner.next()) {
                batches.add(next.get());
            }
        }
        return batches;
    }

    /** The last segment that takes part. */
    static String lastSegment(JournalStorage storage) throws IOException {
        return SegmentName.live(storage.list()).getLast().text();
    }
}
