package dev.outlay.server.journal;

import java.util.List;

/**
 * One batch read back from the journal, sound in every byte.
 *
 * @param file segment file that holds it, by name
 * @param offset byte offset in that file
 * @param position its position in the log
 * @param endPosition position of the batch after it
 * @param forcedThrough position that was forced when this batch was appended
 * @param crc its CRC, which the next batch repeats
 * @param records what was appended, in order; empty only for the seal of a clean close
 */
public record Batch(
        String file,
        long offset,
        long position,
        long endPosition,
        long forcedThrough,
        int crc,
        List<byte[]> records) {

    public Batch {
        records = List.copyOf(records);
    }
}
