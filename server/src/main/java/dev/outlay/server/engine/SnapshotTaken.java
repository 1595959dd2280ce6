package dev.outlay.server.engine;

/** A snapshot that is durable: of which journal position, and how large. */
public record SnapshotTaken(long journalPosition, long sizeBytes) {}
