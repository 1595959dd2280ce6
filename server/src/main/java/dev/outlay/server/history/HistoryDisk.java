package dev.outlay.server.history;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** The folder that a volume's exposure log is in. One thread. */
interface HistoryDisk {

    /** A file that is being written. */
    interface Appending extends AutoCloseable {
        void append(ByteBuffer bytes) throws IOException;

        /** Cuts what is longer than this off. */
        void truncate(long length) throws IOException;

        /** What was appended outlives a loss of power. */
        void force() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Names of the log's files, in order. */
    List<String> list() throws IOException;

    /** The last {@code most} bytes of a file, or all of it. */
    byte[] tail(String name, int most) throws IOException;

    /** A new, empty file. */
    Appending create(String name) throws IOException;

    void delete(String name) throws IOException;

    /** For messages. */
    String describe();
}
