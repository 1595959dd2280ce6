package dev.outlay.server.journal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A batch as bytes; the table is in the package's note. Buffers are little endian. */
final class BatchFormat {

    static final int MAGIC = 0x424A4C4F; // "OLJB"
    static final int VERSION = 1;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int SALT_OFFSET = 8;
    static final int POSITION_OFFSET = 16;
    static final int FORCED_THROUGH_OFFSET = 24;
    static final int PAYLOAD_BYTES_OFFSET = 32;
    static final int RECORD_COUNT_OFFSET = 36;
    static final int PREVIOUS_CRC_OFFSET = 40;
    static final int PAYLOAD_CRC_OFFSET = 44;
    static final int RESERVED_OFFSET = 48;
    static final int CRC_OFFSET = 60;
    static final int HEADER_BYTES = 64;

    static final int RECORD_PREFIX_BYTES = Integer.BYTES;

    private BatchFormat() {}

    /** Bytes a batch with this payload takes, padding included. */
    static long sizeBytes(long payloadBytes) {
        return Sectors.alignUp(HEADER_BYTES + payloadBytes);
    }

    static long payloadBytes(List<byte[]> records) {
        long bytes = 0;
        for (byte[] record : records) {
            bytes += RECORD_PREFIX_BYTES + record.length;
        }
        return bytes;
    }

    /** Puts a batch at the buffer's position, moves that behind it, and returns the batch's CRC. */
    static int put(
            ByteBuffer out,
            long salt,
            long position,
            long forcedThrough,
            int previousCrc,
            List<byte[]> records) {
        int at = out.position();
        out.position(at + HEADER_BYTES);
        for (byte[] record : records) {
            out.putInt(record.length).put(record);
        }
        int payloadBytes = out.position() - at - HEADER_BYTES;
        int size = (int) sizeBytes(payloadBytes);
        Sectors.putZeros(out, out.position(), at + size - out.position());
        out.putInt(at + MAGIC_OFFSET, MAGIC);
        out.putInt(at + VERSION_OFFSET, VERSION);
        out.putLong(at + SALT_OFFSET, salt);
        out.putLong(at + POSITION_OFFSET, position);
        out.putLong(at + FORCED_THROUGH_OFFSET, forcedThrough);
        out.putInt(at + PAYLOAD_BYTES_OFFSET, payloadBytes);
        out.putInt(at + RECORD_COUNT_OFFSET, records.size());
        out.putInt(at + PREVIOUS_CRC_OFFSET, previousCrc);
        out.putInt(
                at + PAYLOAD_CRC_OFFSET, Sectors.crc(out, at + HEADER_BYTES, size - HEADER_BYTES));
        Sectors.putZeros(out, at + RESERVED_OFFSET, CRC_OFFSET - RESERVED_OFFSET);
        int crc = Sectors.crc(out, at, CRC_OFFSET);
        out.putInt(at + CRC_OFFSET, crc);
        out.position(at + size);
        return crc;
    }

    /**
     * What is wrong with the header at {@code at}, seen alone; empty if it is that of a batch
     * written at this position of this segment, whatever became of its payload.
     */
    static Optional<String> headerProblem(ByteBuffer in, int at, long salt, long position) {
        if (in.getInt(at + MAGIC_OFFSET) != MAGIC) {
            return Optional.of("no batch starts here");
        }
        int crc = Sectors.crc(in, at, CRC_OFFSET);
        int stored = in.getInt(at + CRC_OFFSET);
        if (crc != stored) {
            return Optional.of("header checksum is %08x, stored %08x".formatted(crc, stored));
        }
        int version = in.getInt(at + VERSION_OFFSET);
        if (version != VERSION) {
            return Optional.of("batch format %d, this Outlay reads 1".formatted(version));
        }
        if (in.getLong(at + SALT_OFFSET) != salt) {
            return Optional.of("the batch was written for another segment");
        }
        long written = in.getLong(at + POSITION_OFFSET);
        if (written != position) {
            return Optional.of("the batch was written for position %d".formatted(written));
        }
        if (payloadBytes(in, at) < 0 || recordCount(in, at) < 0) {
            return Optional.of("negative length");
        }
        long forcedThrough = forcedThrough(in, at);
        if (forcedThrough < 0 || forcedThrough > position) {
            return Optional.of("forced through %d is past the batch".formatted(forcedThrough));
        }
        return Optional.empty();
    }

    static long forcedThrough(ByteBuffer in, int at) {
        return in.getLong(at + FORCED_THROUGH_OFFSET);
    }

    static int payloadBytes(ByteBuffer in, int at) {
        return in.getInt(at + PAYLOAD_BYTES_OFFSET);
    }

    static int recordCount(ByteBuffer in, int at) {
        return in.getInt(at + RECORD_COUNT_OFFSET);
    }

    static int crc(ByteBuffer in, int at) {
        return in.getInt(at + CRC_OFFSET);
    }

    /** Whether payload and padding of a sound header, all of it in the buffer, are as written. */
    static boolean isPayloadWhole(ByteBuffer in, int at) {
        int size = (int) sizeBytes(payloadBytes(in, at));
        return Sectors.crc(in, at + HEADER_BYTES, size - HEADER_BYTES)
                == in.getInt(at + PAYLOAD_CRC_OFFSET);
    }

    static int previousCrc(ByteBuffer in, int at) {
        return in.getInt(at + PREVIOUS_CRC_OFFSET);
    }

    /** Copies the records out; empty if their lengths do not fill the payload exactly. */
    static Optional<List<byte[]>> records(ByteBuffer in, int at) {
        int offset = at + HEADER_BYTES;
        int end = offset + payloadBytes(in, at);
        int count = recordCount(in, at);
        if (count > (end - offset) / RECORD_PREFIX_BYTES) {
            return Optional.empty();
        }
        List<byte[]> records = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            if (end - offset < RECORD_PREFIX_BYTES) {
                return Optional.empty();
            }
            int length = in.getInt(offset);
            offset += RECORD_PREFIX_BYTES;
            if (length < 0 || length > end - offset) {
                return Optional.empty();
            }
            byte[] record = new byte[length];
            in.get(offset, record);
            records.add(record);
            offset += length;
        }
        return offset == end ? Optional.of(records) : Optional.empty();
    }
}
