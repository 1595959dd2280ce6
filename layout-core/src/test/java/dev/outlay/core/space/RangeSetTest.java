package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outlay.core.Seeds;
import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeSetTest {

    private static final int BYTES = 120;

    @Test
    void agreesWithBitSet() {
        Seeds.each(5, RangeSetTest::run);
    }

    @Test
    void rangesThatTouchAreMerged() {
        RangeSet set = new RangeSet();
        set.add(new ByteRange(10, 20));
        set.add(new ByteRange(30, 40));
        set.add(new ByteRange(20, 30));
        assertEquals(List.of(new ByteRange(10, 40)), set.ranges());
        assertEquals("[[10, 40)]", set.toString());
    }

    @Test
    void oneRangeIsToldAsOne() {
        RangeSet set = new RangeSet();
        assertNull(set.only());
        set.add(new ByteRange(10, 20));
        set.add(new ByteRange(20, 30));
        assertEquals(new ByteRange(10, 30), set.only());
        set.remove(new ByteRange(15, 20));
        assertNull(set.only());
        set.remove(new ByteRange(0, 40));
        assertNull(set.only());
        set.add(new ByteRange(1, 2));
        set.remove(new ByteRange(1, 2));
        assertNull(set.only());
        assertEquals(new RangeSet(), set);
    }

    @Test
    void holdsTheWholeRangeOfLongs() {
        RangeSet set = new RangeSet();
        ByteRange all = new ByteRange(0, Long.MAX_VALUE);
        set.add(all);
        set.remove(new ByteRange(5, 6));
        assertEquals(
                List.of(new ByteRange(0, 5), new ByteRange(6, Long.MAX_VALUE)), set.within(all));
        assertEquals(Long.MAX_VALUE - 1, set.bytes());
    }

    @Test
    void copyIsIndependentAndEqualByContent() {
        RangeSet set = new RangeSet();
        set.add(new ByteRange(0, 10));
        RangeSet copy = set.copy();
        assertEquals(set, copy);
        assertEquals(set.hashCode(), copy.hashCode());
        copy.remove(new ByteRange(3, 4));
        assertNotEquals(set, copy);
        assertEquals(10, set.bytes());
        assertEquals(9, copy.bytes());
    }

    private static void run(SplittableRandom random) {
        RangeSet set = new RangeSet();
        BitSet model = new BitSet();
        for (int step = 0; step < 20_000; step++) {
            ByteRange range = range(random);
            if (random.nextInt(5) < 3) {
                set.add(range);
                model.set((int) range.start(), (int) range.end());
            } else {
                set.remove(range);
                model.clear((int) range.start(), (int) range.end());
            }
            compare(set, model, range(random));
        }
    }

    private static void compare(RangeSet set, BitSet model, ByteRange asked) {
        BitSet inside = model.get((int) asked.start(), (int) asked.end());
        assertEquals(runs(model, 0, 0, BYTES), set.ranges());
        assertEquals(runs(inside, asked.start(), 0, (int) asked.length()), set.within(asked));
        BitSet outside = (BitSet) inside.clone();
        outside.flip(0, (int) asked.length());
        assertEquals(runs(outside, asked.start(), 0, (int) asked.length()), set.gapsWithin(asked));
        assertEquals(inside.cardinality() == asked.length(), set.containsAll(asked));
        assertEquals(!inside.isEmpty(), set.overlaps(asked));
        assertEquals(model.cardinality(), set.bytes());
        assertEquals(model.isEmpty(), set.isEmpty());
        ByteRange only = set.only();
        if (only != null) {
            assertEquals(List.of(only), set.ranges());
        }
        RangeSet rebuilt = new RangeSet();
        set.ranges().forEach(rebuilt::add);
        assertEquals(set, rebuilt);
    }

    private static List<ByteRange> runs(BitSet bits, long base, int from, int to) {
        List<ByteRange> runs = new ArrayList<>();
        int start = bits.nextSetBit(from);
        while (start >= 0 && start < to) {
            int end = bits.nextClearBit(start);
            runs.add(new ByteRange(base + start, base + end));
            start = bits.nextSetBit(end);
        }
        return runs;
    }

    private static ByteRange range(SplittableRandom random) {
        int start = random.nextInt(BYTES);
        return ByteRange.ofLength(start, 1 + random.nextInt(Math.min(30, BYTES - start)));
    }
}
