package dev.outlay.server.journal;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What a scan found at the end of a journal.
 *
 * @param proven position up to which headers, or the caller, prove that the log was forced
 * @param provenCrc CRC of the batch that ends there
 * @param unproven sound batches behind it, to be written again
 * @param end position behind the last sound batch, proven or not
 * @param warnings what is cut
 */
record JournalTail(
        long proven, int provenCrc, List<Batch> unproven, long end, List<String> warnings) {

    /**
     * Scans, replays batches from {@code from} on, and judges the end.
     *
     * @param through known to be forced, and to be the end; {@code Long.MAX_VALUE} if not known
     * @throws JournalCorruptException if the scan ended in damage
     */
    static JournalTail find(
            JournalStorage storage, UUID volume, long from, long through, Consumer<Batch> replay)
            throws IOException {
        try (JournalScanner scanner =
                new JournalScanner(storage, Optional.of(volume), from, through)) {
            Deque<Batch> batches = new ArrayDeque<>();
            Proof proof = new Proof(batches);
            for (Optional<Batch> next = scanner.next(); next.isPresent(); next = scanner.next()) {
                Batch batch = next.get();
                proof.enter(scanner.segment().orElseThrow());
                batches.add(batch);
                proof.through(batch.forcedThrough());
                if (batch.position() >= from && !batch.records().isEmpty()) {
                    replay.accept(batch);
                }
            }
            List<String> warnings = warnings(scanner.stop());
            SegmentHeader last = scanner.segment().orElseThrow();
            proof.enter(last);
            proof.through(Math.max(from, last.start()));
            if (through == Long.MAX_VALUE) {
                String file = storage.describe(last.name().text());
                long bytes = storage.length(last.name().text());
                if (bytes < last.segmentBytes()) {
                    warnings.add(
                            "%s was made with %d bytes and has only %d: something else cut it"
                                    .formatted(file, last.segmentBytes(), bytes));
                }
            } else {
                proof.through(through);
            }
            // Only the seal of a clean close is empty; nothing follows it, and nothing needs it.
            batches.removeIf(batch -> batch.records().isEmpty());
            return new JournalTail(
                    proof.position,
                    proof.crc,
                    List.copyOf(batches),
                    scanner.stop().position(),
                    warnings);
        }
    }

    private static List<String> warnings(ScanStop stop) throws JournalCorruptException {
        return switch (stop) {
            case ScanStop.Damaged damaged ->
                    throw new JournalCorruptException(
                            damaged.file(), damaged.offset(), damaged.position(), damaged.reason());
            case ScanStop.TornTail torn ->
                    new ArrayList<>(List.of(torn.describe() + ". It is cut"));
            case ScanStop.End _ -> new ArrayList<>();
        };
    }

    /** How far the log is proven to have been forced; takes the proven batches out of the queue. */
    private static final class Proof {
        private final Deque<Batch> unproven;
        private boolean entered;
        private long position;
        private int crc;

        Proof(Deque<Batch> unproven) {
            this.unproven = unproven;
        }

        /** The first segment entered gives the place to start from. */
        void enter(SegmentHeader segment) {
            if (!entered) {
                entered = true;
                position = segment.start();
                crc = segment.previousCrc();
            }
        }

        void through(long forced) {
            while (!unproven.isEmpty() && unproven.getFirst().endPosition() <= forced) {
                Batch batch = unproven.removeFirst();
                position = batch.endPosition();
                crc = batch.crc();
            }
        }
    }
}
