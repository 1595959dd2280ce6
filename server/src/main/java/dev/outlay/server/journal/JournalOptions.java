package dev.outlay.server.journal;

import java.security.SecureRandom;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Sizes and helpers of one journal.
 *
 * @param volume id of the volume; a journal of another is refused
 * @param segmentBytes length of a new segment file, whole sectors
 * @param maxBatchBytes most payload of a batch: bytes of its records and 4 for each
 * @param maxRecords most records of a batch
 * @param salts random numbers, one a segment, so that no stored bytes can pass for a batch
 * @param preallocator runs the making of the next segment ahead of its need
 */
public record JournalOptions(
        UUID volume,
        long segmentBytes,
        int maxBatchBytes,
        int maxRecords,
        LongSupplier salts,
        Executor preallocator) {

    private static final long MAX_SEGMENT_BYTES = 1L << 30;

    public JournalOptions {
        if (maxBatchBytes < BatchFormat.RECORD_PREFIX_BYTES || maxRecords < 1) {
            throw new IllegalArgumentException("a batch must have room for a record");
        }
        if (!Sectors.isAligned(segmentBytes) || segmentBytes > MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException(
                    "segment of %d bytes: must be a multiple of %d, at most %d"
                            .formatted(segmentBytes, Sectors.BYTES, MAX_SEGMENT_BYTES));
        }
        if (segmentBytes < Sectors.BYTES + BatchFormat.sizeBytes(maxBatchBytes)) {
            throw new IllegalArgumentException(
                    "segment of %d bytes cannot hold a batch of %d bytes; make it larger"
                            .formatted(segmentBytes, maxBatchBytes));
        }
    }

    /** Segments of 64 MiB, batches up to 8 MiB, true random salts, a short-lived thread ahead. */
    public static JournalOptions defaults(UUID volume) {
        return new JournalOptions(
                volume,
                64L << 20,
                8 << 20,
                1 << 16,
                new SecureRandom()::nextLong,
                task -> Thread.ofPlatform().daemon().name("journal-preallocate").start(task));
    }

    /** The same with segments of another length. */
    public JournalOptions withSegmentBytes(long bytes) {
        return new JournalOptions(volume, bytes, maxBatchBytes, maxRecords, salts, preallocator);
    }

    /** The same with another bound on batches. */
    public JournalOptions withMaxBatchBytes(int bytes) {
        return new JournalOptions(volume, segmentBytes, bytes, maxRecords, salts, preallocator);
    }
}
