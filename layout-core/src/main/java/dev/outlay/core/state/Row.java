package dev.outlay.core.state;

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

    /** There is no row with such a key any more. */
    record DeleteRange(KeyRange keys) implements Row {}
}
