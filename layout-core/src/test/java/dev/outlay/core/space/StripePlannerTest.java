package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Bytes of a file over several devices: whose turn it is, who stands in, and when space is out. */
class StripePlannerTest {
    private static final int BLOCK = 4096;
    private static final long UNIT = 4 * BLOCK;
    private static final int PIECES = 1000;

    private static FreeSpace devices(int... blocks) {
        FreeSpace free = new FreeSpace(BLOCK, true);
        for (int device = 0; device < blocks.length; device++) {
            free.addDevice(new DeviceRange(device, BLOCK, (long) blocks[device] * BLOCK));
        }
        return free;
    }

    private static List<DeviceRange> plan(FreeSpace free, long inode, long start, long length) {
        return free.planStriped(
                List.of(ByteRange.ofLength(start, length)),
                UNIT,
                inode,
                (device, offset, devices) -> null,
                PIECES);
    }

    @Test
    void devicesTakeTurns() {
        List<DeviceRange> pieces = plan(devices(100, 100, 100), 1, 0, 6 * UNIT);
        assertEquals(List.of(1, 2, 0, 1, 2, 0), pieces.stream().map(DeviceRange::device).toList());
        assertTrue(pieces.stream().allMatch(p -> p.length() == UNIT));
        // The second turn of a device is right behind its first.
        assertEquals(pieces.get(0).end(), pieces.get(3).start());
    }

    @Test
    void aRangeInsideAUnitStaysOnItsDevice() {
        List<DeviceRange> pieces = plan(devices(100, 100), 0, UNIT + BLOCK, UNIT);
        assertEquals(List.of(1, 0), pieces.stream().map(DeviceRange::device).toList());
        assertEquals(3 * BLOCK, pieces.getFirst().length());
        assertEquals(BLOCK, pieces.getLast().length());
    }

    @Test
    void whoHasRoomStandsInForWhoIsFull() {
        FreeSpace free = devices(4, 100);
        List<DeviceRange> pieces = plan(free, 0, 0, 4 * UNIT);
        assertEquals(4 * UNIT, pieces.stream().mapToLong(DeviceRange::length).sum());
        assertEquals(
                UNIT,
                pieces.stream().filter(p -> p.device() == 0).mapToLong(DeviceRange::length).sum());
    }

    @Test
    void allThereIsCanBeHadAndNotMore() {
        FreeSpace free = devices(3, 2, 2);
        List<DeviceRange> pieces = plan(free, 0, 0, 7 * BLOCK);
        assertEquals(7 * BLOCK, pieces.stream().mapToLong(DeviceRange::length).sum());
        pieces.forEach(free::take);
        assertEquals(0, free.freeBytes());
        pieces.forEach(free::release);
        assertEquals(List.of(), plan(free, 0, 0, 8 * BLOCK));
    }

    @Test
    void anyPlanCanBeTaken() {
        long seed = Long.getLong("outlay.seed", System.nanoTime());
        Random random = new Random(seed);
        FreeSpace free = devices(60, 40, 50);
        List<DeviceRange> taken = new java.util.ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            if (random.nextInt(3) == 0 && !taken.isEmpty()) {
                free.release(taken.remove(random.nextInt(taken.size())));
                continue;
            }
            long length = (1 + random.nextInt(20)) * (long) BLOCK;
            List<DeviceRange> pieces =
                    plan(free, random.nextInt(9), random.nextInt(40) * (long) BLOCK, length);
            assertEquals(
                    free.freeBytes() < length,
                    pieces.isEmpty(),
                    () -> "seed " + seed + ": " + length + " of " + free.freeBytes());
            pieces.forEach(free::take);
            taken.addAll(pieces);
        }
    }

    @Test
    void aUnitIsNotTornWhereAnotherDeviceHasRoomForAllOfIt() {
        List<DeviceRange> pieces = plan(devices(2, 100), 0, 0, UNIT);
        assertEquals(List.of(1), pieces.stream().map(DeviceRange::device).toList());
    }

    @Test
    void eachPartOfATornUnitIsPlacedForItsOwnBytes() {
        Map<Integer, Long> asked = new TreeMap<>();
        FreeSpace free = devices(3, 1);
        List<DeviceRange> pieces =
                free.planStriped(
                        List.of(ByteRange.ofLength(2 * UNIT, UNIT)),
                        UNIT,
                        0,
                        (device, offset, devices) -> {
                            asked.put(device, offset);
                            return null;
                        },
                        PIECES);
        assertEquals(UNIT, pieces.stream().mapToLong(DeviceRange::length).sum());
        assertEquals(Map.of(0, 2 * UNIT, 1, 2 * UNIT + 3 * BLOCK), asked);
    }

    @Test
    void asManyPiecesAsWillDoAndNotOneMore() {
        FreeSpace free = devices(100, 100);
        List<ByteRange> bytes = List.of(ByteRange.ofLength(0, 4 * UNIT));
        assertEquals(4, free.planStriped(bytes, UNIT, 0, (d, o, n) -> null, 4).size());
        assertEquals(List.of(), free.planStriped(bytes, UNIT, 0, (d, o, n) -> null, 3));
    }

    @Test
    void withoutDevicesThereIsNoSpace() {
        assertEquals(List.of(), plan(new FreeSpace(BLOCK, true), 0, 0, UNIT));
    }
}
