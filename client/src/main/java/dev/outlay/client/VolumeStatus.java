package dev.outlay.client;

import dev.outlay.core.value.Durability;
import dev.outlay.core.value.VolumeSettings.Allocation;
import dev.outlay.core.value.VolumeSettings.FencePolicy;
import java.util.UUID;

/**
 * A volume as of one moment.
 *
 * @param files files and directories, the root included
 * @param extents in all files' maps
 * @param clients that the volume remembers anything of
 * @param layouts held
 * @param journalPosition all facts below it are durable
 * @param snapshotPosition that the newest snapshot holds; 0 without one
 * @param readOnlyReason why the volume answers reads only; empty if it does not
 * @param unavailableReason why it serves nothing at all; empty if it is open
 * @param inGrace the server was restarted and still waits for clients
 * @param fence what proves that a client which ended without its own word stores no more
 * @param staleWriterRisk time counts as a proof although clients store by CPU
 * @param allocation what a block that was never committed holds when a client gets it
 */
public record VolumeStatus(
        String volume,
        UUID uuid,
        int blockSizeBytes,
        Durability least,
        long createdMillis,
        Space space,
        long files,
        long extents,
        long clients,
        long layouts,
        long journalPosition,
        long snapshotPosition,
        String readOnlyReason,
        String unavailableReason,
        boolean inGrace,
        FencePolicy fence,
        boolean staleWriterRisk,
        Allocation allocation) {

    /** Whether more is known than the name and the reason. */
    public boolean isKnown() {
        return blockSizeBytes > 0;
    }

    /**
     * Bytes in each block state; the states sum to the total.
     *
     * @param total without the labels
     * @param free in no file and under no grant
     * @param reserved set aside for work on the device
     * @param granted under one client's RW grant and not committed
     * @param mapped in a file, unwritten blocks of Allocate included
     * @param pending taken from a file, waiting for a grant to end
     * @param quarantined a client that ended without its own word may still store here
     * @param atRisk the part of {@code mapped} that such a client may still overwrite
     */
    public record Space(
            long total,
            long free,
            long reserved,
            long granted,
            long mapped,
            long pending,
            long quarantined,
            long atRisk) {}
}
