package dev.outlay.server.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One open file of a {@link JournalStorage}. One thread at a time. Offsets, lengths and the memory
 * of buffers are multiples of {@link Sectors#BYTES}, as direct I/O wants them.
 */
public interface JournalFile extends Closeable {

    /** Length in bytes; no multiple of anything if something cut the file. */
    long length() throws IOException;

    /**
     * Fills {@code target} from {@code offset}, up to the end of the file; returns the bytes read.
     */
    int read(ByteBuffer target, long offset) throws IOException;

    /** Writes all of {@code source}. Durable after the next {@link #force}, perhaps before. */
    void write(ByteBuffer source, long offset) throws IOException;

    /**
     * Makes everything written durable. After a failure nothing is known of what was written since
     * the last force, and a second force proves nothing.
     */
    void force() throws IOException;
}
