package dev.outlay.core.value;

import java.util.UUID;

/**
 * What is chosen when a volume is created and never changes.
 *
 * @param blockSize bytes, a power of two
 * @param leastDurability the weakest durability a commit may report
 */
public record VolumeSettings(
        UUID uuid, String name, int blockSize, Durability leastDurability, long createdMillis) {}
