package dev.outlay.core.codec;

/** Bytes that no writer of this format can have written. The message says what, and where. */
public final class CorruptDataException extends RuntimeException {

    public CorruptDataException(String message) {
        super(message);
    }
}
