package dev.outlay.core.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Appends values to a growing array of bytes; {@link ByteReader} reads them back.
 *
 * <p>Fixed numbers are little endian. A "var" number is unsigned LEB128: seven bits a byte, lowest
 * first, the high bit set on all but the last. Each value has exactly one encoding.
 */
public final class ByteWriter {

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** The bytes of the longest var number, {@link Long#MAX_VALUE}. */
    static final int MAX_VAR_BYTES = 9;

    private byte[] bytes;
    private int size;

    public ByteWriter() {
        this(64);
    }

    /** A writer with room for {@code expectedBytes} before it first grows. */
    public ByteWriter(int expectedBytes) {
        this.bytes = new byte[expectedBytes];
    }

    /** Writes the low eight bits of {@code value}, which is -128 to 255. */
    public void writeByte(int value) {
        if (value < Byte.MIN_VALUE || value > 0xFF) {
            throw new IllegalArgumentException(value + " does not fit a byte");
        }
        reserve(1);
        bytes[size++] = (byte) value;
    }

    public void writeBoolean(boolean value) {
        writeByte(value ? 1 : 0);
    }

    public void writeInt(int value) {
        reserve(Integer.BYTES);
        INT.set(bytes, size, value);
        size += Integer.BYTES;
    }

    public void writeLong(long value) {
        reserve(Long.BYTES);
        LONG.set(bytes, size, value);
        size += Long.BYTES;
    }

    /** Writes a number of zero or more in as few bytes as it needs, one to nine. */
    public void writeVar(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("var number " + value + " is negative");
        }
        reserve(MAX_VAR_BYTES);
        byte[] to = bytes;
        int at = size;
        long rest = value;
        while (rest > 0x7F) {
            to[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        to[at++] = (byte) rest;
        size = at;
    }

    /** Writes the length as a var number, then the bytes. */
    public void writeBytes(byte[] value) {
        writeVar(value.length);
        reserve(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    /** Writes the length in bytes as a var number, then UTF-8. Lone surrogates are refused. */
    public void writeString(String value) {
        if (!isUtf16(value)) {
            throw new IllegalArgumentException("string has a lone surrogate, no UTF-8 for it");
        }
        writeBytes(value.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether each surrogate has its other half. */
    private static boolean isUtf16(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (Character.isSurrogate(value.charAt(i))) {
                return StandardCharsets.UTF_8.newEncoder().canEncode(value);
            }
        }
        return true;
    }

    /** Forgets what was written; the room for it stays. */
    public void clear() {
        size = 0;
    }

    /** The number of bytes written so far. */
    public int size() {
        return size;
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void reserve(int more) {
        int needed = Math.addExact(size, more);
        if (needed > bytes.length) {
            int doubled = (int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8);
            bytes = Arrays.copyOf(bytes, Math.max(doubled, needed));
        }
    }
}
