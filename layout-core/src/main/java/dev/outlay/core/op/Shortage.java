package dev.outlay.core.op;

import dev.outlay.core.state.FileNode;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Reason;

/**
 * Leaves an operation because there are not blocks enough for it. Nothing has changed; {@link
 * TakeBack} says what follows. Where nothing can be taken back it is the refusal NO_SPACE.
 */
final class Shortage extends Refusal {

    private static final long serialVersionUID = 1L;

    private final transient FileNode file;
    private final transient ByteRange range;
    private final long bytes;

    /**
     * @param range of the file that the blocks are for
     * @param bytes how many are needed
     */
    Shortage(FileNode file, ByteRange range, long bytes, String message) {
        super(Reason.NO_SPACE, message);
        this.file = file;
        this.range = range;
        this.bytes = bytes;
    }

    FileNode file() {
        return file;
    }

    ByteRange range() {
        return range;
    }

    long bytes() {
        return bytes;
    }
}
