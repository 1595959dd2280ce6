package dev.outlay.core.value;

/** A range of a file and how a client holds it. */
public record LayoutRange(ByteRange range, GrantKind kind) {}
