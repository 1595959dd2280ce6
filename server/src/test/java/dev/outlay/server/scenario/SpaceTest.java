package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.Extent;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A full device, and that no block goes astray. */
class SpaceTest extends ScenarioTest {
    private static final long SMALL_DEVICE_BYTES = 256 << 10;

    @Test
    void scenario43NoSpace() throws Exception {
        ScenarioServer server =
                serve(
                        (int) (SMALL_DEVICE_BYTES / BLOCK) - 2,
                        Map.of("recall.deadline", "100ms"),
                        FencePolicy.FENCE_POLICY_STRICT);
        TestClient a = client("a");
        long total = server.space().getTotalBytes();
        assertEquals(total, server.space().getFreeBytes());
        long kept = a.create("kept");
        var _ = a.write(kept, 0, pattern(43, 2 * BLOCK));
        var _ = a.giveBack(kept);
        long left = total - 2 * BLOCK;
        assertEquals(left, server.space().getFreeBytes());

        long file = a.create("f");
        assertRefused(Reason.REASON_NO_SPACE, () -> a.map(file, RW, 0, left + BLOCK));
        assertRefused(Reason.REASON_NO_SPACE, () -> a.allocate(file, 0, left + BLOCK));
        assertEquals(left, server.space().getFreeBytes(), "a refused call leaks nothing");

        MapBlocksResponse mapped = a.map(file, RW, 0, left);
        assertEquals(0, server.space().getFreeBytes());
        assertEquals(left, server.space().getGrantedBytes());
        TestClient b = client("b");
        assertRefused(Reason.REASON_NO_SPACE, () -> b.map(b.create("g"), RW, 0, BLOCK));
        assertRefused(Reason.REASON_NO_SPACE, () -> a.map(file, RW, left, BLOCK));
        assertRefused(Reason.REASON_NO_SPACE, () -> b.allocate(kept, 2 * BLOCK, BLOCK));

        // Half of it is committed, the rest returned unused.
        long half = left / BLOCK / 2 * BLOCK;
        a.store(mapped.getExtentsList(), 0, pattern(44, (int) left));
        var _ = a.committing(file).part(mapped, 0, half).last(half - 1).send();
        var _ = a.giveBack(file);
        assertEquals(left - half, server.space().getFreeBytes());
        assertArrayEquals(pattern(44, (int) half), b.read(file));
        assertArrayEquals(pattern(43, 2 * BLOCK), b.read(kept));

        var _ = b.remove("f");
        assertEquals(left, server.space().getFreeBytes());
        var _ = b.remove("kept");
        assertEquals(total, server.space().getFreeBytes());
    }

    /** Holes between taken blocks: all of them are used, and the answer is in many extents. */
    @Test
    void scenario43FragmentedSpaceIsUsedToTheLastBlock() throws Exception {
        ScenarioServer server = serve(SMALL_DEVICE_BYTES);
        TestClient a = client("a");
        long blocks = server.space().getTotalBytes() / BLOCK;
        long comb = a.create("comb");
        var _ = a.write(comb, 0, pattern(1, (int) (blocks * BLOCK)));
        for (long block = 0; block < blocks; block += 2) {
            var _ = a.deallocate(comb, block * BLOCK, BLOCK);
        }
        long free = server.space().getFreeBytes();
        assertEquals((blocks + 1) / 2 * BLOCK, free);
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, free);
        assertTrue(mapped.getExtentsCount() > 1);
        assertEquals(free, mapped.getExtentsList().stream().mapToLong(Extent::getLength).sum());
        assertEquals(0, server.space().getFreeBytes());
        a.store(mapped.getExtentsList(), 0, pattern(2, (int) free));
        var _ = a.committing(file).all(mapped).last(free - 1).send();
        var _ = a.giveBack(file);
        assertArrayEquals(pattern(2, (int) free), client("b").read(file));
    }

    /** With min_length there is less than asked for rather than nothing. */
    @Test
    void scenario43MinLengthIsServedFromWhatIsLeft() throws Exception {
        ScenarioServer server = serve(SMALL_DEVICE_BYTES);
        TestClient a = client("a");
        long total = server.space().getTotalBytes();
        long file = a.create("f");
        MapBlocksResponse mapped =
                a.map(
                        a.mapping(file, RW, 0, 2 * total)
                                .setMinLength(BLOCK)
                                .setOperation(a.nextOperation())
                                .build());
        assertTrue(mapped.getNextOffset() >= BLOCK);
        assertEquals(total - mapped.getNextOffset(), server.space().getFreeBytes());
    }

    @Test
    void scenario44LayoutReturnedUnused() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(44, BLOCK));
        long free = server.space().getFreeBytes();
        var _ = a.map(file, RW, BLOCK, 64 * BLOCK);
        assertEquals(free - 64 * BLOCK, server.space().getFreeBytes());
        var _ = a.giveBack(file);
        assertEquals(free, server.space().getFreeBytes());

        // Allocated on purpose they stay, grant or no grant.
        var _ = a.allocate(file, BLOCK, 4 * BLOCK);
        var _ = a.map(file, RW, BLOCK, 4 * BLOCK);
        var _ = a.giveBack(file);
        assertEquals(free - 4 * BLOCK, server.space().getFreeBytes());
    }
}
