package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.Seeds;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExtentMapTest {

    private static final long BLOCK = 4096;

    @Test
    void smallFileAgreesWithModelAfterEveryStep() {
        Seeds.each(5, random -> new ModelRun(random, 40, 8, 1).run(25_000));
    }

    @Test
    void fileOfManyPagesAgreesWithModel() {
        Seeds.each(4, random -> new ModelRun(random, 4_000, 6, 50).run(25_000).reached(15));
    }

    @Test
    void wideChangesOverManyPagesAgreeWithModel() {
        Seeds.each(4, random -> new ModelRun(random, 4_000, 500, 10).run(1_500).reached(10));
    }

    @Test
    void fullPagesAgreeWithModelWhenTheyEmpty() {
        Seeds.each(4, random -> new ModelRun(random, 4_000, 300, 3).append().run(500).reached(31));
    }

    /** Pages that reach over more than a tebibyte, and extents that do. */
    @Test
    void vastFilesAgreeWithModel() {
        Seeds.each(
                4, random -> new ModelRun(random, 1L << 36, 1_000, 40, 20).run(10_000).reached(3));
    }

    @Test
    void emptyMapIsOneHole() {
        ExtentMap map = new ExtentMap();
        ByteRange range = new ByteRange(100, 5_000);
        assertTrue(map.isEmpty());
        assertEquals(0, map.endOffset());
        assertNull(map.find(0));
        assertEquals(List.of(Extent.hole(range)), map.slice(range));
        assertEquals(List.of(), map.mapped(range));
        assertEquals(List.of(), map.punch(new ByteRange(0, BLOCK)));
        map.check(BLOCK);
    }

    @Test
    void committingHalfSplitsAndCommittingTheRestMergesAgain() {
        ExtentMap map = new ExtentMap();
        map.insert(extent(0, 8, ExtentState.UNWRITTEN, 3, 100, Extent.NEW));
        map.convert(blocks(0, 4), ExtentState.WRITTEN, 0);
        assertEquals(
                List.of(
                        extent(0, 4, ExtentState.WRITTEN, 3, 100, 0),
                        extent(4, 4, ExtentState.UNWRITTEN, 3, 104, 0)),
                map.all());
        map.convert(blocks(4, 4), ExtentState.WRITTEN, Extent.NEW);
        assertEquals(List.of(extent(0, 8, ExtentState.WRITTEN, 3, 100, 0)), map.all());
        map.check(BLOCK);
    }

    @Test
    void endOfOneDeviceDoesNotRunIntoTheNext() {
        ExtentMap map = new ExtentMap();
        long lastBlock = DeviceRange.MAX_OFFSET / BLOCK - 1;
        map.insert(extent(0, 1, ExtentState.WRITTEN, 6, lastBlock, 0));
        map.insert(extent(1, 1, ExtentState.WRITTEN, 7, 0, 0));
        assertEquals(2, map.extents());
        map.insert(extent(2, 1, ExtentState.WRITTEN, DeviceRange.MAX_DEVICE, lastBlock, 0));
        assertEquals(DeviceRange.MAX_DEVICE, map.all().getLast().device());
        map.check(BLOCK);
    }

    @Test
    void appendedExtentsFillTheirPages() {
        ExtentMap map = new ExtentMap();
        for (int i = 0; i < 100_000; i++) {
            map.insert(extent(i, 1, ExtentState.WRITTEN, 0, 2L * i, 0));
        }
        map.check(BLOCK);
        assertEquals(100_000, map.extents());
        assertEquals(Math.ceilDiv(100_000, ExtentPage.MAX), map.pages());
        assertEquals(100_000 * BLOCK, map.endOffset());
        assertEquals(
                2L * 77_777 * BLOCK,
                Objects.requireNonNull(map.find(77_777 * BLOCK + 5)).deviceOffset());
        // Exactly the first page, so that a full one moves into its place.
        assertEquals(ExtentPage.MAX, map.punch(blocks(0, ExtentPage.MAX)).size());
        map.check(BLOCK);
        List<Extent> removed = map.punch(blocks(0, 99_999));
        assertEquals(99_999 - ExtentPage.MAX, removed.size());
        assertEquals(1, map.pages());
        assertEquals(1, map.extents());
        map.check(BLOCK);
    }

    /** Their lengths in units of 512 bytes are the most that 32 bits hold, and one more. */
    @Test
    void extentsOfTwoTebibytesAreWhole() {
        long most = (1L << 41) - 512;
        for (long length : new long[] {most, most + 512}) {
            ExtentMap map = new ExtentMap();
            Extent first = new Extent(0, 512, ExtentState.WRITTEN, 0, 0, 0);
            Extent vast = new Extent(512, length, ExtentState.WRITTEN, 1, 0, 0);
            map.insert(first);
            map.insert(vast);
            assertEquals(List.of(first, vast), map.all());
            assertEquals(vast, map.find(vast.end() - 1));
            map.check(512);
        }
    }

    @Test
    void wrongCallsAreRefusedAndChangeNothing() {
        ExtentMap map = new ExtentMap();
        map.insert(extent(4, 4, ExtentState.UNWRITTEN, 0, 0, 0));
        List<Extent> before = map.all();
        assertThrows(
                IllegalStateException.class,
                () -> map.insert(extent(7, 2, ExtentState.UNWRITTEN, 0, 50, 0)));
        assertThrows(
                IllegalStateException.class,
                () -> map.insert(extent(0, 20, ExtentState.UNWRITTEN, 0, 50, 0)));
        assertThrows(
                IllegalStateException.class,
                () -> map.convert(blocks(3, 2), ExtentState.WRITTEN, 0));
        assertThrows(
                IllegalStateException.class,
                () -> map.convert(blocks(6, 3), ExtentState.WRITTEN, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> map.convert(blocks(4, 1), ExtentState.HOLE, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> map.convert(blocks(4, 1), ExtentState.WRITTEN, 16));
        assertThrows(IllegalArgumentException.class, () -> map.insert(Extent.hole(blocks(0, 1))));
        assertThrows(
                IllegalArgumentException.class,
                () -> map.insert(before.getFirst().withoutAddress()));
        assertThrows(IllegalArgumentException.class, () -> map.punch(new ByteRange(1, BLOCK)));
        assertThrows(
                IllegalArgumentException.class,
                () -> map.insert(new Extent(0, BLOCK, ExtentState.WRITTEN, 0, 100, 0)));
        assertThrows(
                IllegalArgumentException.class,
                () -> map.insert(new Extent(100, BLOCK, ExtentState.WRITTEN, 0, 0, 0)));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        map.convert(
                                new ByteRange(4 * BLOCK, 4 * BLOCK + 100), ExtentState.WRITTEN, 0));
        assertEquals(before, map.all());
        map.check(BLOCK);
    }

    @Test
    void checkNamesThePlaceOfAnExtentThatIsNotWholeBlocks() {
        ExtentMap map = new ExtentMap();
        map.insert(new Extent(8_192, 512, ExtentState.WRITTEN, 0, 0, 0));
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> map.check(BLOCK));
        assertTrue(e.toString().contains("8192"), e.toString());
    }

    private static Extent extent(
            long block, long blocks, ExtentState state, int device, long deviceBlock, int flags) {
        return new Extent(block * BLOCK, blocks * BLOCK, state, device, deviceBlock * BLOCK, flags);
    }

    private static ByteRange blocks(long first, long count) {
        return ByteRange.ofLength(first * BLOCK, count * BLOCK);
    }

    /** Random changes and questions, the same to the map and to a model. */
    private static final class ModelRun {

        private static final int[] FLAGS = {
            0, 0, 0, Extent.NEW, Extent.SHARED, Extent.AT_RISK, Extent.KEPT
        };

        private final SplittableRandom random;
        private final long block;
        private final int blocks;
        private final int longest;
        private final int checkEvery;
        private final ExtentMap map = new ExtentMap();
        private final ModelMap model;
        private int mostPages;

        ModelRun(SplittableRandom random, int blocks, int longest, int checkEvery) {
            this(random, BLOCK, blocks, longest, checkEvery);
        }

        ModelRun(SplittableRandom random, long block, int blocks, int longest, int checkEvery) {
            this.random = random;
            this.block = block;
            this.blocks = blocks;
            this.longest = longest;
            this.checkEvery = checkEvery;
            this.model = new ModelMap(blocks, block);
        }

        /** Fills the file in order with extents that do not merge: all pages full. */
        ModelRun append() {
            for (int b = 0; b < blocks; b++) {
                insert(new Extent(b * block, block, state(), b % 2, b * block, 0));
            }
            compare();
            return this;
        }

        ModelRun run(int steps) {
            for (int step = 0; step < steps; step++) {
                // Alternates between filling and emptying, so that pages come and go.
                boolean filling = step * 8L / steps % 4 != 3;
                step(random.nextInt(filling ? 100 : 200));
                if (step % checkEvery == 0) {
                    compare();
                }
                mostPages = Math.max(mostPages, map.pages());
            }
            compare();
            return this;
        }

        void reached(int pages) {
            assertTrue(mostPages >= pages, "only " + mostPages + " pages were reached");
        }

        private void step(int kind) {
            ByteRange range = range();
            if (kind < 45) {
                fill(range);
            } else if (kind < 80) {
                convert(range);
            } else if (kind < 92) {
                ask();
            } else {
                punch(range);
            }
        }

        /** Maps the holes of {@code range} in pieces, as an allocation does. */
        private void fill(ByteRange range) {
            if (!model.isHole(range)) {
                Extent over =
                        new Extent(range.start(), range.length(), state(), 0, 1 << 20, flags());
                assertThrows(IllegalStateException.class, () -> map.insert(over));
            }
            for (Extent hole : model.runs(range, true)) {
                long at = hole.fileOffset();
                while (hole.isHole() && at < hole.end()) {
                    long most = Math.min((hole.end() - at) / block, 6);
                    Extent piece = piece(at, (1 + random.nextLong(most)) * block);
                    insert(piece);
                    at = piece.end();
                }
            }
        }

        private Extent piece(long start, long length) {
            Extent before = model.before((int) (start / block));
            if (before != null && random.nextInt(3) == 0) {
                long end = before.deviceRange().end();
                if (end <= DeviceRange.MAX_OFFSET - length) {
                    return new Extent(
                            start, length, before.state(), before.device(), end, before.flags());
                }
            }
            return new Extent(start, length, state(), random.nextInt(2), address(length), flags());
        }

        private void insert(Extent extent) {
            map.insert(extent);
            model.insert(extent);
        }

        private void convert(ByteRange range) {
            ExtentState state = state();
            int flags = flags();
            if (!model.isMapped(range)) {
                assertThrows(IllegalStateException.class, () -> map.convert(range, state, flags));
                return;
            }
            map.convert(range, state, flags);
            model.convert(range, state, flags);
        }

        private void punch(ByteRange range) {
            assertEquals(model.runs(range, false), map.punch(range));
            model.punch(range);
        }

        private void ask() {
            long start = random.nextLong(blocks * block);
            ByteRange range =
                    ByteRange.ofLength(
                            start,
                            1 + random.nextLong(Math.min(longest * block, blocks * block - start)));
            assertEquals(model.runs(range, true), map.slice(range));
            assertEquals(model.runs(range, false), map.mapped(range));
            Extent found = map.find(start);
            List<Extent> expected = model.runs(ByteRange.ofLength(start, 1), false);
            assertEquals(
                    expected,
                    found == null ? List.of() : List.of(found.slice(ByteRange.ofLength(start, 1))));
        }

        private void compare() {
            map.check(block);
            List<Extent> expected = model.runs(model.whole(), false);
            assertEquals(expected, map.all());
            assertEquals(expected.size(), map.extents());
            assertEquals(expected.isEmpty(), map.isEmpty());
            assertEquals(model.mappedBytes(), map.mappedBytes());
            assertEquals(expected.isEmpty() ? 0 : expected.getLast().end(), map.endOffset());
        }

        private ByteRange range() {
            int first = random.nextInt(blocks);
            return ByteRange.ofLength(
                    first * block, (1 + random.nextInt(Math.min(longest, blocks - first))) * block);
        }

        /** Few places, so that neighbours meet by chance; at both ends of the devices. */
        private long address(long length) {
            long low = random.nextInt(16) * block;
            return random.nextBoolean() ? low : DeviceRange.MAX_OFFSET - length - low;
        }

        private ExtentState state() {
            return random.nextBoolean() ? ExtentState.WRITTEN : ExtentState.UNWRITTEN;
        }

        private int flags() {
            return FLAGS[random.nextInt(FLAGS.length)];
        }
    }
}
