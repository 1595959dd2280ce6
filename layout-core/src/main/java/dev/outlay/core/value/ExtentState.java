package dev.outlay.core.value;

/** What a reader finds in a range of a file. The order is part of the stored format. */
public enum ExtentState {
    /** No blocks: reads as zeros. */
    HOLE,
    /** Blocks whose content was never committed: reads as zeros, whatever the device holds. */
    UNWRITTEN,
    /** Blocks whose content was committed: reads as what the device holds. */
    WRITTEN
}
