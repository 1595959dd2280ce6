package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where fresh blocks come from: never twice from one place, and as near as may be. */
class PlacementTest {

    private static final long HUGE = 2 << 20;

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(2048);

    private final Party a = kit.client("a");
    private final FileId file = a.creates("file");

    /** Two free blocks and one, under a hole of one and one of two. */
    @Test
    void noPlaceIsHandedOutTwiceWhereHolesAndFreePiecesDoNotMatch() {
        FileId full = a.creates("full");
        a.allocates(full, 0, blocks(2047)).ok();
        a.allocates(file, blocks(1), blocks(1)).ok();
        a.punches(full, blocks(100), blocks(2)).ok();
        a.punches(full, blocks(200), blocks(1)).ok();
        assertEquals(3, kit.freeBlocks());
        a.allocates(file, 0, blocks(4)).ok();
        assertEquals(0, kit.freeBlocks());
        assertEquals("kkkk", kit.picture(file, 4));
    }

    @Test
    void aCloneGrowsBehindTheBlocksItShares() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        Extent shared = kit.extents(file).getFirst();
        FileId copy = a.creates("copy");
        a.clones(file, copy).ok();
        Mapped grown = a.mapsRw(copy, blocks(1), blocks(1)).ok();
        assertEquals(shared.deviceOffset() + BLOCK, grown.extents().getFirst().deviceOffset());
    }

    @Test
    void hugePagesAreAlignedWhereThatIsAskedFor() {
        a.allocates(file, 0, blocks(1)).ok();
        Mapped huge = a.mapsRw(file, HUGE, HUGE).min(HUGE).alignHuge().ok();
        assertEquals(1, huge.extents().size());
        assertEquals(0, huge.extents().getFirst().deviceOffset() % HUGE);
        Mapped small = a.mapsRw(file, blocks(1), blocks(1)).ok();
        assertEquals(
                kit.extents(file).getFirst().deviceOffset() + BLOCK,
                small.extents().getFirst().deviceOffset());
    }

    @Test
    void withoutSpaceForAllHolesTheFirstAreFilled() {
        FileId full = a.creates("full");
        a.allocates(file, blocks(1), blocks(1)).ok();
        a.allocates(full, 0, blocks(2046)).ok();
        assertEquals(1, kit.freeBlocks());
        Mapped some = a.mapsRw(file, 0, blocks(8)).min(blocks(1)).ok();
        assertEquals(List.of(new ByteRange(0, blocks(2))), ranges(some));
    }

    private static List<ByteRange> ranges(Mapped mapped) {
        return mapped.granted().stream().map(r -> r.range()).toList();
    }
}
