package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Maps of which little is in memory do as maps of which all is, whatever the store loses. */
class ResidentPagesTest {

    private static final long BLOCK = 4096;
    private static final int BLOCKS = 3_000;
    private static final int MAPS = 5;
    private static final int ALL = 1_000;

    private record Place(long map, long start) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            return map == other.map
                    ? Long.compare(start, other.start)
                    : Long.compare(map, other.map);
        }
    }

    /** What is written, and after each number what is durable at the least. */
    private NavigableMap<Place, byte[]> store = new TreeMap<>();

    private final NavigableMap<Integer, NavigableMap<Place, byte[]>> versions = new TreeMap<>();
    private int fetched;

    private final ResidentPages resident =
            new ResidentPages(
                    new ResidentPages.Source() {
                        @Override
                        public byte[] page(long map, long start) {
                            fetched++;
                            return Objects.requireNonNull(store.get(new Place(map, start)));
                        }

                        @Override
                        public long[] starts(long map) {
                            return of(map).keySet().stream().mapToLong(Place::start).toArray();
                        }
                    });

    private final List<ExtentMap> maps = new ArrayList<>();
    private final List<ExtentMap> whole = new ArrayList<>();
    private int durable;

    ResidentPagesTest() {
        for (int id = 0; id < MAPS; id++) {
            maps.add(new ExtentMap(id, resident));
            whole.add(new ExtentMap());
        }
        versions.put(0, new TreeMap<>());
    }

    private Map<Place, byte[]> of(long map) {
        return store.subMap(new Place(map, 0), new Place(map, Long.MAX_VALUE));
    }

    private void change(int id, ByteRange range, int kind, ExtentState state) {
        for (ExtentMap map : List.of(maps.get(id), whole.get(id))) {
            switch (kind) {
                case 0 -> {
                    for (Extent piece : map.slice(range)) {
                        for (long at = piece.fileOffset();
                                piece.isHole() && at < piece.end();
                                at += BLOCK) {
                            map.insert(new Extent(at, BLOCK, state, 0, (1L << 30) + at * 2, 0));
                        }
                    }
                }
                case 1 -> map.mapped(range).forEach(e -> map.convert(e.range(), state, 0));
                default -> {
                    var _ = map.punch(range);
                }
            }
        }
    }

    private void take() {
        int number = resident.taking();
        for (int id = 0; id < MAPS; id++) {
            long map = id;
            maps.get(id)
                    .takeChanges(
                            (start, bytes) -> {
                                if (bytes == null) {
                                    store.remove(new Place(map, start));
                                } else {
                                    store.put(new Place(map, start), bytes);
                                }
                            });
        }
        versions.put(number, new TreeMap<>(store));
    }

    private void flush() {
        durable = versions.lastKey();
        resident.durable(durable);
        versions.headMap(durable, false).clear();
    }

    /** The store is opened again with any of what it had since the last flush. */
    private void lose(SplittableRandom random) {
        List<Integer> kept = List.copyOf(versions.keySet());
        store = new TreeMap<>(versions.get(kept.get(random.nextInt(kept.size()))));
    }

    /** All that is in memory is to be told anew. */
    private void tellAll() {
        for (int id = 0; id < MAPS; id++) {
            long[] elsewhere = maps.get(id).forgetSaved();
            if (elsewhere != null) {
                List<Long> stay = java.util.Arrays.stream(elsewhere).boxed().toList();
                of(id).keySet().removeIf(place -> !stay.contains(place.start()));
            }
        }
        take();
    }

    private void compare(String where) {
        for (int id = 0; id < MAPS; id++) {
            assertEquals(whole.get(id).all(), maps.get(id).all(), where);
            assertEquals(whole.get(id).mappedBytes(), maps.get(id).mappedBytes(), where);
            maps.get(id).check(BLOCK);
        }
    }

    @Test
    void whatLeavesMemoryComesBack() {
        long seed = Long.getLong("outlay.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        int emptied = 0;
        for (int step = 0; step < 6_000; step++) {
            String where = "seed " + seed + ", step " + step;
            int id = random.nextInt(MAPS);
            long count = 1L + random.nextInt(random.nextInt(10) == 0 ? 700 : 4);
            ByteRange range = ByteRange.ofLength(random.nextInt(BLOCKS) * BLOCK, count * BLOCK);
            ExtentState state = random.nextBoolean() ? ExtentState.WRITTEN : ExtentState.UNWRITTEN;
            int dice = random.nextInt(100);
            if (dice < 60) {
                change(id, range, dice < 30 ? 0 : dice < 50 ? 1 : 2, state);
            } else if (dice < 70) {
                assertEquals(whole.get(id).mapped(range), maps.get(id).mapped(range), where);
                assertEquals(whole.get(id).endOffset(), maps.get(id).endOffset(), where);
            } else if (dice < 80) {
                take();
            } else if (dice < 88) {
                flush();
            } else if (dice < 98) {
                resident.shrink(random.nextInt(3_000), 1 + random.nextInt(200));
            } else {
                lose(random);
                if (random.nextBoolean()) {
                    // Looked at before all is told anew.
                    compare(where);
                }
                tellAll();
            }
            if (step % 100 == 0) {
                compare(where);
            }
            if (step % 500 == 499) {
                take();
                flush();
                resident.shrink(0, ALL);
                resident.shrink(0, ALL);
                assertEquals(0, resident.extents(), where);
                emptied++;
            }
        }
        compare("at the end");
        assertTrue(emptied > 10 && fetched > 500, "fetched " + fetched);
    }

    @Test
    void whatIsNotDurableStays() {
        change(0, ByteRange.ofLength(0, 400 * BLOCK), 0, ExtentState.WRITTEN);
        resident.shrink(0, ALL);
        take();
        resident.shrink(0, ALL);
        resident.shrink(0, ALL);
        assertTrue(resident.extents() >= 400, "taken is not durable");
        flush();
        resident.shrink(0, ALL);
        resident.shrink(0, ALL);
        assertEquals(0, resident.extents());
        compare("once it is");
        assertEquals(0, resident.extents(), "a look at all brings nothing in");
    }

    @Test
    void whatIsInUseStaysLonger() {
        change(0, ByteRange.ofLength(0, 2_000 * BLOCK), 0, ExtentState.WRITTEN);
        take();
        flush();
        resident.shrink(0, 1);
        resident.shrink(2_000, ALL);
        var _ = maps.get(0).find(0);
        resident.shrink(500, 20);
        fetched = 0;
        var _ = maps.get(0).find(0);
        assertEquals(0, fetched, "what was just used is still there");
    }

    @Test
    void aMapThatIsGoneIsNotLookedAt() {
        change(1, ByteRange.ofLength(0, 10 * BLOCK), 0, ExtentState.WRITTEN);
        change(2, ByteRange.ofLength(0, 10 * BLOCK), 0, ExtentState.WRITTEN);
        change(1, ByteRange.ofLength(0, 10 * BLOCK), 2, ExtentState.WRITTEN);
        maps.get(1).leaveMemory();
        take();
        flush();
        resident.shrink(0, ALL);
        resident.shrink(0, ALL);
        assertEquals(0, resident.extents());
        compare("without it");
    }
}
