package dev.outlay.server.metrics;

/**
 * A volume at one moment, as its engine publishes it for whoever scrapes. The block states sum to
 * {@code totalBytes}.
 *
 * @param atRiskBytes the part of {@code mappedBytes} that a revoked writer may still overwrite
 * @param waitingRequests requests that wait for others to give something back
 * @param openRecalls recalls that their clients have not answered whole
 * @param queuedCommands commands that wait for the engine
 * @param journalPosition end of the durable journal, bytes since the volume was made
 * @param snapshotPosition the position that the newest snapshot holds
 * @param readOnly whether only reads are answered
 * @param inGrace whether clients may still restate what they held before a restart
 */
public record VolumeSample(
        long totalBytes,
        long freeBytes,
        long reservedBytes,
        long grantedBytes,
        long mappedBytes,
        long pendingBytes,
        long quarantinedBytes,
        long atRiskBytes,
        long files,
        long extents,
        long clients,
        long layouts,
        long waitingRequests,
        long openRecalls,
        long queuedCommands,
        long journalPosition,
        long snapshotPosition,
        boolean readOnly,
        boolean inGrace) {}
