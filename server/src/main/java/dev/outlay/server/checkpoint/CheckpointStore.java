package dev.outlay.server.checkpoint;

import dev.outlay.core.state.Row;
import java.io.IOException;
import java.util.List;

/**
 * Rows of one volume, ordered by their keys as unsigned bytes, and the journal position they stand
 * for. One thread at a time.
 *
 * <p>What one {@link #write} changes is found whole or not at all after a crash. What was not
 * {@linkplain #flush flushed} may be lost by one, the last writes first. After a failure only
 * {@link #close} may be called; the store is opened again with what was flushed at least.
 */
public interface CheckpointStore extends AutoCloseable {

    /** Sees rows. */
    @FunctionalInterface
    interface RowReader {
        void row(byte[] key, byte[] value) throws IOException;
    }

    /** Where the rows of a volume are kept. */
    interface Place {
        /**
         * Opens them, or makes an empty store.
         *
         * @throws CheckpointDamagedException if what is there is no store of this volume
         */
        CheckpointStore open() throws IOException;

        /** As {@link #open}, but nothing is changed, and every byte is read and checked. */
        CheckpointStore inspect() throws IOException;

        /** Removes the store, damaged as it may be. */
        void discard() throws IOException;
    }

    /** The journal position that the rows stand for; 0 if nothing was ever written. */
    long position();

    /** Shows every row, in the order of their keys. */
    void read(RowReader to) throws IOException;

    /** Makes these changes, in this order, and the position that of the rows from now on. */
    void write(long position, List<Row> changes) throws IOException;

    /** Everything written is durable when this returns. */
    void flush() throws IOException;

    @Override
    void close() throws IOException;
}
