package dev.outlay.server.scenario;

import dev.outlay.server.ServerSeams;
import dev.outlay.server.journal.FileJournalStorage;
import dev.outlay.server.journal.JournalFile;
import dev.outlay.server.journal.JournalFullException;
import dev.outlay.server.journal.JournalStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The journal's real disk, until a test says otherwise: then it is full, or writes and reads fail.
 */
final class TroubledStorage {
    private final AtomicInteger writesToFail = new AtomicInteger();
    private volatile boolean full;
    private volatile boolean unreadable;

    /** A machine with this disk under its journals. */
    ServerSeams seams() {
        ServerSeams system = ServerSeams.system();
        return new ServerSeams(system.clock(), system.wallClock(), Troubled::new);
    }

    /** No new segment finds space from now on, or they do again. */
    void full(boolean now) {
        full = now;
    }

    /** The next write fails, and nobody knows how much of it reached the disk. */
    void failNextWrite() {
        writesToFail.set(1);
    }

    /** Reading fails from now on, or works again. */
    void unreadable(boolean now) {
        unreadable = now;
    }

    boolean hasFailed() {
        return writesToFail.get() == 0;
    }

    private final class Troubled implements JournalStorage {
        private final JournalStorage disk;

        Troubled(Path directory) {
            try {
                disk = FileJournalStorage.of(directory, FileJournalStorage.WriteMode.AUTO);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public List<String> list() throws IOException {
            return disk.list();
        }

        @Override
        public JournalFile create(String name, long lengthBytes) throws IOException {
            if (full && lengthBytes > 0) {
                throw new JournalFullException("no space for " + name + ": played");
            }
            return new TroubledFile(disk.create(name, lengthBytes), name);
        }

        @Override
        public JournalFile open(String name) throws IOException {
            if (unreadable) {
                throw new IOException("reading " + name + " failed: played");
            }
            return new TroubledFile(disk.open(name), name);
        }

        @Override
        public long length(String name) throws IOException {
            return disk.length(name);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void delete(String name) throws IOException {
            disk.delete(name);
        }

        @Override
        public void truncate(String name, long lengthBytes) throws IOException {
            disk.truncate(name, lengthBytes);
        }

        @Override
        public void syncDirectory() throws IOException {
            disk.syncDirectory();
        }

        @Override
        public String describe(String name) {
            return disk.describe(name);
        }
    }

    private final class TroubledFile implements JournalFile {
        private final JournalFile file;
        private final String name;

        TroubledFile(JournalFile file, String name) {
            this.file = file;
            this.name = name;
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            return file.read(target, offset);
        }

        @Override
        public void write(ByteBuffer source, long offset) throws IOException {
            if (writesToFail.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                throw new IOException("writing " + name + " failed: played");
            }
            file.write(source, offset);
        }

        @Override
        public void force() throws IOException {
            file.force();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
