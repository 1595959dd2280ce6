package dev.outlay.server.journal;

import java.io.IOException;
import java.util.List;

/**
 * A directory of named files: the seam between the journal and a disk. Methods may be called by two
 * threads (a segment is created in the background).
 *
 * <p>Creations, renames and deletions are durable after {@link #syncDirectory}; without it a crash
 * may undo them, the last ones first.
 */
public interface JournalStorage {

    /** The names of all files, in no order. */
    List<String> list() throws IOException;

    /**
     * Creates a file for writing; one of that name must not exist. With a length it is filled with
     * zeros and forced, so that later writes inside need no space; with 0 it grows by writes.
     *
     * @throws JournalFullException if there is no space; no file is left behind
     */
    JournalFile create(String name, long lengthBytes) throws IOException;

    /** Opens a file for reading. */
    JournalFile open(String name) throws IOException;

    long length(String name) throws IOException;

    /** Renames, replacing a file of the new name; whole or not at all. */
    void rename(String from, String to) throws IOException;

    /** Deletes; no such file is no error. */
    void delete(String name) throws IOException;

    /** Cuts a closed file to {@code lengthBytes}; durable some time. */
    void truncate(String name, long lengthBytes) throws IOException;

    void syncDirectory() throws IOException;

    /** The name as an operator can find it, for messages. */
    String describe(String name);
}
