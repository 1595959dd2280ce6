package dev.outlay.server.engine;

import java.util.Optional;

/**
 * How a volume's engine stands.
 *
 * @param journalPosition position of the journal up to which everything is durable
 * @param snapshotPosition position of the newest snapshot, 0 without one
 * @param readOnlyReason why nothing can be changed; empty while all is well
 */
public record EngineStatus(
        long journalPosition, long snapshotPosition, Optional<String> readOnlyReason) {}
