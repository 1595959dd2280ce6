package dev.outlay.client;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Each interleaving of a copy out of the device, a store, and a late answer to a MapBlocks with a
 * recall that arrives: what another client stores after the range was given back is never taken for
 * this file's bytes, and a store is believed only if nobody else has been there.
 */
public class LayoutCacheInterleavingTest {

    private static final ByteRange BLOCK = new ByteRange(0, 4096);
    private static final LayoutId LAYOUT = new LayoutId(1, 1);
    private static final int MINE = 1;
    private static final int STORED = 2;
    private static final int FOREIGN = 3;

    private final LayoutCache cache = new LayoutCache(new FileId(2));

    /** The block of the device that the file lies on, at first. */
    private volatile int device = MINE;

    /** Whether I/O met what is another client's. */
    private volatile boolean foreign;

    /** The MapBlocks that was sent before anything else. */
    private final long asked;

    public LayoutCacheInterleavingTest() {
        cache.granted(IoMode.RW, granted(1), cache.era());
        asked = cache.asking();
    }

    private static MappedBlocks granted(int seqid) {
        return new MappedBlocks(
                Optional.of(new Stateid(LAYOUT, seqid)),
                List.of(new LayoutRange(BLOCK, GrantKind.RW)),
                List.of(new Extent(0, 4096, ExtentState.WRITTEN, 0, 4096, 0)),
                1,
                4096,
                4096);
    }

    /** What was read; 0 if it was discarded or there was no mapping. */
    @Operation
    public int read() {
        long era = cache.era();
        if (cache.at(0) == null) {
            return 0;
        }
        int copied = device;
        if (cache.era() != era) {
            return 0;
        }
        foreign |= copied == FOREIGN;
        return copied;
    }

    /** Whether it was believed; I/O is drained before a recall gives anything back. */
    @Operation(nonParallelGroup = "gate")
    public boolean store() {
        long era = cache.era();
        if (cache.at(0) == null) {
            return false;
        }
        foreign |= device == FOREIGN;
        device = STORED;
        return cache.stored(BLOCK, BLOCK, era, 0, 0);
    }

    /** Given back, and another client stores there. */
    @Operation(nonParallelGroup = "gate", runOnce = true)
    public void recall() {
        cache.giveUp(List.of(BLOCK));
        device = FOREIGN;
    }

    /** The answer that was on its way says that the block is held. */
    @Operation(runOnce = true)
    public void lateAnswer() {
        cache.granted(IoMode.RW, granted(2), asked);
        cache.asked();
    }

    @Validate
    public void nobodyElsesBytesWereTouched() {
        if (foreign) {
            throw new IllegalStateException("another client's block was read or stored to");
        }
    }

    @Test
    void nothingIsReadOrWrittenAfterItWasGivenBack() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(1)
                .iterations(5)
                .invocationsPerIteration(100)
                .check(LayoutCacheInterleavingTest.class);
    }
}
