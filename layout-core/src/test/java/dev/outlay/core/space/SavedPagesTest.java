package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What an extent map tells of its changes gives the same map again. */
class SavedPagesTest {

    private static final long BLOCK = 4096;
    private static final int BLOCKS = 4_000;

    private final NavigableMap<Long, byte[]> pages = new TreeMap<>();
    private int puts;

    private void take(ExtentMap map) {
        map.takeChanges(
                (start, bytes) -> {
                    if (bytes == null) {
                        pages.remove(start);
                    } else {
                        pages.put(start, bytes);
                        puts++;
                    }
                });
    }

    private byte[] page(long start) {
        return Objects.requireNonNull(pages.get(start));
    }

    private ExtentMap load() {
        ExtentMap map = new ExtentMap();
        pages.forEach(map::load);
        map.check(BLOCK);
        return map;
    }

    /** Blocks all over a device, so that neighbours seldom join and pages are many. */
    private static void change(ExtentMap map, SplittableRandom random) {
        long first = random.nextInt(BLOCKS);
        long count = 1L + random.nextInt(random.nextInt(10) == 0 ? 600 : 4);
        ByteRange range = ByteRange.ofLength(first * BLOCK, count * BLOCK);
        int kind = random.nextInt(10);
        if (kind < 5) {
            for (Extent piece : map.slice(range)) {
                for (long at = piece.fileOffset();
                        piece.isHole() && at < piece.end();
                        at += BLOCK) {
                    long place = random.nextInt(4) == 0 ? at : (1L << 30) + at * 2;
                    map.insert(new Extent(at, BLOCK, ExtentState.UNWRITTEN, 0, place, 0));
                }
            }
        } else if (kind < 8) {
            ExtentState state = random.nextBoolean() ? ExtentState.WRITTEN : ExtentState.UNWRITTEN;
            for (Extent piece : map.mapped(range)) {
                map.convert(piece.range(), state, 0);
            }
        } else {
            var _ = map.punch(range);
        }
    }

    @Test
    void aMapIsItsPages() {
        long seed = Long.getLong("outlay.seed", 1);
        int several = 0;
        for (int run = 0; run < 20; run++) {
            SplittableRandom random = new SplittableRandom(seed + run);
            String where = "seed " + (seed + run);
            pages.clear();
            ExtentMap map = new ExtentMap();
            for (int step = 0; step < 400; step++) {
                change(map, random);
                if (random.nextInt(5) == 0) {
                    take(map);
                    ExtentMap loaded = load();
                    assertEquals(map.all(), loaded.all(), where);
                    assertEquals(map.mappedBytes(), loaded.mappedBytes(), where);
                    assertEquals(map.extents(), loaded.extents(), where);
                    several = Math.max(several, pages.size());
                    if (random.nextInt(4) == 0) {
                        // As after a restart: what is loaded goes on.
                        map = loaded;
                    }
                }
                if (random.nextInt(50) == 0) {
                    map.forgetSaved();
                    pages.clear();
                }
            }
        }
        assertTrue(several > 10, "maps of several pages, at most " + several);
    }

    @Test
    void onlyWhatChangedIsTold() {
        ExtentMap map = new ExtentMap();
        for (long block = 0; block < BLOCKS; block++) {
            map.insert(
                    new Extent(
                            2 * block * BLOCK, BLOCK, ExtentState.UNWRITTEN, 0, block * BLOCK, 0));
        }
        take(map);
        assertTrue(pages.size() > 20);
        puts = 0;
        take(map);
        assertEquals(0, puts);
        map.convert(ByteRange.ofLength(2000 * BLOCK, BLOCK), ExtentState.WRITTEN, 0);
        take(map);
        assertEquals(1, puts);
        assertEquals(map.all(), load().all());
    }

    @Test
    void damagedPagesAreRefused() {
        ExtentMap map = new ExtentMap();
        for (long block = 0; block < 300; block++) {
            map.insert(
                    new Extent(2 * block * BLOCK, BLOCK, ExtentState.WRITTEN, 3, block * BLOCK, 0));
        }
        take(map);
        long second = pages.higherKey(0L);
        byte[] page = page(second);
        ExtentMap loaded = new ExtentMap();
        loaded.load(0, page(0));
        assertThrows(CorruptDataException.class, () -> loaded.load(0, page(0)));
        assertThrows(CorruptDataException.class, () -> loaded.load(second - BLOCK * 3, page));
        assertThrows(CorruptDataException.class, () -> loaded.load(second, new byte[] {0}));
        assertThrows(CorruptDataException.class, () -> loaded.load(second, new byte[0]));
        byte[] cut = java.util.Arrays.copyOf(page, page.length - 1);
        assertThrows(CorruptDataException.class, () -> loaded.load(second, cut));
        byte[] longer = java.util.Arrays.copyOf(page, page.length + 1);
        assertThrows(CorruptDataException.class, () -> loaded.load(second, longer));
        loaded.load(second, page);
    }
}
