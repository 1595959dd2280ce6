package dev.outlay.client;

/** A snapshot holds all facts below this position of the journal. */
public record SnapshotInfo(long journalPosition, long sizeBytes) {}
