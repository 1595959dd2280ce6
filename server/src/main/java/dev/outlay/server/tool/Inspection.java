package dev.outlay.server.tool;

import dev.outlay.core.VolumeState;
import dev.outlay.core.check.StateChecker;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.command.Command;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.checkpoint.CheckpointDamagedException;
import dev.outlay.server.checkpoint.CheckpointStore;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.device.ServerDevice;
import dev.outlay.server.engine.ServerIdentity;
import dev.outlay.server.engine.VolumeStore;
import dev.outlay.server.journal.Batch;
import dev.outlay.server.journal.JournalScanner;
import dev.outlay.server.journal.JournalStorage;
import dev.outlay.server.journal.ScanStop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A walk through a volume's files that changes none of them: checkpoint, journal, what they come
 * to, and the labels of the devices. Used once; the caller holds the volume's lock.
 */
final class Inspection {

    private final JournalStorage storage;
    private final CheckpointStore.Place checkpoints;
    private final List<String> findings = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private long firstPosition;
    private long snapshotPosition;
    private long endPosition;
    private long batches;
    private long facts;
    private @Nullable VolumeState state;

    Inspection(JournalStorage storage, CheckpointStore.Place checkpoints) {
        this.storage = storage;
        this.checkpoints = checkpoints;
    }

    /** What is wrong, and what that means; empty if the volume is sound. */
    List<String> findings() {
        return List.copyOf(findings);
    }

    /** What is not wrong, but worth knowing. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Position the journal reaches back to. */
    long firstPosition() {
        return firstPosition;
    }

    /** Position of the checkpoint that was used; 0 without one. */
    long snapshotPosition() {
        return snapshotPosition;
    }

    /** Position up to which the journal could be read. */
    long endPosition() {
        return endPosition;
    }

    long batches() {
        return batches;
    }

    /** Facts applied on top of the checkpoint. */
    long facts() {
        return facts;
    }

    /** The volume's state as far as it could be read; empty if there is none. */
    Optional<VolumeTables> tables() {
        VolumeState read = state;
        return read == null || !read.tables().isCreated()
                ? Optional.empty()
                : Optional.of(read.tables());
    }

    /** Reads checkpoint and journal, and checks what they come to. */
    void readState() throws IOException {
        firstPosition = JournalScanner.firstPosition(storage);
        try (CheckpointStore rows = checkpoints.inspect()) {
            state = VolumeStore.readRows(rows, firstPosition, Limits.DEFAULT);
            snapshotPosition = rows.position();
        } catch (CheckpointDamagedException e) {
            if (firstPosition > 0) {
                findings.add(String.valueOf(e.getMessage()));
            } else {
                notes.add(e.getMessage() + "; the server replays the whole journal instead");
                state = VolumeState.empty(Limits.DEFAULT);
            }
        }
        readJournal();
        VolumeState read = state;
        if (read == null) {
            return;
        }
        if (!read.tables().isCreated()) {
            findings.add(
                    "the journal holds no volume: its creation never became durable; remove the"
                            + " folder and create the volume again");
            return;
        }
        // As the server does at a restart, before it frees what nobody holds any more.
        read.execute(new Command.BeginGrace());
        findings.addAll(StateChecker.check(read.tables()));
    }

    private void readJournal() throws IOException {
        try (JournalScanner scanner = JournalScanner.open(storage)) {
            endPosition = firstPosition;
            boolean readable = true;
            for (Optional<Batch> next = scanner.next(); next.isPresent(); next = scanner.next()) {
                Batch batch = next.get();
                batches++;
                endPosition = batch.endPosition();
                readable = readable && apply(batch);
            }
            judge(scanner.stop());
        }
        if (endPosition < snapshotPosition) {
            findings.add(
                    "the journal ends at position "
                            + endPosition
                            + ", before position "
                            + snapshotPosition
                            + " of the checkpoint: segments are missing; restore them from a copy");
        }
    }

    /** Applies a batch that the checkpoint does not hold; says whether that went well. */
    private boolean apply(Batch batch) {
        VolumeState read = state;
        if (read == null || batch.position() < snapshotPosition) {
            return true;
        }
        for (byte[] record : batch.records()) {
            try {
                for (Fact fact : FactCodec.facts(record)) {
                    read.apply(fact);
                    facts++;
                }
            } catch (CorruptDataException | IllegalStateException | IllegalArgumentException e) {
                findings.add(
                        "the batch at position "
                                + batch.position()
                                + " cannot be replayed although its checksum holds: "
                                + e.getMessage()
                                + "; use the version of outlay that wrote it");
                return false;
            }
        }
        return true;
    }

    private void judge(ScanStop stop) throws IOException {
        switch (stop) {
            case ScanStop.End _ -> {
                // As it should be.
            }
            case ScanStop.TornTail torn ->
                    notes.add(
                            torn.describe()
                                    + "; the server cuts it at its next start, and nothing that was"
                                    + " answered is lost");
            case ScanStop.Damaged damaged -> findings.add(damaged.describe() + loss(damaged));
        }
    }

    private String loss(ScanStop.Damaged damaged) {
        String advice = "restore the file from a good copy of the data directory";
        return damaged.position() < snapshotPosition
                ? "; the checkpoint of position "
                        + snapshotPosition
                        + " holds what lies before it, what lies behind it cannot be told; "
                        + advice
                : "; if the journal were cut there, everything answered after position "
                        + damaged.position()
                        + " would be lost; "
                        + advice;
    }

    /**
     * Compares the labels of the devices with what the volume and its server know.
     *
     * @param paths where devices are, by index, if not where the server found them
     */
    void checkDevices(Map<Integer, Path> paths, Optional<ServerIdentity> server) {
        VolumeState read = state;
        if (read == null) {
            return;
        }
        for (VolumeDevice known : read.tables().devices()) {
            Path path = paths.getOrDefault(known.index(), Path.of(known.path()));
            String which = "device " + known.index() + ": ";
            try (ServerDevice device = ServerDevice.open(path, known.uuid(), known.incarnation())) {
                DeviceLabel label = device.label();
                if (label.sizeBytes() != known.sizeBytes()) {
                    findings.add(
                            which
                                    + path
                                    + " has "
                                    + label.sizeBytes()
                                    + " bytes by its label, the volume knows "
                                    + known.sizeBytes());
                }
                if (server.isPresent()
                        && label.isOwned()
                        && !label.owner().equals(server.get().id().toString())) {
                    findings.add(
                            which
                                    + path
                                    + " belongs to server "
                                    + label.owner()
                                    + ", this data directory is that of "
                                    + server.get().id());
                }
            } catch (DeviceException e) {
                findings.add(which + e.getMessage());
            }
        }
    }
}
