package dev.outlay.server.engine;

import dev.outlay.core.VolumeState;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.value.Limits;
import dev.outlay.server.journal.Batch;
import dev.outlay.server.journal.Journal;
import dev.outlay.server.journal.JournalCorruptException;
import dev.outlay.server.journal.JournalOptions;
import dev.outlay.server.journal.JournalScanner;
import dev.outlay.server.journal.JournalStorage;
import dev.outlay.server.journal.Snapshot;
import dev.outlay.server.journal.SnapshotStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * A volume's state on disk: the newest snapshot and the journal behind it. One thread, but for
 * {@link #writeSnapshot}, which any one thread at a time may call.
 */
public final class VolumeStore {

    private final JournalStorage storage;
    private final JournalOptions options;
    private final SnapshotStore snapshots;
    private final Limits limits;

    public VolumeStore(JournalStorage storage, JournalOptions options, Limits limits) {
        this.storage = storage;
        this.options = options;
        this.snapshots = new SnapshotStore(storage, options.volume());
        this.limits = limits;
    }

    /**
     * A volume read back.
     *
     * @param snapshotPosition journal position of the snapshot it was read from, 0 without one
     * @param warnings what was cut from the journal's tail, for the log
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
        Optional<Snapshot> snapshot = snapshots.readLatest(JournalScanner.firstPosition(storage));
        long from = snapshot.map(Snapshot::position).orElse(0L);
        VolumeState state =
                snapshot.isPresent() ? restore(snapshot.get()) : VolumeState.empty(limits);
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
        return new Loaded(state, opened.journal(), from, opened.warnings());
    }

    private VolumeState restore(Snapshot snapshot) throws IOException {
        try (InputStream in = snapshot.open()) {
            return VolumeState.restore(limits, in.readAllBytes());
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
     * Writes a snapshot of the state at a forced position; returns the position the journal must be
     * kept from.
     */
    long writeSnapshot(long position, byte[] image) throws IOException {
        snapshots.write(position, image);
        return snapshots.keepFrom();
    }
}
