package dev.outlay.server.journal;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads a journal batch by batch and changes nothing. One thread. Memory holds one batch at a time.
 *
 * <p>{@link #next} never throws for damage: it ends, and {@link #stop} says where and why. An
 * {@link IOException} means that the storage could not be read.
 */
public final class JournalScanner implements AutoCloseable {

    private final JournalStorage storage;
    private final Optional<UUID> volume;
    private final long from;
    private final long through;
    private final Deque<SegmentName> waiting = new ArrayDeque<>();
    private @Nullable SegmentReader reader;
    private @Nullable ScanStop stop;

    /** Scans everything there is. */
    public static JournalScanner open(JournalStorage storage) throws IOException {
        return new JournalScanner(
                storage, Optional.empty(), firstPosition(storage), Long.MAX_VALUE);
    }

    /** The position the journal reaches back to; 0 if there is no journal. */
    public static long firstPosition(JournalStorage storage) throws IOException {
        List<SegmentName> segments = SegmentName.live(storage.list());
        return segments.isEmpty() ? 0 : segments.getFirst().start();
    }

    /**
     * Scans from the start of the segment that holds {@code from}, so the first batches may lie
     * before it.
     *
     * @param volume the volume the segments must belong to
     * @param through known to be forced, and to be the end; {@code Long.MAX_VALUE} if not known
     */
    JournalScanner(JournalStorage storage, Optional<UUID> volume, long from, long through)
            throws IOException {
        this.storage = storage;
        this.volume = volume;
        this.from = from;
        this.through = through;
        List<SegmentName> segments = SegmentName.live(storage.list());
        for (int i = 0; i < segments.size(); i++) {
            boolean last = i + 1 == segments.size();
            if (last || segments.get(i + 1).start() > from) {
                waiting.add(segments.get(i));
            }
        }
        if (waiting.isEmpty()) {
            stop = new ScanStop.Damaged(storage.describe(""), 0, 0, "there is no journal segment");
        } else if (waiting.getFirst().start() > from) {
            SegmentName first = waiting.getFirst();
            String reason =
                    "the journal begins at position %d but is needed from %d: an older segment is missing"
                            .formatted(first.start(), from);
            stop = new ScanStop.Damaged(storage.describe(first.text()), 0, from, reason);
        }
    }

    /** The next batch; empty at the end, which {@link #stop} then describes. */
    public Optional<Batch> next() throws IOException {
        while (stop == null) {
            SegmentReader current = reader == null ? openNext() : reader;
            if (current == null) {
                break;
            }
            long bound = bound();
            if (current.position() == bound) {
                endSegment(current);
                continue;
            }
            switch (current.next()) {
                case SegmentReader.Sound(Batch batch) -> {
                    if (batch.endPosition() > bound) {
                        stop =
                                damagedAt(
                                        batch.file(),
                                        batch.offset(),
                                        batch.position(),
                                        "the batch reaches past position %d, where the log goes on elsewhere"
                                                .formatted(bound));
                    } else if (batch.position() < from && from < batch.endPosition()) {
                        stop =
                                damagedAt(
                                        batch.file(),
                                        batch.offset(),
                                        batch.position(),
                                        "position %d of the snapshot lies inside a batch"
                                                .formatted(from));
                    } else {
                        return Optional.of(batch);
                    }
                }
                case SegmentReader.Unsound unsound -> stop = judge(current, unsound);
            }
        }
        return Optional.empty();
    }

    /** Why {@link #next} ended; only then. */
    public ScanStop stop() {
        if (stop == null) {
            throw new IllegalStateException("the scan has not ended");
        }
        return stop;
    }

    /** The segment being read; the last one once the scan ended without damage. */
    Optional<SegmentHeader> segment() {
        return Optional.ofNullable(reader).map(SegmentReader::header);
    }

    /** Position up to which everything in the current segment must be sound and belongs to it. */
    private long bound() {
        SegmentName next = waiting.peekFirst();
        return next == null ? through : Math.min(next.start(), through);
    }

    private @Nullable SegmentReader openNext() throws IOException {
        try {
            SegmentReader opened = SegmentReader.open(storage, waiting.removeFirst());
            reader = opened;
            SegmentHeader header = opened.header();
            if (volume.isPresent() && !volume.get().equals(header.volume())) {
                stop =
                        damagedAt(
                                header.name().text(),
                                0,
                                header.start(),
                                "the segment belongs to volume %s, not to %s"
                                        .formatted(header.volume(), volume.get()));
                return null;
            }
            return opened;
        } catch (JournalCorruptException e) {
            stop = new ScanStop.Damaged(e.file(), e.offset(), e.position(), e.reason());
            return null;
        }
    }

    private void endSegment(SegmentReader ended) throws IOException {
        if (waiting.isEmpty() || ended.position() == through) {
            stop = endAt(ended);
            return;
        }
        int chain = ended.chain();
        ended.close();
        reader = null;
        SegmentReader following = openNext();
        if (following != null && following.header().previousCrc() != chain) {
            stop =
                    damagedAt(
                            following.header().name().text(),
                            0,
                            following.position(),
                            "the segment continues a batch with checksum %08x, but the one before has %08x"
                                    .formatted(following.header().previousCrc(), chain));
        }
    }

    private ScanStop judge(SegmentReader at, SegmentReader.Unsound unsound) throws IOException {
        String file = at.header().name().text();
        String reason = unsound.reason();
        if (unsound.whole()) {
            return damagedAt(file, at.offset(), at.position(), reason);
        }
        SegmentName next = waiting.peekFirst();
        if (next != null) {
            return damagedAt(
                    file,
                    at.offset(),
                    at.position(),
                    "%s; it was forced, for segment %s continues from position %d"
                            .formatted(reason, next.text(), next.start()));
        }
        if (through != Long.MAX_VALUE) {
            return damagedAt(
                    file,
                    at.offset(),
                    at.position(),
                    "%s; it was forced up to position %d".formatted(reason, through));
        }
        SegmentReader.Rest rest = at.rest();
        if (rest.claimOffset().isPresent()) {
            return damagedAt(
                    file,
                    at.offset(),
                    at.position(),
                    "%s; it was forced, as the batch at byte %d says"
                            .formatted(reason, rest.claimOffset().getAsLong()));
        }
        if (at.position() < from) {
            return damagedAt(
                    file,
                    at.offset(),
                    at.position(),
                    "the journal ends here, before position %d of the snapshot".formatted(from));
        }
        return rest.empty()
                ? endAt(at)
                : new ScanStop.TornTail(storage.describe(file), at.offset(), at.position(), reason);
    }

    private ScanStop endAt(SegmentReader at) {
        return new ScanStop.End(
                storage.describe(at.header().name().text()), at.offset(), at.position());
    }

    private ScanStop damagedAt(String file, long offset, long position, String reason) {
        return new ScanStop.Damaged(storage.describe(file), offset, position, reason);
    }

    @Override
    public void close() throws IOException {
        if (reader != null) {
            reader.close();
        }
    }
}
