package dev.outlay.client;

import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;

/** A name in a directory; {@code sizeBytes} is 0 for a directory. */
public record DirectoryEntry(String name, FileId file, FileKind kind, long sizeBytes) {}
