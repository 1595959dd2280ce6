package dev.outlay.core.value;

/** Bytes that a client, answered TRY_LATER, would like to hear of once they are released. */
public record Interest(ClientId client, FileId file, ByteRange range) {}
