package dev.outlay.client;

import dev.outlay.core.value.FileAttributes;
import java.util.OptionalLong;

/**
 * The answer of CommitBlocks.
 *
 * @param newSizeBytes present only if the size changed
 * @param mapEpoch after the commit
 * @param attributes after the commit
 */
public record CommittedBlocks(
        OptionalLong newSizeBytes, long mapEpoch, FileAttributes attributes) {}
