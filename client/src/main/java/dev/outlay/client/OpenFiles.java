package dev.outlay.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files that are open in a client, each shared by all its handles. Thread-safe. */
final class OpenFiles {

    /** Makes what all handles of a file share. */
    @FunctionalInterface
    interface Opening {
        FileIo open() throws OutlayException;
    }

    private static final class Entry {
        private final FileIo io;
        private int handles;

        Entry(FileIo io) {
            this.io = io;
        }
    }

    private final Map<LayoutTable.Key, Entry> entries = new HashMap<>();

    /** One more handle of the file. */
    synchronized FileIo acquire(LayoutTable.Key key, Opening opening) throws OutlayException {
        Entry entry = entries.get(key);
        if (entry == null) {
            entry = new Entry(opening.open());
            entries.put(key, entry);
        }
        entry.handles++;
        return entry.io;
    }

    /** One handle less; true if it was the last: the caller closes the file, then retires it. */
    synchronized boolean release(LayoutTable.Key key) {
        Entry entry = entries.get(key);
        return entry != null && --entry.handles == 0;
    }

    /**
     * Forgets a closed file, unless it has been opened again meanwhile: then the same object goes
     * on, so that the old handle's return and the new one's accesses wait for each other.
     */
    synchronized void retire(LayoutTable.Key key, Runnable whenForgotten) {
        Entry entry = entries.get(key);
        if (entry != null && entry.handles == 0) {
            entries.remove(key);
            whenForgotten.run();
        }
    }

    synchronized Optional<FileIo> find(LayoutTable.Key key) {
        return Optional.ofNullable(entries.get(key)).map(entry -> entry.io);
    }

    synchronized boolean isEmpty() {
        return entries.isEmpty();
    }

    /** All of them. */
    synchronized List<FileIo> all() {
        return entries.values().stream().map(entry -> entry.io).toList();
    }

    /** Takes all of them out. */
    synchronized List<FileIo> drain() {
        List<FileIo> all = new ArrayList<>();
        entries.values().forEach(entry -> all.add(entry.io));
        entries.clear();
        return all;
    }
}
