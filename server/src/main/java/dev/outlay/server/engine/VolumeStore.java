package dev.outlay.server.engine;

import dev.outlay.core.VolumeState;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.KeyRange;
import dev.outlay.core.state.Row;
import dev.outlay.core.state.RowSource;
import dev.outlay.core.state.StateRows;
import dev.outlay.core.value.Limits;
import dev.outlay.server.checkpoint.CheckpointDamagedException;
import dev.outlay.server.checkpoint.CheckpointStore;
import dev.outlay.server.journal.Batch;
import dev.outlay.server.journal.Journal;
import dev.outlay.server.journal.JournalCorruptException;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.journal.JournalScanner;
import dev.outlay.server.journal.JournalStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A volume's state on disk: the checkpoint and the journal behind it. One thread, but for {@link
 * #writeRows}, which another may call while the first does no more than read single rows.
 */
public final class VolumeStore implements AutoCloseable {

    private final JournalStorage storage;
    private final JournalOptions options;
    private final Limits limits;
    private final CheckpointStore.Place place;

    /** Held to read rows, and by who opens or closes their store alone. */
    private final ReadWriteLock using = new ReentrantReadWriteLock();

    private @Nullable CheckpointStore rows;

    /** The store is to be opened again before more is written. */
    private volatile boolean failed;

    public VolumeStore(
            JournalStorage storage,
            JournalOptions options,
            Limits limits,
            CheckpointStore.Place place) {
        this.storage = storage;
        this.options = options;
        this.limits = limits;
        this.place = place;
    }

    /**
     * A volume read back.
     *
     * @param snapshotPosition journal position of the checkpoint it was read from, 0 without one
     * @param warnings what was cut from the journal's tail, or passed over, for the log
     */
    public record Loaded(
            VolumeState state, Journal journal, long snapshotPosition, List<String> warnings) {}

    Limits limits() {
        return limits;
    }

    /** Makes the journal of a new volume, with {@code first} durable in it. */
    public void create(List<Fact> first) throws IOException {
        Journal.create(storage, options);
        try (Journal journal = Journal.open(storage, options, 0, batch -> {}).journal()) {
            journal.append(List.of(FactCodec.record(first)));
            journal.force();
        }
    }

    /**
     * Reads everything back and opens the journal for writing.
     *
     * @throws JournalCorruptException if forced bytes are damaged, saying where
     * @throws CheckpointDamagedException if the checkpoint is, and the journal does not reach back
     *     to the beginning
     */
    public Loaded load() throws IOException {
        return load(Long.MAX_VALUE);
    }

    /**
     * As {@link #load}, after a failure in this process: what lies past {@code forced} is void for
     * ever.
     */
    public Loaded reload(long forced) throws IOException {
        return load(forced);
    }

    private Loaded load(long forced) throws IOException {
        List<String> warnings = new ArrayList<>();
        if (forced != Long.MAX_VALUE) {
            // What the state leaves in the store must not be lost with what was not flushed.
            change(CheckpointStore::flush);
        }
        VolumeState state = loadRows(warnings);
        long from = opened().position();
        state.noteChanges();
        Journal.Opened opened =
                forced == Long.MAX_VALUE
                        ? Journal.open(storage, options, from, batch -> replay(state, batch))
                        : Journal.reopen(
                                storage, options, from, forced, batch -> replay(state, batch));
        if (!state.tables().isCreated()) {
            opened.journal().close();
            throw new IOException(
                    "the journal in "
                            + storage.describe("")
                            + " holds no volume: its creation never became durable; remove the directory and create the volume"
                            + " again");
        }
        warnings.addAll(opened.warnings());
        return new Loaded(state, opened.journal(), from, List.copyOf(warnings));
    }

    private StateRows.Loader loader() {
        return new StateRows.Loader(limits, source());
    }

    /** What the checkpoint holds; one that can be done without is passed over. */
    private VolumeState loadRows(List<String> warnings) throws IOException {
        long journalStart = JournalScanner.firstPosition(storage);
        try {
            return readRows(opened(), journalStart, loader());
        } catch (CheckpointDamagedException e) {
            closeRows();
            if (journalStart > 0) {
                throw new CheckpointDamagedException(
                        e.getMessage()
                                + ". The journal before position "
                                + journalStart
                                + " is gone, so it cannot be done without. Run 'outlay fsck' on this volume; restore its folder from a good copy",
                        e);
            }
            warnings.add("the whole journal is replayed instead: " + e.getMessage());
            place.discard();
            return readRows(opened(), journalStart, loader());
        }
    }

    /**
     * The state that the rows of a store give, all of it in memory.
     *
     * @param journalStart position the journal reaches back to
     */
    public static VolumeState readRows(CheckpointStore store, long journalStart, Limits limits)
            throws IOException {
        return readRows(store, journalStart, new StateRows.Loader(limits));
    }

    private static VolumeState readRows(
            CheckpointStore store, long journalStart, StateRows.Loader loader) throws IOException {
        if (store.position() < journalStart) {
            throw new CheckpointDamagedException(
                    "the journal begins at position %d and the checkpoint is of position %d: what lies between is lost"
                            .formatted(journalStart, store.position()));
        }
        try {
            for (KeyRange range : loader.wanted()) {
                store.read(range, loader::row);
            }
            return VolumeState.of(loader);
        } catch (CorruptDataException e) {
            throw new CheckpointDamagedException(
                    "the checkpoint of position "
                            + store.position()
                            + " makes no sense although its checksums hold: "
                            + e.getMessage()
                            + "; use the version of outlay that wrote it",
                    e);
        }
    }

    /**
     * Applies the records of a batch; what cannot be read although its checksum holds was written
     * by another program.
     */
    static void replay(VolumeState state, Batch batch) {
        for (byte[] record : batch.records()) {
            try {
                FactCodec.facts(record).forEach(state::apply);
            } catch (CorruptDataException | IllegalStateException e) {
                throw new IllegalStateException(
                        "the journal batch at position "
                                + batch.position()
                                + " cannot be replayed: "
                                + e.getMessage()
                                + "; run `outlay fsck` on this volume, and use the version of outlay that wrote it",
                        e);
            }
        }
    }

    /**
     * Writes what has changed of the state up to a forced position.
     *
     * @param durable whether it is to be durable when this returns: then the journal is not needed
     *     before that position any more
     * @throws IOException if that failed; what was written and not durable may be lost, so all of
     *     the state has to be written next
     */
    void writeRows(long position, List<Row> changes, boolean durable) throws IOException {
        change(
                store -> {
                    store.write(position, changes);
                    if (durable) {
                        store.flush();
                    }
                });
    }

    // ---- the store of rows

    @FunctionalInterface
    private interface Change {
        void of(CheckpointStore store) throws IOException;
    }

    private void change(Change change) throws IOException {
        CheckpointStore store = writable();
        try {
            change.of(store);
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }

    /** The store; opened again, if it has failed. */
    private CheckpointStore writable() throws IOException {
        if (failed) {
            using.writeLock().lock();
            try {
                closeRows();
                try {
                    rows = place.open();
                    failed = false;
                } catch (IOException e) {
                    // There may be no room for what it writes as it opens.
                    try {
                        rows = place.openToRead();
                    } catch (IOException unread) {
                        e.addSuppressed(unread);
                    }
                    throw e;
                }
            } finally {
                using.writeLock().unlock();
            }
        }
        return opened();
    }

    private CheckpointStore opened() throws IOException {
        using.writeLock().lock();
        try {
            CheckpointStore open = rows;
            if (open == null) {
                open = place.open();
                rows = open;
            }
            return open;
        } finally {
            using.writeLock().unlock();
        }
    }

    private void closeRows() throws IOException {
        using.writeLock().lock();
        try {
            CheckpointStore open = rows;
            rows = null;
            if (open != null) {
                open.close();
            }
        } finally {
            using.writeLock().unlock();
        }
    }

    /** Rows, as the state asks for them while the store may be closed and opened again. */
    private RowSource source() {
        return new RowSource() {
            @Override
            public byte @Nullable [] row(byte[] key) {
                return reading(store -> store.row(key));
            }

            @Override
            public void keys(KeyRange range, Consumer<byte[]> to) {
                var _ =
                        reading(
                                store -> {
                                    store.keys(range, to);
                                    return null;
                                });
            }
        };
    }

    @FunctionalInterface
    private interface Reading<T extends @Nullable Object> {
        T from(CheckpointStore store) throws IOException;
    }

    private <T extends @Nullable Object> T reading(Reading<T> read) {
        using.readLock().lock();
        try {
            CheckpointStore store = rows;
            if (store == null) {
                throw new IOException("the checkpoint is not open");
            }
            return read.from(store);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    new IOException("extents cannot be read: " + e.getMessage(), e));
        } finally {
            using.readLock().unlock();
        }
    }

    @Override
    public void close() throws IOException {
        closeRows();
    }
}
