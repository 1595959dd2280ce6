package dev.outlay.server.journal;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/** The first sector of a snapshot file; the table is in the package's note. */
record SnapshotFormat(long position, long imageBytes, UUID volume, int imageCrc) {

    static final int MAGIC = 0x4E534C4F; // "OLSN"
    static final int VERSION = 1;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int POSITION_OFFSET = 8;
    static final int IMAGE_BYTES_OFFSET = 16;
    static final int VOLUME_HIGH_OFFSET = 24;
    static final int VOLUME_LOW_OFFSET = 32;
    static final int IMAGE_CRC_OFFSET = 40;
    static final int CRC_OFFSET = 4092;
    static final int IMAGE_OFFSET = Sectors.BYTES;

    /** Length of the whole file. */
    long fileBytes() {
        return IMAGE_OFFSET + Sectors.alignUp(imageBytes);
    }

    /** Fills the sector at the start of {@code out}. */
    void put(ByteBuffer out) {
        Sectors.putZeros(out, 0, Sectors.BYTES);
        out.putInt(MAGIC_OFFSET, MAGIC);
        out.putInt(VERSION_OFFSET, VERSION);
        out.putLong(POSITION_OFFSET, position);
        out.putLong(IMAGE_BYTES_OFFSET, imageBytes);
        out.putLong(VOLUME_HIGH_OFFSET, volume.getMostSignificantBits());
        out.putLong(VOLUME_LOW_OFFSET, volume.getLeastSignificantBits());
        out.putInt(IMAGE_CRC_OFFSET, imageCrc);
        out.putInt(CRC_OFFSET, Sectors.crc(out, 0, CRC_OFFSET));
    }

    /** What is wrong with the sector at the start of {@code in}. */
    static Optional<String> problem(ByteBuffer in) {
        if (in.getInt(MAGIC_OFFSET) != MAGIC) {
            return Optional.of("this is no snapshot");
        }
        int crc = Sectors.crc(in, 0, CRC_OFFSET);
        int stored = in.getInt(CRC_OFFSET);
        if (crc != stored) {
            return Optional.of("header checksum is %08x, stored %08x".formatted(crc, stored));
        }
        int version = in.getInt(VERSION_OFFSET);
        return version == VERSION
                ? Optional.empty()
                : Optional.of(
                        "snapshot format %d, this Outlay reads %d".formatted(version, VERSION));
    }

    static SnapshotFormat get(ByteBuffer in) {
        return new SnapshotFormat(
                in.getLong(POSITION_OFFSET),
                in.getLong(IMAGE_BYTES_OFFSET),
                new UUID(in.getLong(VOLUME_HIGH_OFFSET), in.getLong(VOLUME_LOW_OFFSET)),
                in.getInt(IMAGE_CRC_OFFSET));
    }
}
