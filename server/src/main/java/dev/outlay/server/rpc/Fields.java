package dev.outlay.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Checks single fields of untrusted requests: each method returns the value or throws {@link
 * RequestRefused} with the field's name and what was seen.
 */
final class Fields {
    static final int ID_BYTES = 16;
    static final int VOLUMES_MAX = 256;
    static final int DEVICES_MAX = 256;
    static final int PATH_BYTES_MAX = 4096;
    static final int MODE_MAX = 0xFFF;

    /** Times are carried by numbers that some languages hold as doubles. */
    static final long TIME_MILLIS_MAX = 1L << 53;

    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final Pattern VOLUME = Pattern.compile("[a-z][a-z0-9-]{0,63}");

    private Fields() {}

    /** A field of type {@code uint64}, as an offset, a length or a counter. */
    static long unsigned(String field, long value) {
        if (value < 0) {
            throw RequestRefused.invalid(
                    field
                            + " is "
                            + Long.toUnsignedString(value)
                            + ", more than "
                            + Long.MAX_VALUE);
        }
        return value;
    }

    /** The same of an entry of a list. */
    static long unsigned(String list, int index, String field, long value) {
        return value >= 0 ? value : unsigned(in(list, index, field), value);
    }

    private static String in(String list, int index, String field) {
        return list + "[" + index + "]." + field;
    }

    static long atLeastOne(String field, long value) {
        if (value == 0) {
            throw RequestRefused.invalid(field + " is missing or 0");
        }
        return unsigned(field, value);
    }

    static long atLeastOne(String list, int index, String field, long value) {
        return value > 0 ? value : atLeastOne(in(list, index, field), value);
    }

    static FileId file(String field, long value) {
        return new FileId(atLeastOne(field, value));
    }

    /** A field of type {@code uint32} with a range of its own. */
    static int within(String field, int value, int min, int max) {
        if (value < min || value > max) {
            throw RequestRefused.invalid(
                    field
                            + " is "
                            + Integer.toUnsignedString(value)
                            + ", outside of "
                            + min
                            + ".."
                            + max);
        }
        return value;
    }

    static int device(String field, int value) {
        return within(field, value, 0, DeviceRange.MAX_DEVICE);
    }

    static int device(String list, int index, String field, int value) {
        return value >= 0 && value <= DeviceRange.MAX_DEVICE
                ? value
                : device(in(list, index, field), value);
    }

    static long timeMillis(String field, long value) {
        if (value < 0 || value > TIME_MILLIS_MAX) {
            throw RequestRefused.invalid(
                    field + " is " + value + ", outside of 0.." + TIME_MILLIS_MAX);
        }
        return value;
    }

    /** How many a list holds, looked at before anything is made for them. */
    static void count(String field, int count, int max) {
        if (count > max) {
            throw new RequestRefused(
                    Reason.TOO_LARGE, field + " has " + count + " entries, more than " + max);
        }
    }

    /** How many entries an answer may have: zero leaves it to the server. */
    static int page(int asked, int limit) {
        return asked == 0 || Integer.compareUnsigned(asked, limit) > 0 ? limit : asked;
    }

    static void present(String field, boolean present) {
        if (!present) {
            throw RequestRefused.invalid(field + " is missing");
        }
    }

    static String text(String field, String text, int maxBytes) {
        if (text.isEmpty()) {
            throw RequestRefused.invalid(field + " is missing or empty");
        }
        return textOrEmpty(field, text, maxBytes);
    }

    static String textOrEmpty(String field, String text, int maxBytes) {
        int bytes = text.length() > maxBytes ? text.length() : utf8Bytes(text);
        if (bytes > maxBytes) {
            throw RequestRefused.invalid(
                    field + " has " + bytes + " bytes or more, at most " + maxBytes + " fit");
        }
        return text;
    }

    static String volume(String field, String name) {
        if (!VOLUME.matcher(name).matches()) {
            throw RequestRefused.invalid(
                    field
                            + (name.isEmpty() ? " is missing" : " is not the name of a volume")
                            + ": 1..64 of a-z, 0-9 and '-', beginning with a letter");
        }
        return name;
    }

    /** A name within a directory, so that it cannot be taken for a path. */
    static String name(String field, String name, int maxBytes) {
        text(field, name, maxBytes);
        if (name.equals(".") || name.equals("..")) {
            throw RequestRefused.invalid(field + " '" + name + "' is not a file name");
        }
        if (name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
            throw RequestRefused.invalid(field + " holds '/' or NUL, which no file name does");
        }
        return name;
    }

    /** 16 bytes, as two big-endian halves. */
    static ByteBuffer id(String field, ByteString bytes) {
        if (bytes.size() != ID_BYTES) {
            throw notAnId(field, bytes);
        }
        return bytes.asReadOnlyByteBuffer();
    }

    static RequestRefused notAnId(String field, ByteString bytes) {
        return RequestRefused.invalid(
                field + " has " + bytes.size() + " bytes, it must have " + ID_BYTES);
    }

    /** Eight of the bytes, the highest first. */
    static long longAt(ByteString bytes, int from) {
        long value = 0;
        for (int i = from; i < from + Long.BYTES; i++) {
            value = (value << Byte.SIZE) | (bytes.byteAt(i) & 0xFF);
        }
        return value;
    }

    static ByteString id(long high, long low) {
        byte[] bytes = new byte[ID_BYTES];
        LONG.set(bytes, 0, high);
        LONG.set(bytes, Long.BYTES, low);
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    private static int utf8Bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
