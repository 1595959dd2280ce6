package dev.outlay.core.value;

/**
 * What a grant allows with a range: {@code READ} committed bytes, or {@code RW}, read and store.
 */
public enum IoMode {
    READ,
    RW
}
