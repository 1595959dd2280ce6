package dev.outlay.client;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What this client has stored in a file and not committed. Guarded by its {@link LayoutCache}.
 *
 * <p>Two sets: the bytes that were written, which the next commit must cover, and the blocks of
 * unwritten extents that are filled to the last byte, which alone it may name. The second lives
 * exactly as long as the grant on the block: a block granted anew is another block, with a former
 * owner's bytes in it. Of the first, those that are not known to be durable are kept besides.
 *
 * <p>A commit that goes on while the file is written further takes what it covers out of the first
 * set. What it does not settle comes back.
 */
final class WrittenBytes {

    private final RangeSet written = new RangeSet();
    private final RangeSet unflushed = new RangeSet();
    private final RangeSet filled = new RangeSet();

    /** What can never be committed, until somebody who waits for a commit is told. */
    private final RangeSet lost = new RangeSet();

    /** Of that, what no commit that goes on by itself will tell of. */
    private final RangeSet untold = new RangeSet();

    /** For each device with stores that may not be durable, how many flushes had failed before. */
    private final Map<Integer, Long> failedFlushes = new HashMap<>();

    private final List<Taken> taken = new ArrayList<>();

    /** What a commit that goes on by itself covers, and nothing else does. */
    static final class Taken {
        private final RangeSet bytes = new RangeSet();
        private final RangeSet lost = new RangeSet();
        private final Map<Integer, Long> failedFlushes = new HashMap<>();
    }

    /**
     * Bytes were stored; {@code blocks} around them hold nothing else than the file's own.
     *
     * @param failedBefore how many flushes of {@code device} had failed before
     */
    void stored(ByteRange bytes, ByteRange blocks, int device, long failedBefore) {
        if (failedFlushes.size() != 1 || !isUnfailedSince(device, failedBefore)) {
            if (unflushed.isEmpty()) {
                failedFlushes.clear();
            }
            failedFlushes.merge(device, failedBefore, Math::min);
        }
        written.add(bytes);
        unflushed.add(bytes);
        filled.add(blocks);
    }

    /** These bytes are durable where they lie. */
    void flushed(ByteRange bytes) {
        unflushed.remove(bytes);
    }

    /**
     * Whether no flush of a device has failed since the first store to it that may not be durable.
     *
     * @param failed how many have by now
     */
    boolean isUnfailed(int device, long failed) {
        return failedFlushes.getOrDefault(device, failed) == failed;
    }

    private boolean isUnfailedSince(int device, long failedBefore) {
        Long known = failedFlushes.get(device);
        return known != null && known == failedBefore;
    }

    /** The grant on these blocks is gone, and with it what was not committed. */
    void forfeit(ByteRange blocks) {
        written.within(blocks).forEach(this::lose);
        written.remove(blocks);
        unflushed.remove(blocks);
        filled.remove(blocks);
        for (Taken each : taken) {
            for (ByteRange bytes : each.bytes.within(blocks)) {
                lost.add(bytes);
                each.lost.add(bytes);
            }
            each.bytes.remove(blocks);
        }
    }

    /** What was written there is lost, though it is no longer among what is to be committed. */
    void lose(ByteRange bytes) {
        lost.add(bytes);
        untold.add(bytes);
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
        settled(bytes);
        filled.remove(bytes);
        taken.forEach(each -> each.bytes.remove(bytes));
    }

    // ---- commits that go on by themselves

    /** One more of them covers all that was written; or one that has not begun covers more. */
    void take(Taken into) {
        move(written, into.bytes);
        move(untold, into.lost);
        unflushed.ranges().forEach(unflushed::remove);
        failedFlushes.forEach((device, n) -> into.failedFlushes.merge(device, n, Math::min));
        failedFlushes.clear();
        if (!taken.contains(into)) {
            taken.add(into);
        }
    }

    private static void move(RangeSet from, RangeSet to) {
        for (ByteRange range : from.ranges()) {
            to.add(range);
            from.remove(range);
        }
    }

    /** What it has taken and not settled. */
    List<ByteRange> left(Taken of) {
        return of.bytes.ranges();
    }

    /** The end of the last byte of it within a range. */
    OptionalLong end(Taken of, ByteRange within) {
        List<ByteRange> ranges = of.bytes.within(within);
        return ranges.isEmpty() ? OptionalLong.empty() : OptionalLong.of(ranges.getLast().end());
    }

    /** As {@link #isUnfailed(int, long)}, of what it has taken. */
    boolean isUnfailed(Taken of, int device, long failed) {
        return of.failedFlushes.getOrDefault(device, failed) == failed;
    }

    /** It has covered what it has taken of these blocks. */
    void settled(Taken of, ByteRange blocks) {
        of.bytes.remove(blocks);
    }

    /**
     * It is over: what it has not settled is for the next commit.
     *
     * @return what it has taken and is lost
     */
    List<ByteRange> over(Taken of) {
        taken.remove(of);
        if (!of.bytes.isEmpty()) {
            of.failedFlushes.forEach((device, n) -> failedFlushes.merge(device, n, Math::min));
            of.bytes.ranges().forEach(written::add);
            of.bytes.ranges().forEach(unflushed::add);
        }
        return of.lost.ranges();
    }

    // ---- to look at

    List<ByteRange> written() {
        return written.ranges();
    }

    /** Of those that were written, the ones that may not be durable. */
    List<ByteRange> unflushed() {
        return unflushed.ranges();
    }

    /** As {@link #unflushed}, where that is one range; null if it is none or several. */
    @Nullable ByteRange onlyUnflushed() {
        return unflushed.only();
    }

    /** What was written there and is not committed, whoever covers it. */
    List<ByteRange> writtenWithin(ByteRange range) {
        if (taken.isEmpty()) {
            return written.within(range);
        }
        RangeSet all = new RangeSet();
        written.within(range).forEach(all::add);
        taken.forEach(each -> each.bytes.within(range).forEach(all::add));
        return all.ranges();
    }

    /** The first byte of a range that is covered by a commit that goes on by itself. */
    OptionalLong firstTaken(ByteRange range) {
        return taken.stream()
                .flatMap(each -> each.bytes.within(range).stream().limit(1))
                .mapToLong(ByteRange::start)
                .min();
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

    /** Whether there is something for {@link #takeLost}. */
    boolean isAnyLost() {
        return !lost.isEmpty();
    }

    /** What was written and can never be committed, told once. */
    List<ByteRange> takeLost() {
        if (lost.isEmpty()) {
            return List.of();
        }
        List<ByteRange> ranges = lost.ranges();
        ranges.forEach(lost::remove);
        ranges.forEach(untold::remove);
        return ranges;
    }
}
