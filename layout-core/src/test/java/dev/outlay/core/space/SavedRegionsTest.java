package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What free space tells of its changes gives the same free space again. */
class SavedRegionsTest {

    private static final long BLOCK = 4096;
    private static final DeviceRange[] DEVICES = {
        new DeviceRange(0, BLOCK, 5_000 * BLOCK),
        new DeviceRange(2, 0, 100 * BLOCK),
        new DeviceRange(5, 7 * BLOCK, 2 * 2_048 * BLOCK),
    };

    private record Region(int device, long start) {}

    private final NavigableMap<Region, byte[]> rows =
            new TreeMap<>(Comparator.comparingInt(Region::device).thenComparingLong(Region::start));
    private int told;

    private static FreeSpace empty(boolean byDevice) {
        FreeSpace space = new FreeSpace(BLOCK, byDevice);
        for (DeviceRange device : DEVICES) {
            space.addDevice(device);
        }
        return space;
    }

    private void take(FreeSpace space, List<DeviceRange> alsoFree) {
        space.takeChanges(
                alsoFree,
                (device, start, bytes) -> {
                    told++;
                    if (bytes == null) {
                        rows.remove(new Region(device, start));
                    } else {
                        rows.put(new Region(device, start), bytes);
                    }
                });
    }

    private FreeSpace load(boolean byDevice) {
        FreeSpace space = empty(byDevice);
        FreeSpace.Saved saved = space.saved();
        rows.forEach((region, bytes) -> saved.region(region.device, region.start, bytes));
        saved.end();
        return space;
    }

    private static List<DeviceRange> all(FreeSpace space) {
        List<DeviceRange> all = new ArrayList<>();
        space.forEach(all::add);
        return all;
    }

    private static void change(FreeSpace space, SplittableRandom random) {
        DeviceRange device = DEVICES[random.nextInt(DEVICES.length)];
        long blocks = device.length() / BLOCK;
        long from = random.nextLong(blocks);
        long count =
                Math.min(blocks - from, 1 + random.nextInt(random.nextInt(8) == 0 ? 3_000 : 9));
        DeviceRange range = device.slice(from * BLOCK, count * BLOCK);
        boolean release = random.nextBoolean();
        for (long at = 0; at < range.length(); at += BLOCK) {
            DeviceRange block = range.slice(at, BLOCK);
            if (space.isFree(block) != release) {
                if (release) {
                    space.release(block);
                } else {
                    space.take(block);
                }
            }
        }
    }

    @Test
    void freeSpaceIsItsRegions() {
        long seed = Long.getLong("outlay.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        boolean byDevice = random.nextBoolean();
        FreeSpace space = empty(byDevice);
        for (int step = 0; step < 600; step++) {
            String where = "seed " + seed + ", step " + step;
            change(space, random);
            if (random.nextInt(40) == 0) {
                rows.clear();
                space.forgetSaved();
                take(space, List.of());
            }
            if (random.nextInt(4) > 0) {
                continue;
            }
            take(space, List.of());
            FreeSpace loaded = load(byDevice);
            assertEquals(all(space), all(loaded), where);
            assertEquals(space.freeBytes(), loaded.freeBytes(), where);
            assertEquals(
                    space.plan(5 * BLOCK, null, BLOCK, 5),
                    loaded.plan(5 * BLOCK, null, BLOCK, 5),
                    where);
            if (random.nextInt(4) == 0) {
                // As after a restart: what is loaded goes on.
                space = loaded;
            }
        }
    }

    @Test
    void whatWillBeFreeAfterARestartIsSavedAsFree() {
        FreeSpace space = empty(false);
        DeviceRange kept = DEVICES[0].slice(2_040 * BLOCK, 20 * BLOCK);
        space.take(kept);
        take(space, List.of(kept));
        assertEquals(all(empty(false)), all(load(false)));
        space.take(DEVICES[0].slice(2_035 * BLOCK, 5 * BLOCK));
        take(space, List.of(kept));
        space.release(kept);
        assertEquals(all(space), all(load(false)));
        // It stays after all.
        space.take(kept);
        take(space, List.of());
        assertEquals(all(space), all(load(false)));
    }

    @Test
    void onlyWhatChangedIsTold() {
        FreeSpace space = empty(false);
        take(space, List.of());
        assertEquals(0, told, "what is wholly free needs no row");
        space.take(DEVICES[0].slice(3 * BLOCK, BLOCK));
        take(space, List.of());
        assertEquals(1, told);
        space.release(DEVICES[0].slice(3 * BLOCK, BLOCK));
        take(space, List.of());
        assertTrue(rows.isEmpty());
    }

    @Test
    void aDeviceThatGoesTakesItsRowsAlong() {
        FreeSpace space = empty(false);
        space.take(DEVICES[1].slice(0, BLOCK));
        take(space, List.of());
        assertEquals(1, rows.size());
        space.withdraw(2);
        space.release(DEVICES[1].slice(0, BLOCK));
        space.removeDevice(2);
        take(space, List.of());
        assertTrue(rows.isEmpty());
    }

    @Test
    void damagedRegionsAreRefused() {
        FreeSpace space = empty(false);
        space.take(DEVICES[0].slice(3 * BLOCK, BLOCK));
        take(space, List.of());
        byte[] bytes = rows.firstEntry().getValue();
        long start = DEVICES[0].start();
        FreeSpace.Saved saved = empty(false).saved();
        assertThrows(CorruptDataException.class, () -> saved.region(0, start + BLOCK, bytes));
        FreeSpace.Saved more = empty(false).saved();
        assertThrows(
                CorruptDataException.class, () -> more.region(0, start, new byte[] {0, 127, 127}));
        FreeSpace.Saved nobody = empty(false).saved();
        assertThrows(CorruptDataException.class, () -> nobody.region(1, 0, bytes));
        FreeSpace.Saved twice = empty(false).saved();
        twice.region(0, start, bytes);
        assertThrows(CorruptDataException.class, () -> twice.region(0, start, bytes));
    }
}
