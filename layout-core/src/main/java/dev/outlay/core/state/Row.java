package dev.outlay.core.state;

import java.util.Arrays;

/**
 * One change of the volume's durable state as rows of bytes, which a store keeps in the order of
 * their keys, compared as unsigned bytes. Changes are to be made in the order in which they are
 * told, all of one {@linkplain dev.outlay.core.VolumeState#takeRows taking} at once.
 */
public sealed interface Row {

    /** The row with this key is this from now on. */
    @SuppressWarnings("ArrayRecordComponent") // handed over once, compared never
    record Put(byte[] key, byte[] value) implements Row {}

    /** There is no row with this key any more; there may have been none. */
    @SuppressWarnings("ArrayRecordComponent")
    record Delete(byte[] key) implements Row {}

    /** There is no row any more from one key on and before another. */
    @SuppressWarnings("ArrayRecordComponent")
    record DeleteRange(byte[] from, byte[] until) implements Row {

        /** All rows there can be: every key begins with a byte below the highest. */
        public static DeleteRange all() {
            return new DeleteRange(new byte[0], new byte[] {(byte) 0xFF});
        }

        public boolean covers(byte[] key) {
            return Arrays.compareUnsigned(from, key) <= 0 && Arrays.compareUnsigned(key, until) < 0;
        }
    }
}
