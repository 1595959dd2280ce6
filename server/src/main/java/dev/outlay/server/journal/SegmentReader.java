package dev.outlay.server.journal;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads one segment from its start, batch by batch, through an aligned window. Behind the end of a
 * file that was cut it sees zeros. One thread.
 */
final class SegmentReader implements Closeable {

    private static final int WINDOW_BYTES = 1 << 20;

    /** What stands at the reader's place. */
    sealed interface Item {}

    record Sound(Batch batch) implements Item {}

    /**
     * No batch.
     *
     * @param reason what is wrong
     * @param whole the bytes are as they were written, so no crash can have torn them
     */
    record Unsound(String reason, boolean whole) implements Item {}

    private final SegmentName name;
    private final JournalFile file;
    private final long fileBytes;
    private final Arena memory = Arena.ofConfined();
    private ByteBuffer window;
    private long windowOffset;
    private int windowBytes;

    private final SegmentHeader header;
    private long position;
    private int chain;

    private SegmentReader(SegmentName name, JournalFile file, ByteBuffer firstSector)
            throws IOException {
        this.name = name;
        this.file = file;
        this.fileBytes = file.length();
        this.window = firstSector;
        this.windowBytes = Sectors.BYTES;
        this.header = SegmentHeader.get(firstSector);
        this.position = header.start();
        this.chain = header.previousCrc();
        int wanted = (int) Math.min(WINDOW_BYTES, Sectors.alignUp(fileBytes));
        if (wanted > Sectors.BYTES) {
            this.window = Sectors.allocate(memory, wanted);
            this.windowBytes = 0;
        }
    }

    /**
     * Opens a segment and checks its header.
     *
     * @throws JournalCorruptException if the header is not sound
     */
    static SegmentReader open(JournalStorage storage, SegmentName name) throws IOException {
        JournalFile file = storage.open(name.text());
        try {
            ByteBuffer sector = Sectors.allocate(Sectors.BYTES);
            file.read(sector, 0);
            sector.clear();
            Optional<String> problem = SegmentHeader.problem(sector, name);
            if (problem.isPresent()) {
                throw new JournalCorruptException(
                        storage.describe(name.text()), 0, name.start(), problem.get());
            }
            return new SegmentReader(name, file, sector);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    SegmentHeader header() {
        return header;
    }

    /** Position of the next batch. */
    long position() {
        return position;
    }

    /** Offset of the next batch in the file. */
    long offset() {
        return header.offsetOf(position);
    }

    /** CRC of the batch that ends at {@link #position}. */
    int chain() {
        return chain;
    }

    /** Reads the batch at {@link #position} and, if sound, moves behind it. */
    Item next() throws IOException {
        if (position >= header.limit()) {
            return new Unsound("the segment is full", false);
        }
        long offset = offset();
        int at = load(offset, Sectors.BYTES);
        Optional<String> problem = BatchFormat.headerProblem(window, at, header.salt(), position);
        if (problem.isPresent()) {
            return new Unsound(reasonAt(offset, problem.get()), false);
        }
        long size = BatchFormat.sizeBytes(BatchFormat.payloadBytes(window, at));
        if (position + size > header.limit()) {
            return new Unsound("the batch is longer than its segment", true);
        }
        if (size > WINDOW_BYTES && offset + size > Sectors.alignUp(fileBytes)) {
            // Nothing is allocated for what is not there.
            return new Unsound(reasonAt(offset, "the file ends before the batch does"), false);
        }
        at = load(offset, Math.toIntExact(size));
        if (!BatchFormat.isPayloadWhole(window, at)) {
            return new Unsound(reasonAt(offset + size - 1, "payload checksum is wrong"), false);
        }
        int before = BatchFormat.previousCrc(window, at);
        if (before != chain) {
            return new Unsound(
                    "it follows a batch with checksum %08x, but the one before has %08x"
                            .formatted(before, chain),
                    true);
        }
        Optional<List<byte[]>> records = BatchFormat.records(window, at);
        if (records.isEmpty()) {
            return new Unsound("the records do not fill the batch", true);
        }
        long end = position + size;
        int crc = BatchFormat.crc(window, at);
        Batch batch =
                new Batch(
                        name.text(),
                        offset,
                        position,
                        end,
                        BatchFormat.forcedThrough(window, at),
                        crc,
                        records.get());
        position = end;
        chain = crc;
        return new Sound(batch);
    }

    private String reasonAt(long lastByte, String reason) {
        return lastByte < fileBytes ? reason : "the file ends after %d bytes".formatted(fileBytes);
    }

    /**
     * What lies behind the place where {@link #next} found no sound batch.
     *
     * @param empty whether there is nothing but zeros, the bad place included
     * @param claimOffset offset of a header saying that the bad place had been forced
     */
    record Rest(boolean empty, OptionalLong claimOffset) {}

    /** Looks at every sector from the reader's place to the end of the file. */
    Rest rest() throws IOException {
        boolean empty = true;
        long end = Math.min(Sectors.alignUp(fileBytes), header.segmentBytes());
        for (long offset = offset(); offset < end; offset += Sectors.BYTES) {
            int at = load(offset, Sectors.BYTES);
            if (Sectors.isZero(window, at, Sectors.BYTES)) {
                continue;
            }
            empty = false;
            long there = header.start() + offset - Sectors.BYTES;
            if (BatchFormat.headerProblem(window, at, header.salt(), there).isEmpty()
                    && BatchFormat.forcedThrough(window, at) > position) {
                return new Rest(false, OptionalLong.of(offset));
            }
        }
        return new Rest(empty, OptionalLong.empty());
    }

    /** Has {@code length} bytes from {@code offset} in the window; returns their index there. */
    private int load(long offset, int length) throws IOException {
        if (offset < windowOffset || offset + length > windowOffset + windowBytes) {
            if (length > window.capacity()) {
                window = Sectors.allocate(memory, length);
            }
            window.clear();
            if (offset < fileBytes) {
                long wanted = Math.min(window.capacity(), Sectors.alignUp(fileBytes - offset));
                window.limit((int) wanted);
                file.read(window, offset);
            }
            int read = window.position();
            window.clear();
            Sectors.putZeros(window, read, window.capacity() - read);
            windowOffset = offset;
            windowBytes = window.capacity();
        }
        return (int) (offset - windowOffset);
    }

    @Override
    public void close() throws IOException {
        memory.close();
        file.close();
    }
}
