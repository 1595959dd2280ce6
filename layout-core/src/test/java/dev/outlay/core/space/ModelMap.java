package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an {@link ExtentMap} should say, one array element a block. */
final class ModelMap {

    private final int blocks;
    private final long blockSize;
    private final ExtentState[] state;
    private final int[] device;
    private final long[] deviceOffset;
    private final int[] flags;

    ModelMap(int blocks, long blockSize) {
        this.blocks = blocks;
        this.blockSize = blockSize;
        this.state = new ExtentState[blocks];
        this.device = new int[blocks];
        this.deviceOffset = new long[blocks];
        this.flags = new int[blocks];
        Arrays.fill(state, ExtentState.HOLE);
    }

    void insert(Extent extent) {
        for (int b = block(extent.fileOffset()); b < block(extent.end()); b++) {
            state[b] = extent.state();
            device[b] = extent.device();
            deviceOffset[b] = extent.deviceOffset() + b * blockSize - extent.fileOffset();
            flags[b] = extent.flags() & ~Extent.NEW;
        }
    }

    void convert(ByteRange range, ExtentState newState, int newFlags) {
        for (int b = block(range.start()); b < block(range.end()); b++) {
            state[b] = newState;
            flags[b] = newFlags & ~Extent.NEW;
        }
    }

    void punch(ByteRange range) {
        Arrays.fill(state, block(range.start()), block(range.end()), ExtentState.HOLE);
    }

    boolean isHole(ByteRange range) {
        return count(range, true) == block(range.end()) - block(range.start());
    }

    boolean isMapped(ByteRange range) {
        return count(range, true) == 0;
    }

    long mappedBytes() {
        return count(whole(), false) * blockSize;
    }

    ByteRange whole() {
        return new ByteRange(0, blocks * blockSize);
    }

    /** The block before block {@code b}, or null where that is a hole or the end. */
    @Nullable Extent before(int b) {
        return b == 0 || state[b - 1] == ExtentState.HOLE ? null : one(b - 1);
    }

    /** The merged extents over {@code range}, which need not be aligned, clipped to it. */
    List<Extent> runs(ByteRange range, boolean holes) {
        List<Extent> runs = new ArrayList<>();
        int b = block(range.start());
        while (b * blockSize < range.end() && b < blocks) {
            int end = b + 1;
            while (end < blocks && joined(end)) {
                end++;
            }
            Extent first = one(b);
            Extent run =
                    new Extent(
                            first.fileOffset(),
                            (end - b) * blockSize,
                            first.state(),
                            first.device(),
                            first.deviceOffset(),
                            first.flags());
            if (holes || !run.isHole()) {
                runs.add(run.slice(range));
            }
            b = end;
        }
        return runs;
    }

    private boolean joined(int b) {
        if (state[b] != state[b - 1]) {
            return false;
        }
        return state[b] == ExtentState.HOLE
                || (device[b] == device[b - 1]
                        && deviceOffset[b] == deviceOffset[b - 1] + blockSize
                        && flags[b] == flags[b - 1]);
    }

    private Extent one(int b) {
        ByteRange range = ByteRange.ofLength(b * blockSize, blockSize);
        return state[b] == ExtentState.HOLE
                ? Extent.hole(range)
                : new Extent(
                        range.start(), blockSize, state[b], device[b], deviceOffset[b], flags[b]);
    }

    private long count(ByteRange range, boolean holes) {
        long count = 0;
        for (int b = block(range.start()); b < block(range.end()); b++) {
            count += (state[b] == ExtentState.HOLE) == holes ? 1 : 0;
        }
        return count;
    }

    private int block(long offset) {
        return (int) (offset / blockSize);
    }
}
