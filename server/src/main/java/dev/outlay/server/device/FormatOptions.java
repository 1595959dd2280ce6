package dev.outlay.server.device;

import java.util.OptionalLong;
import java.util.UUID;

/**
 * How a device is to be formatted.
 *
 * @param sizeBytes size of a plain file, which is made or made longer; empty: as it is
 * @param blockSizeBytes unit of allocation, a power of two in [4 KiB, 1 MiB]
 * @param coherent whether all hosts see each other's stores without writing back or dropping cache
 *     lines
 * @param force format again what carries a label, or what looks like somebody's data; the
 *     operator's word that all former clients and the former server have ended
 * @param freshId a random UUID, for a device that has none yet
 */
public record FormatOptions(
        OptionalLong sizeBytes,
        int blockSizeBytes,
        boolean coherent,
        boolean force,
        UUID freshId) {}
