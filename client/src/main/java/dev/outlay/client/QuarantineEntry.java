package dev.outlay.client;

import dev.outlay.core.value.ProcessIdentity;
import java.util.List;
import java.util.Optional;

/**
 * A client that ended without its own word, and the blocks that are kept from everybody because of
 * it.
 *
 * @param ended SUPERSEDED, EXPIRED or REVOKED
 * @param process where it ran, if it said so
 * @param quarantinedBytes outside of files
 * @param atRiskBytes in files, read in place
 * @param fenceState how far its fencing has come, in words
 * @param blocks by device and offset
 */
public record QuarantineEntry(
        long clientId,
        String owner,
        long incarnation,
        String ended,
        Optional<ProcessIdentity> process,
        long quarantinedBytes,
        long atRiskBytes,
        String fenceState,
        List<Blocks> blocks) {

    /**
     * A range of a device.
     *
     * @param mapped whether it is in a file
     * @param holders how many ended clients keep it here
     */
    public record Blocks(int device, long offset, long length, boolean mapped, int holders) {}

    public QuarantineEntry {
        blocks = List.copyOf(blocks);
    }

    /** The same with the blocks of the next page. */
    QuarantineEntry with(QuarantineEntry next) {
        List<Blocks> all = new java.util.ArrayList<>(blocks);
        all.addAll(next.blocks);
        return new QuarantineEntry(
                clientId,
                owner,
                incarnation,
                ended,
                process,
                next.quarantinedBytes,
                next.atRiskBytes,
                next.fenceState,
                all);
    }
}
