package dev.outlay.server.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes one segment from its header on: batches collect in an aligned buffer and go out in one
 * write. One thread. Nothing is durable before {@link #force}.
 */
final class SegmentWriter implements Closeable {

    private static final int BUFFER_BYTES = 256 << 10;

    private final JournalFile file;
    private final SegmentHeader header;
    private ByteBuffer buffer;

    /** Takes what is appended while the other is being written; null while that is so. */
    private @Nullable ByteBuffer spare;

    private long written;
    private long end;
    private int chain;

    private SegmentWriter(JournalFile file, SegmentHeader header, ByteBuffer buffer) {
        this.file = file;
        this.header = header;
        this.buffer = buffer;
        this.end = header.start();
        this.chain = header.previousCrc();
        buffer.clear();
        header.put(buffer);
    }

    /** Starts a segment in a file of zeros; the header is in the buffer, not yet written. */
    static SegmentWriter start(JournalFile file, SegmentHeader header) {
        int bytes = (int) Math.min(BUFFER_BYTES, header.segmentBytes());
        return new SegmentWriter(file, header, Sectors.allocate(bytes));
    }

    /** Starts the next segment with the buffer of this one, which must be empty. */
    SegmentWriter startNext(JournalFile next, SegmentHeader nextHeader) {
        if (buffer.position() != 0) {
            throw new IllegalStateException("the segment has unwritten batches");
        }
        return new SegmentWriter(next, nextHeader, buffer);
    }

    SegmentHeader header() {
        return header;
    }

    /** Position behind the last batch appended. */
    long end() {
        return end;
    }

    /** CRC of the last batch, or of the one before the segment. */
    int chain() {
        return chain;
    }

    /** Whether a batch with this payload can be appended without writing anything. */
    boolean isBuffered(long payloadBytes) {
        return hasRoom(payloadBytes) && BatchFormat.sizeBytes(payloadBytes) <= buffer.remaining();
    }

    /** Whether a batch with this payload fits into what is left. */
    boolean hasRoom(long payloadBytes) {
        return BatchFormat.sizeBytes(payloadBytes) <= header.limit() - end;
    }

    boolean isHalfFull() {
        return end - header.start() > header.segmentBytes() / 2;
    }

    /** Appends a batch that has room; writes only when the buffer is full. */
    void append(List<byte[]> records, long payloadBytes, long forcedThrough) throws IOException {
        int size = (int) BatchFormat.sizeBytes(payloadBytes);
        if (size > header.limit() - end || forcedThrough > end) {
            throw new IllegalStateException(
                    "batch of %d bytes at %d, forced through %d, in a segment up to %d"
                            .formatted(size, end, forcedThrough, header.limit()));
        }
        if (size > buffer.remaining()) {
            write();
            if (size > buffer.capacity()) {
                buffer = Sectors.allocate(size);
            }
        }
        chain = BatchFormat.put(buffer, header.salt(), end, forcedThrough, chain, records);
        end += size;
    }

    /** Writes the buffer and makes all of the segment durable. */
    void force() throws IOException {
        write();
        file.force();
    }

    /**
     * Takes out what has been appended, to be written and made durable by any thread; meanwhile
     * nothing but {@link #isBuffered} batches may be appended here.
     */
    Full takeFull() {
        ByteBuffer full = buffer.flip();
        Full taken = new Full(file, full, written);
        written += full.limit();
        buffer = spare == null ? Sectors.allocate(full.capacity()) : spare;
        spare = null;
        return taken;
    }

    /** Gets back what is durable now. */
    void giveBack(Full taken) {
        spare = taken.bytes.clear();
    }

    /** Batches on their way to the disk. */
    record Full(JournalFile file, ByteBuffer bytes, long at) {
        void force() throws IOException {
            file.write(bytes, at);
            file.force();
        }
    }

    private void write() throws IOException {
        if (buffer.position() > 0) {
            buffer.flip();
            file.write(buffer, written);
            written += buffer.limit();
            buffer.clear();
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
