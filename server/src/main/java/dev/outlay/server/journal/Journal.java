package dev.outlay.server.journal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The log of one volume: batches of opaque records, durable up to {@link #forcedPosition}.
 *
 * <p>One thread at a time; that thread must not be interrupted, which would close the file under
 * it. {@link #append} fills a buffer, {@link #force} writes it and waits for the disk. Another
 * thread may do that part alone, a {@link Force}, while more is appended. The caller holds the
 * {@link JournalLock} of the volume.
 *
 * <p>Once a write or a force has failed, every call that writes throws {@link
 * JournalFailedException} with the first reason; {@code close} and then {@link #reopen} with the
 * forced position go on in a new segment. {@link JournalFullException} leaves the journal usable.
 */
public final class Journal implements AutoCloseable {

    private final JournalStorage storage;
    private final JournalOptions options;
    private final SegmentPreparer preparer;
    private final List<Segment> segments;
    private final long openedAt;
    private SegmentWriter active;
    private long forced;
    private @Nullable Force underWay;
    private @Nullable JournalFailedException failure;
    private boolean closed;

    /**
     * What was appended up to a position, on its way to the disk: to be run by any thread. If
     * nobody has when it is waited for, who waits does.
     */
    public static final class Force implements Runnable {
        private final SegmentWriter.Full batches;
        private final long end;
        private final AtomicBoolean begun = new AtomicBoolean();
        private final CompletableFuture<Optional<IOException>> outcome = new CompletableFuture<>();

        private Force(SegmentWriter.Full batches, long end) {
            this.batches = batches;
            this.end = end;
        }

        public boolean isDone() {
            return outcome.isDone();
        }

        @Override
        public void run() {
            if (begun.getAndSet(true)) {
                return;
            }
            try {
                batches.force();
                outcome.complete(Optional.empty());
            } catch (IOException e) {
                outcome.complete(Optional.of(e));
            } catch (RuntimeException | Error e) {
                outcome.complete(Optional.of(new IOException(String.valueOf(e), e)));
                throw e;
            }
        }
    }

    /** A segment on disk, the active one last. */
    private record Segment(SegmentName name, long bytes) {}

    /**
     * An open journal.
     *
     * @param warnings what was cut, in words for the log; empty after a clean stop
     */
    public record Opened(Journal journal, List<String> warnings) {
        public Opened {
            warnings = List.copyOf(warnings);
        }
    }

    private Journal(
            JournalStorage storage,
            JournalOptions options,
            List<Segment> segments,
            SegmentWriter active) {
        this.storage = storage;
        this.options = options;
        this.preparer =
                new SegmentPreparer(storage, options.preallocator(), options.segmentBytes());
        this.segments = segments;
        this.active = active;
        this.openedAt = active.end();
        this.forced = active.end();
    }

    /**
     * Makes an empty journal for a new volume.
     *
     * @throws FileAlreadyExistsException if there is one
     */
    public static void create(JournalStorage storage, JournalOptions options) throws IOException {
        List<SegmentName> existing = SegmentName.sorted(storage.list());
        if (!existing.isEmpty()) {
            throw new FileAlreadyExistsException(
                    storage.describe(existing.getFirst().text()),
                    null,
                    "a journal is here already");
        }
        deleteTemporaries(storage);
        newSegment(storage, options, new SegmentName(1, 0), 0, List.of()).close();
    }

    /**
     * Opens the journal and replays it.
     *
     * @param fromPosition end of the last batch the caller's snapshot holds; 0 without one
     * @param replay gets every batch from there on, in order; what it built is worth nothing if
     *     this method throws
     * @throws JournalCorruptException if forced bytes are damaged or missing; nothing was changed
     * @throws JournalFullException if there is no space for a new segment; nothing is lost
     */
    public static Opened open(
            JournalStorage storage,
            JournalOptions options,
            long fromPosition,
            Consumer<Batch> replay)
            throws IOException {
        return open(storage, options, fromPosition, Long.MAX_VALUE, replay);
    }

    /**
     * Opens like {@link #open} after a failure in this process: the log ends at {@code
     * forcedPosition}, and whatever was appended past it is void for ever.
     */
    public static Opened reopen(
            JournalStorage storage,
            JournalOptions options,
            long fromPosition,
            long forcedPosition,
            Consumer<Batch> replay)
            throws IOException {
        return open(storage, options, fromPosition, forcedPosition, replay);
    }

    private static Opened open(
            JournalStorage storage,
            JournalOptions options,
            long from,
            long through,
            Consumer<Batch> replay)
            throws IOException {
        if (from < 0 || from > through) {
            throw new IllegalArgumentException("from %d through %d".formatted(from, through));
        }
        JournalTail tail = JournalTail.find(storage, options.volume(), from, through, replay);
        // The journal is sound; from here on things are changed.
        deleteTemporaries(storage);
        List<SegmentName> existing = SegmentName.sorted(storage.list());
        SegmentName name = new SegmentName(existing.getLast().sequence() + 1, tail.proven());
        SegmentWriter active;
        try {
            active = newSegment(storage, options, name, tail.provenCrc(), tail.unproven());
        } catch (JournalFullException e) {
            if (!cut(storage, SegmentName.live(storage.list()).getLast(), tail.end())) {
                throw e;
            }
            active = newSegment(storage, options, name, tail.provenCrc(), tail.unproven());
        }
        List<String> warnings = new ArrayList<>(tail.warnings());
        try {
            dropVoid(storage, existing, active.header());
        } catch (IOException e) {
            warnings.add("void segments or tails could not be removed: " + e.getMessage());
        }
        List<Segment> segments = new ArrayList<>();
        for (SegmentName segment : SegmentName.live(storage.list())) {
            segments.add(new Segment(segment, storage.length(segment.text())));
        }
        return new Opened(new Journal(storage, options, segments, active), warnings);
    }

    /**
     * Appends one batch and returns the position behind it. Not durable before the next {@link
     * #force}. The arrays may be reused at once.
     *
     * @throws JournalFullException if it needs a new segment and there is no space; nothing has
     *     changed, and {@link #ensureRoom} would have told before
     * @throws IllegalArgumentException if the batch is empty or beyond the bounds of the options
     */
    public long append(List<byte[]> records) throws IOException {
        requireUsable();
        long payloadBytes = BatchFormat.payloadBytes(records);
        if (records.isEmpty()
                || records.size() > options.maxRecords()
                || payloadBytes > options.maxBatchBytes()) {
            throw new IllegalArgumentException(
                    "batch of %d records, %d bytes: must have 1 to %d records, at most %d bytes"
                            .formatted(
                                    records.size(),
                                    payloadBytes,
                                    options.maxRecords(),
                                    options.maxBatchBytes()));
        }
        if (!active.isBuffered(payloadBytes)) {
            endForce();
        }
        if (!active.hasRoom(payloadBytes)) {
            roll();
        }
        try {
            active.append(records, payloadBytes, forced);
        } catch (IOException e) {
            throw fail("writing", e);
        }
        if (active.isHalfFull()) {
            preparer.start(nextSequence());
        }
        return active.end();
    }

    /** Makes everything appended durable; {@link #forcedPosition} is then {@link #endPosition}. */
    public void force() throws IOException {
        requireUsable();
        endForce();
        if (forced == active.end()) {
            return;
        }
        try {
            active.force();
        } catch (IOException e) {
            throw fail("forcing", e);
        }
        forced = active.end();
    }

    /**
     * Begins to make durable what has been appended. It is, once {@link #endForce} says so; one at
     * a time.
     */
    public Force beginForce() throws IOException {
        requireUsable();
        endForce();
        Force begun = new Force(active.takeFull(), active.end());
        underWay = begun;
        return begun;
    }

    /** Waits until what {@link #beginForce} has begun, if anything, is durable. */
    public void endForce() throws IOException {
        requireUsable();
        Force begun = underWay;
        if (begun == null) {
            return;
        }
        underWay = null;
        begun.run();
        Optional<IOException> failed = begun.outcome.join();
        if (failed.isPresent()) {
            throw fail("forcing", failed.get());
        }
        active.giveBack(begun.batches);
        forced = begun.end;
    }

    /**
     * Makes sure that the next append, of any size allowed, needs no space that is not there yet;
     * may wait for the next segment to be made.
     *
     * @throws JournalFullException if there is no space; nothing has changed
     */
    public void ensureRoom() throws IOException {
        requireUsable();
        if (!active.hasRoom(options.maxBatchBytes())) {
            try {
                preparer.await(nextSequence());
            } catch (JournalFullException e) {
                throw e;
            } catch (IOException e) {
                throw fail("preallocating the next segment", e);
            }
        }
    }

    /** Why the next segment could not be made ahead of its need; empty while all is well. */
    public Optional<String> spaceProblem() {
        return preparer.problem();
    }

    /** Position up to which the log survives any crash. */
    public long forcedPosition() {
        return forced;
    }

    /** Position behind the last batch appended. */
    public long endPosition() {
        return active.end();
    }

    /** Position the journal reaches back to. */
    public long startPosition() {
        return segments.getFirst().name().start();
    }

    /** Deletes the segments that lie wholly before {@code position}, a forced one. */
    public void discardBefore(long position) throws IOException {
        if (position > forced) {
            throw new IllegalArgumentException(
                    "position %d is not forced, only up to %d".formatted(position, forced));
        }
        while (segments.size() > 1 && segments.get(1).name().start() <= position) {
            storage.delete(segments.getFirst().name().text());
            segments.removeFirst();
        }
    }

    /** Length of all segment files, the one made ahead included. */
    public long bytesOnDisk() {
        long bytes = preparer.bytesOnDisk();
        for (Segment segment : segments) {
            bytes += segment.bytes();
        }
        return bytes;
    }

    /**
     * Forces what was appended and seals it: a batch without records says that all before it was
     * forced. After a failure it only closes files.
     */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        SegmentWriter last = active;
        try (preparer;
                last) {
            if (failure == null) {
                force();
                if (last.end() > openedAt && last.hasRoom(0)) {
                    last.append(List.of(), 0, forced);
                    last.force();
                }
            }
        } finally {
            closed = true;
        }
    }

    private void roll() throws IOException {
        JournalFile file;
        try {
            file = preparer.take(nextSequence());
        } catch (JournalFullException e) {
            throw e;
        } catch (IOException e) {
            throw fail("preallocating the next segment", e);
        }
        SegmentName name = new SegmentName(nextSequence(), active.end());
        try {
            force();
            SegmentWriter next =
                    active.startNext(
                            file,
                            new SegmentHeader(
                                    name,
                                    options.segmentBytes(),
                                    options.salts().getAsLong(),
                                    options.volume(),
                                    active.chain()));
            publish(storage, next);
            active.close();
            active = next;
            segments.add(new Segment(name, options.segmentBytes()));
        } catch (JournalFailedException e) {
            file.close();
            throw e;
        } catch (IOException e) {
            file.close();
            throw fail("starting segment " + name.text(), e);
        }
    }

    private long nextSequence() {
        return active.header().name().sequence() + 1;
    }

    private void requireUsable() throws JournalFailedException {
        if (closed) {
            throw new IllegalStateException("the journal is closed");
        }
        if (failure != null) {
            throw new JournalFailedException(String.valueOf(failure.getMessage()), failure);
        }
    }

    private JournalFailedException fail(String what, IOException cause) {
        JournalFailedException failed =
                new JournalFailedException(
                        "%s the journal failed in %s: %s. What was forced, up to position %d, is safe; nothing more is written before the journal is opened again"
                                .formatted(
                                        what,
                                        storage.describe(active.header().name().text()),
                                        cause.getMessage(),
                                        forced),
                        cause);
        failure = failed;
        return failed;
    }

    /** Makes a segment that holds {@code copies} when it begins to take part. */
    private static SegmentWriter newSegment(
            JournalStorage storage,
            JournalOptions options,
            SegmentName name,
            int previousCrc,
            List<Batch> copies)
            throws IOException {
        long end = copies.isEmpty() ? name.start() : copies.getLast().endPosition();
        long bytes = Math.max(options.segmentBytes(), Sectors.BYTES + end - name.start());
        SegmentHeader header =
                new SegmentHeader(
                        name, bytes, options.salts().getAsLong(), options.volume(), previousCrc);
        JournalFile file = storage.create(SegmentName.temporary(name.sequence()), bytes);
        try {
            SegmentWriter writer = SegmentWriter.start(file, header);
            for (Batch batch : copies) {
                writer.append(
                        batch.records(), BatchFormat.payloadBytes(batch.records()), name.start());
            }
            publish(storage, writer);
            return writer;
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /** From here on the segment takes part, with all that was appended to it. */
    private static void publish(JournalStorage storage, SegmentWriter segment) throws IOException {
        SegmentName name = segment.header().name();
        segment.force();
        storage.rename(SegmentName.temporary(name.sequence()), name.text());
        storage.syncDirectory();
    }

    private static void deleteTemporaries(JournalStorage storage) throws IOException {
        for (String name : storage.list()) {
            if (SegmentName.isTemporary(name)) {
                storage.delete(name);
            }
        }
    }

    /** Removes what the new segment made void: whole older segments, and the tail of one. */
    private static void dropVoid(
            JournalStorage storage, List<SegmentName> older, SegmentHeader current)
            throws IOException {
        List<SegmentName> names = new ArrayList<>(older);
        names.add(current.name());
        List<String> texts = new ArrayList<>();
        names.forEach(name -> texts.add(name.text()));
        List<SegmentName> live = SegmentName.live(texts);
        older.removeAll(live);
        for (SegmentName dead : older) {
            storage.delete(dead.text());
        }
        if (live.size() > 1) {
            cut(storage, live.get(live.size() - 2), current.start());
        }
    }

    /** Gives back what a segment holds behind {@code end}; false if there was nothing. */
    private static boolean cut(JournalStorage storage, SegmentName segment, long end)
            throws IOException {
        long used = Sectors.BYTES + Math.max(0, end - segment.start());
        if (storage.length(segment.text()) <= used) {
            return false;
        }
        storage.truncate(segment.text(), used);
        return true;
    }
}
