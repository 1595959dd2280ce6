package dev.outlay.demo;

/**
 * Who wrote a byte. No value belongs to two inks, so that a single byte tells; within an ink the
 * value depends on the offset in the file, so that a byte in the wrong place shows as well.
 */
enum Ink {
    /** What nobody wrote. */
    ZERO(0, 1, "zeros"),
    /** The whole device before it was formatted: what its former owner left there. */
    FORMER_OWNER(0xCD, 1, "the former owner's 0xCD"),
    /** What was committed before the story begins. */
    EARLIER('a', 26, "bytes committed earlier"),
    /** The writer that is killed. */
    A('A', 26, "A's bytes"),
    /** The writer that comes after. */
    C('0', 10, "C's bytes");

    /** 2^64 by the golden ratio: neighbours get values that have nothing to do with each other. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private static final int SPREAD_SHIFT = 40;

    private final int first;
    private final int values;
    private final String words;

    Ink(int first, int values, String words) {
        this.first = first;
        this.values = values;
        this.words = words;
    }

    /** The byte at an offset of the file. */
    byte at(long fileOffset) {
        return (byte) (first + (int) (((fileOffset * SPREAD) >>> SPREAD_SHIFT) % values));
    }

    /** {@code length} bytes from an offset of the file on. */
    byte[] bytes(long fileOffset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(fileOffset + i);
        }
        return bytes;
    }

    /** Whether this ink has such a byte at all. */
    boolean has(byte value) {
        int unsigned = Byte.toUnsignedInt(value);
        return unsigned >= first && unsigned < first + values;
    }

    /** What a person calls it. */
    String words() {
        return words;
    }
}
