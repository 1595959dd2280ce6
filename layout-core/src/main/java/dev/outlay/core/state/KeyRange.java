package dev.outlay.core.state;

import java.util.Arrays;

/** Keys of {@link Row}s from one on and before another, compared as unsigned bytes. */
@SuppressWarnings("ArrayRecordComponent") // handed over once, compared never
public record KeyRange(byte[] from, byte[] until) {

    /** All keys there can be: every one begins with a byte below the highest. */
    public static KeyRange all() {
        return new KeyRange(new byte[0], new byte[] {(byte) 0xFF});
    }

    public boolean covers(byte[] key) {
        return Arrays.compareUnsigned(from, key) <= 0 && Arrays.compareUnsigned(key, until) < 0;
    }

    boolean isEmpty() {
        return Arrays.compareUnsigned(from, until) >= 0;
    }
}
