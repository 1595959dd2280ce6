package dev.outlay.server.checkpoint;

import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows in RocksDB, in a folder of the volume's own.
 *
 * <p>RocksDB's own log is not written: what is not flushed is in the volume's journal. Without it
 * RocksDB promises what {@link CheckpointStore} asks for as long as there is one column family: a
 * batch is in one memtable, and memtables become files in their order.
 */
public final class RocksCheckpoints implements CheckpointStore.Place {

    /** The folder, in that of the volume. */
    public static final String FOLDER = "checkpoint";

    /** The first key: of the volume and the position; all keys of rows lie behind it. */
    private static final byte[] POSITION = {0};

    private static final byte[] FIRST_ROW = {1};

    private static final long MEMTABLE_BYTES = 16 << 20;
    private static final long ARENA_BYTES = 64 << 10;
    private static final long READAHEAD_BYTES = 2 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(RocksCheckpoints.class);
    private static final Words WORDS;

    static {
        RocksDB.loadLibrary();
        WORDS = new Words();
    }

    private final Path folder;
    private final UUID volume;

    public RocksCheckpoints(Path volumeFolder, UUID volume) {
        this.folder = volumeFolder.resolve(FOLDER);
        this.volume = volume;
    }

    @Override
    public CheckpointStore open() throws IOException {
        if (!Files.exists(folder)) {
            Files.createDirectory(folder);
            try (FileChannel above = FileChannel.open(folder.resolveSibling("."))) {
                above.force(true);
            }
        }
        Options options = options().setCreateIfMissing(true);
        try {
            return store(options, RocksDB.open(options, folder.toString()));
        } catch (RocksDBException e) {
            options.close();
            throw failed("open", e);
        }
    }

    @Override
    public CheckpointStore inspect() throws IOException {
        if (!Files.exists(folder)) {
            return new Nothing();
        }
        Options options = options();
        try {
            RocksDB db = RocksDB.openReadOnly(options, folder.toString());
            try {
                db.verifyChecksum();
            } catch (RocksDBException e) {
                db.close();
                throw e;
            }
            return store(options, db);
        } catch (RocksDBException e) {
            options.close();
            throw failed("read", e);
        }
    }

    @Override
    public CheckpointStore openToRead() throws IOException {
        Options options = options();
        try {
            return store(options, RocksDB.openReadOnly(options, folder.toString()));
        } catch (RocksDBException e) {
            options.close();
            throw failed("read", e);
        }
    }

    private CheckpointStore store(Options options, RocksDB db) throws IOException {
        try {
            return new Store(options, db);
        } catch (IOException e) {
            db.close();
            options.close();
            throw e;
        }
    }

    @Override
    public void discard() throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    /** RocksDB's own words go where the server's go, not to a file of its own. */
    private static final class Words extends org.rocksdb.Logger {
        Words() {
            super(InfoLogLevel.ERROR_LEVEL);
        }

        @Override
        protected void log(InfoLogLevel level, String words) {
            LOG.error("event=rocksdb words=\"{}\"", words.strip());
        }
    }

    private static Options options() {
        return new Options()
                .setWriteBufferSize(MEMTABLE_BYTES)
                .setArenaBlockSize(ARENA_BYTES)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setAvoidFlushDuringShutdown(true)
                .setLogger(WORDS)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0);
    }

    /** RocksDB tells damage from trouble with the disk. */
    private IOException failed(String doing, RocksDBException e) {
        Status status = e.getStatus();
        String message =
                "cannot %s the checkpoint in %s: %s".formatted(doing, folder, e.getMessage());
        return status != null && status.getCode() == Status.Code.Corruption
                ? new CheckpointDamagedException(message, e)
                : new IOException(message, e);
    }

    private CheckpointDamagedException damaged(String what) {
        return new CheckpointDamagedException("the checkpoint in " + folder + " " + what);
    }

    /** Before the first checkpoint. */
    private static final class Nothing implements CheckpointStore {
        @Override
        public long position() {
            return 0;
        }

        @Override
        public void read(KeyRange range, RowReader to) {}

        @Override
        public byte @Nullable [] row(byte[] key) {
            return null;
        }

        @Override
        public void keys(KeyRange range, Consumer<byte[]> to) {}

        @Override
        public void write(long position, List<Row> changes) {
            throw new UnsupportedOperationException("this store is only looked at");
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** Sees the rows of a walk. */
    @FunctionalInterface
    private interface Visitor {
        void at(RocksIterator row) throws IOException;
    }

    private final class Store implements CheckpointStore {

        private final Options options;
        private final RocksDB db;
        private final WriteOptions unlogged = new WriteOptions().setDisableWAL(true);
        private final FlushOptions awaited = new FlushOptions().setWaitForFlush(true);
        private long position;

        Store(Options options, RocksDB db) throws IOException {
            this.options = options;
            this.db = db;
            this.position = readPosition();
        }

        private long readPosition() throws IOException {
            byte[] head;
            try {
                head = db.get(POSITION);
            } catch (RocksDBException e) {
                throw failed("read", e);
            }
            if (head == null) {
                return 0;
            }
            if (head.length != 3 * Long.BYTES) {
                throw damaged("does not say what position it is of");
            }
            ByteBuffer in = ByteBuffer.wrap(head);
            UUID made = new UUID(in.getLong(), in.getLong());
            if (!made.equals(volume)) {
                throw damaged("is of volume " + made + ", not of " + volume);
            }
            return in.getLong();
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public void read(KeyRange range, RowReader to) throws IOException {
            try (ReadOptions reading =
                    new ReadOptions().setReadaheadSize(READAHEAD_BYTES).setFillCache(false)) {
                walk(range, reading, rows -> to.row(rows.key(), rows.value()));
            }
        }

        @Override
        public byte @Nullable [] row(byte[] key) throws IOException {
            try {
                return db.get(key);
            } catch (RocksDBException e) {
                throw failed("read", e);
            }
        }

        @Override
        public void keys(KeyRange range, Consumer<byte[]> to) throws IOException {
            try (ReadOptions reading = new ReadOptions()) {
                walk(range, reading, rows -> to.accept(rows.key()));
            }
        }

        private void walk(KeyRange range, ReadOptions options, Visitor visitor) throws IOException {
            try (Slice end = new Slice(range.until());
                    ReadOptions reading = new ReadOptions(options).setIterateUpperBound(end);
                    RocksIterator rows = db.newIterator(reading)) {
                rows.seek(range.covers(POSITION) ? FIRST_ROW : range.from());
                for (; rows.isValid(); rows.next()) {
                    visitor.at(rows);
                }
                rows.status();
            } catch (RocksDBException e) {
                throw failed("read", e);
            }
        }

        @Override
        public void write(long newPosition, List<Row> changes) throws IOException {
            try (WriteBatch batch = new WriteBatch()) {
                for (Row change : changes) {
                    switch (change) {
                        case Row.Put put -> batch.put(put.key(), put.value());
                        case Row.Delete delete -> batch.delete(delete.key());
                        case Row.DeleteRange range ->
                                batch.deleteRange(range.keys().from(), range.keys().until());
                    }
                }
                batch.put(
                        POSITION,
                        ByteBuffer.allocate(3 * Long.BYTES)
                                .putLong(volume.getMostSignificantBits())
                                .putLong(volume.getLeastSignificantBits())
                                .putLong(newPosition)
                                .array());
                db.write(unlogged, batch);
            } catch (RocksDBException e) {
                throw failed("write", e);
            }
            position = newPosition;
        }

        @Override
        public void flush() throws IOException {
            try {
                db.flush(awaited);
            } catch (RocksDBException e) {
                throw failed("flush", e);
            }
        }

        @Override
        public void close() {
            db.close();
            unlogged.close();
            awaited.close();
            options.close();
        }
    }
}
