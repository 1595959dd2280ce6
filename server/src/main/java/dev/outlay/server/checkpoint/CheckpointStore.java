package dev.outlay.server.checkpoint;

import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one volume, ordered by their keys as unsigned bytes, and the journal position they stand
 * for. One thread at a time, but single rows may be read by another while one writes.
 *
 * <p>What one {@link #write} changes is found whole or not at all after a crash. What was not
 * {@linkplain #flush flushed} may be lost by one, the last writes first. After a failure rows may
 * still be read; to write, the store is closed and opened again, with what was flushed at least.
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

        /** As {@link #open}, but only to be read, where there may be no room for more. */
        CheckpointStore openToRead() throws IOException;

        /** Removes the store, damaged as it may be. */
        void discard() throws IOException;
    }

    /** The journal position that the rows stand for; 0 if nothing was ever written. */
    long position();

    /** Shows the rows of a range, in the order of their keys. */
    void read(KeyRange range, RowReader to) throws IOException;

    /** The value of one row; null if there is no such row. */
    byte @Nullable [] row(byte[] key) throws IOException;

    /** Shows the keys of a range, in order. */
    void keys(KeyRange range, Consumer<byte[]> to) throws IOException;

    /** Makes these changes, in this order, and the position that of the rows from now on. */
    void write(long position, List<Row> changes) throws IOException;

    /** Everything written is durable when this returns. */
    void flush() throws IOException;

    @Override
    void close() throws IOException;
}
