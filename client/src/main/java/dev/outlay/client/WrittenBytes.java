package dev.outlay.client;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import java.util.List;

/**
 * What this client has stored in a file and not committed. Guarded by its {@link LayoutCache}.
 *
 * <p>Two sets: the bytes that were written, which the next commit must cover, and the blocks of
 * unwritten extents that are filled to the last byte, which alone it may name. The second lives
 * exactly as long as the grant on the block: a block granted anew is another block, with a former
 * owner's bytes in it. Of the first, those that are not known to be durable are kept besides.
 */
final class WrittenBytes {

    private final RangeSet written = new RangeSet();
    private final RangeSet unflushed = new RangeSet();
    private final RangeSet filled = new RangeSet();
    private final RangeSet lost = new RangeSet();

    /** Bytes were stored; {@code blocks} around them hold nothing else than the file's own. */
    void stored(ByteRange bytes, ByteRange blocks) {
        written.add(bytes);
        unflushed.add(bytes);
        filled.add(blocks);
    }

    /** These bytes are durable where they lie. */
    void flushed(ByteRange bytes) {
        unflushed.remove(bytes);
    }

    boolean isAllFlushed() {
        return unflushed.isEmpty();
    }

    /** The grant on these blocks is gone, and with it what was not committed. */
    void forfeit(ByteRange blocks) {
        written.within(blocks).forEach(lost::add);
        written.remove(blocks);
        unflushed.remove(blocks);
        filled.remove(blocks);
    }

    /** What was written there is lost, though it is no longer among what is to be committed. */
    void lose(ByteRange bytes) {
        lost.add(bytes);
    }

    /** The blocks are the file's own by now; the filling has no more to say. */
    void committed(ByteRange blocks) {
        filled.remove(blocks);
    }

    /** A commit has covered these bytes, or can never cover them. */
    void settled(ByteRange bytes) {
        written.remove(bytes);
        unflushed.remove(bytes);
    }

    /** Nothing of the file is of interest any more. */
    void forget(ByteRange bytes) {
        written.remove(bytes);
        unflushed.remove(bytes);
        filled.remove(bytes);
    }

    List<ByteRange> written() {
        return written.ranges();
    }

    /** Of those that were written, the ones that may not be durable. */
    List<ByteRange> unflushed() {
        return unflushed.ranges();
    }

    List<ByteRange> writtenWithin(ByteRange range) {
        return written.within(range);
    }

    List<ByteRange> filledWithin(ByteRange range) {
        return filled.within(range);
    }

    List<ByteRange> unfilledWithin(ByteRange range) {
        return filled.gapsWithin(range);
    }

    boolean isFilled(ByteRange blocks) {
        return filled.containsAll(blocks);
    }

    /** What was written and can never be committed, told once. */
    List<ByteRange> takeLost() {
        List<ByteRange> ranges = lost.ranges();
        ranges.forEach(lost::remove);
        return ranges;
    }
}
