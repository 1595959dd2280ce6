package dev.outlay.core.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reads what {@link ByteWriter} wrote, trusting nothing: lengths and counts are checked against
 * what is left before anything is allocated, and bytes the writer cannot have written are refused.
 *
 * <p>Every failure is a {@link CorruptDataException} with the offset at which the bad value begins,
 * counted from the first byte given to this reader.
 */
public final class ByteReader {

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int start;
    private final int end;
    private int position;

    public ByteReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    /** Reads {@code length} bytes from {@code offset}; the array is not copied. */
    public ByteReader(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        this.bytes = bytes;
        this.start = offset;
        this.end = offset + length;
        this.position = offset;
    }

    /** One byte, 0 to 255. */
    public int readByte() {
        need(1, "byte");
        return bytes[position++] & 0xFF;
    }

    public boolean readBoolean() {
        need(1, "boolean");
        byte value = bytes[position];
        if (value != 0 && value != 1) {
            throw corrupt("boolean is " + value + ", neither 0 nor 1", position);
        }
        position++;
        return value == 1;
    }

    public int readInt() {
        need(Integer.BYTES, "int");
        int value = (int) INT.get(bytes, position);
        position += Integer.BYTES;
        return value;
    }

    public long readLong() {
        need(Long.BYTES, "long");
        long value = (long) LONG.get(bytes, position);
        position += Long.BYTES;
        return value;
    }

    /** A number of zero or more in its shortest form. */
    public long readVar() {
        int at = position;
        if (at < end && bytes[at] >= 0) {
            position = at + 1;
            return bytes[at];
        }
        return readLongerVar(at);
    }

    private long readLongerVar(int at) {
        long value = 0;
        for (int i = 0; i < ByteWriter.MAX_VAR_BYTES; i++) {
            if (at + i >= end) {
                throw corrupt("var number ends with the data", at);
            }
            byte next = bytes[at + i];
            value |= (next & 0x7FL) << (7 * i);
            if (next >= 0) {
                if (next == 0 && i > 0) {
                    throw corrupt("var number is longer than it needs to be", at);
                }
                position = at + i + 1;
                return value;
            }
        }
        throw corrupt("var number is longer than 63 bits", at);
    }

    /**
     * How many elements follow, 0 to {@code max}. Each takes a byte at least, so a count above what
     * is left is refused, and the caller may allocate for it.
     */
    public int readCount(int max) {
        return readLength(max, "count");
    }

    /** As many bytes as were written, {@code maxBytes} at most. */
    public byte[] readBytes(int maxBytes) {
        int length = readLength(maxBytes, "byte array");
        byte[] value = Arrays.copyOfRange(bytes, position, position + length);
        position += length;
        return value;
    }

    /** A string of {@code maxBytes} of UTF-8 at most; malformed UTF-8 is refused. */
    public String readString(int maxBytes) {
        int at = position;
        int length = readLength(maxBytes, "string");
        String value = new String(bytes, position, length, StandardCharsets.UTF_8);
        // Decoding puts U+FFFD for what is malformed, so only well-formed bytes come back the same.
        byte[] again = value.getBytes(StandardCharsets.UTF_8);
        if (!Arrays.equals(again, 0, again.length, bytes, position, position + length)) {
            position = at;
            throw corrupt("string is not UTF-8", at);
        }
        position += length;
        return value;
    }

    /** The number of bytes read so far. */
    public int position() {
        return position - start;
    }

    /** The number of bytes left. */
    public int remaining() {
        return end - position;
    }

    public boolean atEnd() {
        return position == end;
    }

    /** Refuses bytes after the last value. */
    public void expectEnd() {
        if (!atEnd()) {
            throw corrupt((end - position) + " bytes follow the last value", position);
        }
    }

    private int readLength(int max, String what) {
        int at = position;
        long length = readVar();
        if (length > max) {
            position = at;
            throw corrupt(what + " of " + length + " is above the limit of " + max, at);
        }
        if (length > end - position) {
            int left = end - position;
            position = at;
            throw corrupt(what + " of " + length + ", but " + left + " bytes are left", at);
        }
        return (int) length;
    }

    private void need(int count, String what) {
        if (count > end - position) {
            throw corrupt(
                    what + " needs " + count + " bytes, but " + (end - position) + " are left",
                    position);
        }
    }

    private CorruptDataException corrupt(String what, int at) {
        return new CorruptDataException(what + " (at offset " + (at - start) + ")");
    }
}
