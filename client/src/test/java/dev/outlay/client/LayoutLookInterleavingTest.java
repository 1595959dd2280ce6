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
 * Each interleaving of one copy out of the device, of a stretch that is looked up without a lock,
 * with one recall: a recall that begins an era takes the stretch away first.
 */
public class LayoutLookInterleavingTest {

    private static final ByteRange BLOCK = new ByteRange(0, 4096);

    private final LayoutCache cache = new LayoutCache(new FileId(2));

    /** The block is another client's by now. */
    private volatile boolean given;

    private volatile boolean foreign;

    public LayoutLookInterleavingTest() {
        var _ =
                cache.granted(
                        IoMode.READ,
                        new MappedBlocks(
                                Optional.of(new Stateid(new LayoutId(1, 1), 1)),
                                List.of(new LayoutRange(BLOCK, GrantKind.READ)),
                                List.of(new Extent(0, 4096, ExtentState.WRITTEN, 0, 4096, 0)),
                                1,
                                4096,
                                4096),
                        cache.era());
        // From here on it is known without the lock.
        var _ = cache.seenAt(0, 1);
    }

    /** Whether something was read. */
    @Operation
    public boolean read() {
        long era = cache.era();
        if (cache.seenAt(0, 1) == null) {
            return false;
        }
        boolean copied = given;
        if (cache.era() != era) {
            return false;
        }
        foreign |= copied;
        return true;
    }

    @Operation(runOnce = true)
    public void recall() {
        cache.giveUp(List.of(BLOCK));
        given = true;
    }

    @Validate
    public void nobodyElsesBytesWereRead() {
        if (foreign) {
            throw new IllegalStateException("another client's block was read");
        }
    }

    @Test
    void nothingIsReadAfterItWasGivenBack() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(2)
                .invocationsPerIteration(500)
                .check(LayoutLookInterleavingTest.class);
    }
}
