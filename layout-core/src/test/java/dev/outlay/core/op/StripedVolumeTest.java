package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** STRIPED: the devices take turns, and on each of them a file goes on where it was. */
class StripedVolumeTest {

    private static final int STRIPE = 4;

    @RegisterExtension final VolumeKit kit = VolumeKit.striped(3, 256, STRIPE);

    private final Party a = kit.client("a");
    private final FileId file = a.creates("file");
    private final FileId other = a.creates("other");

    /** The device of each block of the file, and where it lies there, in blocks. */
    private List<Extent> blocksOf(FileId of, int count) {
        List<Extent> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteRange block = ByteRange.ofLength(blocks(i), BLOCK);
            kit.extents(of).stream()
                    .filter(e -> e.range().overlaps(block))
                    .forEach(e -> all.add(e.slice(block)));
        }
        return all;
    }

    private static void isStriped(List<Extent> blocks) {
        for (int i = 0; i < blocks.size(); i++) {
            int first = blocks.getFirst().device();
            assertEquals((first + i / STRIPE) % 3, blocks.get(i).device(), "block " + i);
            int before = i % STRIPE > 0 ? i - 1 : i - 2 * STRIPE - 1;
            if (before >= 0) {
                assertEquals(
                        blocks.get(before).deviceOffset() + BLOCK,
                        blocks.get(i).deviceOffset(),
                        "block " + i + " is not behind block " + before);
            }
        }
    }

    /** Single free blocks on every device, which fit better than the space behind the file. */
    @BeforeEach
    void holes() {
        a.allocates(other, 0, blocks(90)).ok();
        for (int i = 0; i < 90; i += 2) {
            a.punches(other, blocks(i), BLOCK).ok();
        }
    }

    @Test
    void whatIsAppendedBlockByBlockLiesBehindWhatIsThere() {
        a.writes(file, 0, blocks(3 * STRIPE));
        for (int i = 3 * STRIPE; i < 40; i++) {
            a.writes(file, blocks(i), BLOCK);
        }
        isStriped(blocksOf(file, 40));
    }

    @Test
    void andInPiecesOfOddLengths() {
        int at = 0;
        for (int length : new int[] {12, 3, 6, 1, 9, 5, 4}) {
            a.writes(file, blocks(at), blocks(length));
            at += length;
        }
        isStriped(blocksOf(file, at));
    }

    @Test
    void whatFillsAHoleOfTheFileLiesBehindItsTurnBefore() {
        a.writes(file, 0, blocks(3 * STRIPE));
        a.writes(file, blocks(9 * STRIPE), blocks(1));
        a.writes(file, blocks(3 * STRIPE), blocks(1));
        isStriped(blocksOf(file, 3 * STRIPE + 1));
    }
}
