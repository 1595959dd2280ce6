package dev.outlay.server.journal;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/** The first sector of a segment; the table is in the package's note. */
record SegmentHeader(SegmentName name, long segmentBytes, long salt, UUID volume, int previousCrc) {

    static final int MAGIC = 0x534A4C4F; // "OLJS"
    static final int VERSION = 1;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int SEQUENCE_OFFSET = 8;
    static final int START_OFFSET = 16;
    static final int SEGMENT_BYTES_OFFSET = 24;
    static final int SALT_OFFSET = 32;
    static final int VOLUME_HIGH_OFFSET = 40;
    static final int VOLUME_LOW_OFFSET = 48;
    static final int PREVIOUS_CRC_OFFSET = 56;
    static final int CRC_OFFSET = 4092;

    long start() {
        return name.start();
    }

    /** Position behind the last byte this segment has room for. */
    long limit() {
        return name.start() + segmentBytes - Sectors.BYTES;
    }

    long offsetOf(long position) {
        return Sectors.BYTES + position - name.start();
    }

    /** Puts the sector at the buffer's position and moves that behind it. */
    void put(ByteBuffer out) {
        int at = out.position();
        Sectors.putZeros(out, at, Sectors.BYTES);
        out.putInt(at + MAGIC_OFFSET, MAGIC);
        out.putInt(at + VERSION_OFFSET, VERSION);
        out.putLong(at + SEQUENCE_OFFSET, name.sequence());
        out.putLong(at + START_OFFSET, name.start());
        out.putLong(at + SEGMENT_BYTES_OFFSET, segmentBytes);
        out.putLong(at + SALT_OFFSET, salt);
        out.putLong(at + VOLUME_HIGH_OFFSET, volume.getMostSignificantBits());
        out.putLong(at + VOLUME_LOW_OFFSET, volume.getLeastSignificantBits());
        out.putInt(at + PREVIOUS_CRC_OFFSET, previousCrc);
        out.putInt(at + CRC_OFFSET, Sectors.crc(out, at, CRC_OFFSET));
        out.position(at + Sectors.BYTES);
    }

    /** What is wrong with the sector at the start of {@code in} as the header of this file. */
    static Optional<String> problem(ByteBuffer in, SegmentName name) {
        if (in.getInt(MAGIC_OFFSET) != MAGIC) {
            return Optional.of("this is no journal segment");
        }
        int crc = Sectors.crc(in, 0, CRC_OFFSET);
        int stored = in.getInt(CRC_OFFSET);
        if (crc != stored) {
            return Optional.of(
                    "segment header checksum is %08x, stored %08x".formatted(crc, stored));
        }
        int version = in.getInt(VERSION_OFFSET);
        if (version != VERSION) {
            return Optional.of(
                    "segment format %d, this Outlay reads %d".formatted(version, VERSION));
        }
        SegmentHeader header = get(in);
        if (!header.name.equals(name)) {
            return Optional.of("the file was made as " + header.name.text());
        }
        if (header.segmentBytes < Sectors.BYTES || !Sectors.isAligned(header.segmentBytes)) {
            return Optional.of("impossible segment length " + header.segmentBytes);
        }
        return Optional.empty();
    }

    static SegmentHeader get(ByteBuffer in) {
        return new SegmentHeader(
                new SegmentName(in.getLong(SEQUENCE_OFFSET), in.getLong(START_OFFSET)),
                in.getLong(SEGMENT_BYTES_OFFSET),
                in.getLong(SALT_OFFSET),
                new UUID(in.getLong(VOLUME_HIGH_OFFSET), in.getLong(VOLUME_LOW_OFFSET)),
                in.getInt(PREVIOUS_CRC_OFFSET));
    }
}
