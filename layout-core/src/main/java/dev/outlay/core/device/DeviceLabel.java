package dev.outlay.core.device;

import dev.outlay.core.value.ByteRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The label of a device: who it is, which life it is in, and which server owns it.
 *
 * <p>One 4 KiB block at offset 0 of the device and again in its last 4 KiB block ({@link
 * LabelPair}). Little-endian, but for the UUID, whose 16 bytes stand in the order in which they are
 * printed. In every format version, present and future, the magic stands first, the version after
 * it, and the last four bytes hold the CRC32C of all bytes before them; so a damaged label and one
 * of another version are never confused. Bytes no field uses are zero and covered by the checksum.
 *
 * @param device identity of the device, given at the first format and kept by later ones
 * @param incarnation life of the device, 1 or more; raised by each format and each take-over by
 *     force
 * @param sizeBytes size of the device, a multiple of {@link #BLOCK_BYTES}; the copy stands right
 *     before this offset
 * @param blockSizeBytes unit of allocation, a power of two in [4 KiB, 1 MiB]
 * @param owner id of the owning server, at most {@link #MAX_OWNER_BYTES} bytes of UTF-8; empty: not
 *     owned
 * @param lockEpoch raised by each claim, 0 before the first; a server that finds another one than
 *     its own has lost the device
 * @param coherent whether all hosts see the stores of each other without writing back or dropping
 *     cache lines
 */
public record DeviceLabel(
        UUID device,
        long incarnation,
        long sizeBytes,
        int blockSizeBytes,
        String owner,
        long lockEpoch,
        boolean coherent) {

    /** Size of a label on the device. */
    public static final int BLOCK_BYTES = 4096;

    /** The format this build writes, and the only one it reads. */
    public static final int FORMAT_VERSION = 1;

    public static final int MAX_OWNER_BYTES = 64;
    public static final int MIN_BLOCK_SIZE_BYTES = 4096;
    public static final int MAX_BLOCK_SIZE_BYTES = 1 << 20;

    /** Device offsets fit 48 bits. */
    public static final long MAX_SIZE_BYTES = 1L << 48;

    /** {@code "OUTLAYDV"} as bytes. */
    static final byte[] MAGIC = "OUTLAYDV".getBytes(StandardCharsets.US_ASCII);

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 8;
    static final int FLAGS_OFFSET = 12;
    static final int DEVICE_HIGH_OFFSET = 16;
    static final int DEVICE_LOW_OFFSET = 24;
    static final int INCARNATION_OFFSET = 32;
    static final int SIZE_OFFSET = 40;
    static final int LOCK_EPOCH_OFFSET = 48;
    static final int BLOCK_SIZE_OFFSET = 56;
    static final int OWNER_LENGTH_OFFSET = 60;
    static final int OWNER_OFFSET = 64;
    static final int CRC_OFFSET = BLOCK_BYTES - Integer.BYTES;

    private static final int FLAG_COHERENT = 1;

    public DeviceLabel {
        String problem = problem(incarnation, sizeBytes, blockSizeBytes, lockEpoch);
        if (!problem.isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
        int ownerBytes = utf8(owner).length;
        if (ownerBytes > MAX_OWNER_BYTES) {
            throw new IllegalArgumentException(
                    "the server id has " + ownerBytes + " bytes, more than " + MAX_OWNER_BYTES);
        }
    }

    /** The outcome of {@link #decode}: a label, or what stands there instead of one. */
    public sealed interface Decoded {}

    /** A whole label of this format. */
    public record Valid(DeviceLabel label) implements Decoded {}

    /** The bytes do not start with the magic: unformatted, or somebody else's. */
    public record NotALabel() implements Decoded {}

    /** A whole label of a format this build does not know. */
    public record OtherVersion(int version) implements Decoded {}

    /** It starts like a label, but its bytes are not those that were written: torn or damaged. */
    public record BadChecksum(int stored, int computed) implements Decoded {}

    /** Whole by its checksum, yet with a value no label can have: written by a faulty program. */
    public record BadField(String why) implements Decoded {}

    /** The space between the label and its copy, in whole allocation blocks. */
    public ByteRange usable() {
        return new ByteRange(usableStart(blockSizeBytes), usableEnd(sizeBytes, blockSizeBytes));
    }

    /** Where the copy of the label stands. */
    public long copyOffset() {
        return copyOffset(sizeBytes);
    }

    /** Where the copy stands on a device of {@code sizeBytes}: in its last whole 4 KiB block. */
    public static long copyOffset(long sizeBytes) {
        return labelledSize(sizeBytes) - BLOCK_BYTES;
    }

    /** The size a label states for a device of {@code sizeBytes}: down to whole 4 KiB blocks. */
    public static long labelledSize(long sizeBytes) {
        return sizeBytes - sizeBytes % BLOCK_BYTES;
    }

    /** The smallest device that holds both labels and one allocation block between them. */
    public static long minSizeBytes(int blockSizeBytes) {
        return usableStart(blockSizeBytes) + blockSizeBytes + BLOCK_BYTES;
    }

    public boolean isOwned() {
        return !owner.isEmpty();
    }

    /** The same device claimed by {@code server}: a new lock epoch. */
    public DeviceLabel claimedBy(String server) {
        return new DeviceLabel(
                device,
                incarnation,
                sizeBytes,
                blockSizeBytes,
                server,
                Math.addExact(lockEpoch, 1),
                coherent);
    }

    /** The same device, nobody's: a new lock epoch, so that who held it finds that it is lost. */
    public DeviceLabel released() {
        return claimedBy("");
    }

    /** The same device in its next life. */
    public DeviceLabel reincarnated() {
        return new DeviceLabel(
                device,
                Math.addExact(incarnation, 1),
                sizeBytes,
                blockSizeBytes,
                owner,
                lockEpoch,
                coherent);
    }

    /** The label as the {@link #BLOCK_BYTES} bytes that go to the device. */
    public byte[] encode() {
        byte[] block = new byte[BLOCK_BYTES];
        byte[] ownerBytes = utf8(owner);
        ByteBuffer out = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC_OFFSET, MAGIC)
                .putInt(VERSION_OFFSET, FORMAT_VERSION)
                .putInt(FLAGS_OFFSET, coherent ? FLAG_COHERENT : 0)
                .putLong(DEVICE_HIGH_OFFSET, Long.reverseBytes(device.getMostSignificantBits()))
                .putLong(DEVICE_LOW_OFFSET, Long.reverseBytes(device.getLeastSignificantBits()))
                .putLong(INCARNATION_OFFSET, incarnation)
                .putLong(SIZE_OFFSET, sizeBytes)
                .putLong(LOCK_EPOCH_OFFSET, lockEpoch)
                .putInt(BLOCK_SIZE_OFFSET, blockSizeBytes)
                .putInt(OWNER_LENGTH_OFFSET, ownerBytes.length)
                .put(OWNER_OFFSET, ownerBytes)
                .putInt(CRC_OFFSET, crc(block));
        return block;
    }

    /**
     * Reads a block that may be a label; nothing in it is trusted.
     *
     * @param block exactly {@link #BLOCK_BYTES} bytes
     */
    public static Decoded decode(byte[] block) {
        if (block.length != BLOCK_BYTES) {
            throw new IllegalArgumentException(
                    "a label has " + BLOCK_BYTES + " bytes, not " + block.length);
        }
        ByteBuffer in = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        if (!in.slice(MAGIC_OFFSET, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            return new NotALabel();
        }
        int stored = in.getInt(CRC_OFFSET);
        int computed = crc(block);
        if (stored != computed) {
            return new BadChecksum(stored, computed);
        }
        int version = in.getInt(VERSION_OFFSET);
        return version == FORMAT_VERSION ? decodeFields(in) : new OtherVersion(version);
    }

    private static Decoded decodeFields(ByteBuffer in) {
        int flags = in.getInt(FLAGS_OFFSET);
        if ((flags & ~FLAG_COHERENT) != 0) {
            return new BadField("unknown flags 0x" + Integer.toHexString(flags));
        }
        long incarnation = in.getLong(INCARNATION_OFFSET);
        long sizeBytes = in.getLong(SIZE_OFFSET);
        long lockEpoch = in.getLong(LOCK_EPOCH_OFFSET);
        int blockSizeBytes = in.getInt(BLOCK_SIZE_OFFSET);
        String problem = problem(incarnation, sizeBytes, blockSizeBytes, lockEpoch);
        if (!problem.isEmpty()) {
            return new BadField(problem);
        }
        int ownerLength = in.getInt(OWNER_LENGTH_OFFSET);
        if (ownerLength < 0 || ownerLength > MAX_OWNER_BYTES) {
            return new BadField("server id of " + ownerLength + " bytes");
        }
        String owner;
        try {
            owner =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(in.slice(OWNER_OFFSET, ownerLength))
                            .toString();
        } catch (CharacterCodingException e) {
            return new BadField("server id is not UTF-8");
        }
        UUID device =
                new UUID(
                        Long.reverseBytes(in.getLong(DEVICE_HIGH_OFFSET)),
                        Long.reverseBytes(in.getLong(DEVICE_LOW_OFFSET)));
        return new Valid(
                new DeviceLabel(
                        device,
                        incarnation,
                        sizeBytes,
                        blockSizeBytes,
                        owner,
                        lockEpoch,
                        (flags & FLAG_COHERENT) != 0));
    }

    /** What is wrong with these values, or nothing. */
    private static String problem(
            long incarnation, long sizeBytes, int blockSizeBytes, long lockEpoch) {
        if (incarnation < 1) {
            return "incarnation " + incarnation + " is below 1";
        }
        if (lockEpoch < 0) {
            return "lock epoch " + lockEpoch + " is below 0";
        }
        if (blockSizeBytes < MIN_BLOCK_SIZE_BYTES
                || blockSizeBytes > MAX_BLOCK_SIZE_BYTES
                || Integer.bitCount(blockSizeBytes) != 1) {
            return "block size "
                    + blockSizeBytes
                    + " is not a power of two from "
                    + MIN_BLOCK_SIZE_BYTES
                    + " to "
                    + MAX_BLOCK_SIZE_BYTES;
        }
        if (sizeBytes % BLOCK_BYTES != 0) {
            return "size " + sizeBytes + " is not a multiple of " + BLOCK_BYTES;
        }
        if (sizeBytes < minSizeBytes(blockSizeBytes) || sizeBytes > MAX_SIZE_BYTES) {
            return "size "
                    + sizeBytes
                    + " is not between "
                    + minSizeBytes(blockSizeBytes)
                    + " and "
                    + MAX_SIZE_BYTES;
        }
        return "";
    }

    private static long usableStart(int blockSizeBytes) {
        return Math.max(BLOCK_BYTES, blockSizeBytes);
    }

    private static long usableEnd(long sizeBytes, int blockSizeBytes) {
        long end = sizeBytes - BLOCK_BYTES;
        return end - end % blockSizeBytes;
    }

    private static byte[] utf8(String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return copy;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("the server id is not Unicode", e);
        }
    }

    private static int crc(byte[] block) {
        CRC32C crc = new CRC32C();
        crc.update(block, 0, CRC_OFFSET);
        return (int) crc.getValue();
    }
}
