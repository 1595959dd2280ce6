package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outlay.core.Seeds;
import dev.outlay.core.value.ByteRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeMapTest {

    private static final int BYTES = 120;

    @Test
    void agreesWithArrayOfValues() {
        Seeds.each(5, RangeMapTest::run);
    }

    @Test
    void equalNeighboursMergeAndOverwritingSplits() {
        RangeMap<String> map = new RangeMap<>();
        map.put(new ByteRange(0, 10), "a");
        map.put(new ByteRange(10, 20), "a");
        assertEquals(List.of(entry(0, 20, "a")), map.entries());
        map.put(new ByteRange(5, 8), "b");
        assertEquals(List.of(entry(0, 5, "a"), entry(5, 8, "b"), entry(8, 20, "a")), map.entries());
        assertEquals("b", map.get(7));
        assertNull(map.get(20));
    }

    private static void run(SplittableRandom random) {
        RangeMap<Integer> map = new RangeMap<>();
        int[] model = new int[BYTES];
        for (int step = 0; step < 20_000; step++) {
            ByteRange range = range(random);
            int value = random.nextInt(4);
            if (value == 0) {
                map.remove(range);
            } else {
                map.put(range, value);
            }
            Arrays.fill(model, (int) range.start(), (int) range.end(), value);
            ByteRange asked = range(random);
            assertEquals(runs(model, new ByteRange(0, BYTES)), map.entries());
            assertEquals(runs(model, asked), map.within(asked));
            int at = random.nextInt(BYTES);
            Integer found = map.get(at);
            assertEquals(model[at], found == null ? 0 : found);
            assertEquals(runs(model, new ByteRange(0, BYTES)).isEmpty(), map.isEmpty());
        }
    }

    private static List<RangeMap.Entry<Integer>> runs(int[] model, ByteRange range) {
        List<RangeMap.Entry<Integer>> runs = new ArrayList<>();
        int start = (int) range.start();
        while (start < range.end()) {
            int end = start + 1;
            while (end < range.end() && model[end] == model[start]) {
                end++;
            }
            if (model[start] != 0) {
                runs.add(new RangeMap.Entry<>(new ByteRange(start, end), model[start]));
            }
            start = end;
        }
        return runs;
    }

    private static RangeMap.Entry<String> entry(long start, long end, String value) {
        return new RangeMap.Entry<>(new ByteRange(start, end), value);
    }

    private static ByteRange range(SplittableRandom random) {
        int start = random.nextInt(BYTES);
        return ByteRange.ofLength(start, 1 + random.nextInt(Math.min(30, BYTES - start)));
    }
}
