package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.Seeds;
import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@link FreeSpace} against an array of booleans, one a block. */
class FreeSpaceModelTest {

    private static final long BLOCK = 4096;

    @Test
    void agreesWithModelAfterEveryStep() {
        Seeds.each(5, random -> new Run(random).run(25_000));
    }

    private static final class Run {

        /** The devices: the first begins behind a label, the last ends where devices must end. */
        private static final DeviceRange[] DEVICES = {
            new DeviceRange(0, BLOCK, 150 * BLOCK),
            new DeviceRange(3, 0, 64 * BLOCK),
            new DeviceRange(4, DeviceRange.MAX_OFFSET - 37 * BLOCK, 37 * BLOCK),
        };

        private final SplittableRandom random;
        private final FreeSpace space = new FreeSpace(BLOCK);
        private final boolean[][] free = new boolean[DEVICES.length][];

        Run(SplittableRandom random) {
            this.random = random;
            for (int d = 0; d < DEVICES.length; d++) {
                space.addDevice(DEVICES[d]);
                free[d] = new boolean[(int) (DEVICES[d].length() / BLOCK)];
                Arrays.fill(free[d], true);
            }
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                // Goes between nearly empty and nearly full.
                int allocating = step / 500 % 2 == 0 ? 6 : 3;
                int kind = random.nextInt(10);
                if (kind < allocating) {
                    allocate();
                } else if (kind < 9) {
                    release();
                } else {
                    take();
                }
                compare();
                if (step % 100 == 0) {
                    rebuiltSpacePlansTheSame();
                }
            }
        }

        private void allocate() {
            long length = (1 + random.nextInt(random.nextInt(4) == 0 ? 120 : 12)) * BLOCK;
            DeviceGoal goal = goal();
            long alignment = random.nextInt(3) > 0 ? BLOCK : BLOCK << random.nextInt(5);
            int maxPieces = 1 + random.nextInt(6);
            List<DeviceRange> plan = space.plan(length, goal, alignment, maxPieces);
            checkPlan(plan, length, goal, alignment, maxPieces);
            for (DeviceRange piece : plan) {
                space.take(piece);
                set(piece, false);
            }
        }

        private void checkPlan(
                List<DeviceRange> plan,
                long length,
                @Nullable DeviceGoal goal,
                long alignment,
                int maxPieces) {
            List<DeviceRange> runs = runs();
            long reachable =
                    runs.stream()
                            .map(DeviceRange::length)
                            .sorted(Comparator.reverseOrder())
                            .limit(maxPieces)
                            .mapToLong(Long::longValue)
                            .sum();
            assertEquals(reachable < length, plan.isEmpty(), () -> plan + " of " + runs);
            if (plan.isEmpty()) {
                return;
            }
            assertTrue(plan.size() <= maxPieces);
            assertEquals(length, plan.stream().mapToLong(DeviceRange::length).sum());
            for (int i = 0; i < plan.size(); i++) {
                assertTrue(isFree(plan.get(i)));
                for (int j = 0; j < i; j++) {
                    assertFalse(plan.get(i).overlaps(plan.get(j)));
                }
            }
            DeviceRange first = plan.getFirst();
            boolean contiguous = runs.stream().anyMatch(run -> run.length() >= length);
            assertEquals(contiguous, plan.size() == 1, () -> plan + " of " + runs);
            boolean aligned = runs.stream().anyMatch(run -> roomAligned(run, alignment) >= length);
            if (aligned) {
                assertEquals(0, first.start() % alignment);
            }
            if (goal != null && goal.offset() % alignment == 0 && fitsAt(goal, length)) {
                assertEquals(goal, new DeviceGoal(first.device(), first.start()));
            }
            if (goal == null && contiguous && alignment == BLOCK) {
                ToLongFunction<DeviceRange> size = DeviceRange::length;
                long smallest =
                        runs.stream().mapToLong(size).filter(l -> l >= length).min().orElse(0);
                assertEquals(smallest, around(runs, first).length());
            }
        }

        private void release() {
            DeviceRange range = range();
            if (isTaken(range)) {
                space.release(range);
                set(range, true);
            } else {
                assertThrows(IllegalStateException.class, () -> space.release(range));
                // Otherwise hardly anything long would ever come free.
                for (long at = range.start(); at < range.end(); at += BLOCK) {
                    DeviceRange one = new DeviceRange(range.device(), at, BLOCK);
                    if (isTaken(one)) {
                        space.release(one);
                        set(one, true);
                    }
                }
            }
        }

        private void take() {
            DeviceRange range = range();
            assertEquals(isFree(range), space.isFree(range));
            if (isFree(range)) {
                space.take(range);
                set(range, false);
            } else {
                assertThrows(IllegalStateException.class, () -> space.take(range));
            }
        }

        private void compare() {
            List<DeviceRange> runs = runs();
            assertEquals(runs, FreeSpaceTest.all(space));
            assertEquals(runs.stream().mapToLong(DeviceRange::length).sum(), space.freeBytes());
            assertEquals(
                    runs.stream().mapToLong(DeviceRange::length).max().orElse(0),
                    space.largestFree());
        }

        /** A space with the same free bytes, reached another way, makes the same choices. */
        private void rebuiltSpacePlansTheSame() {
            FreeSpace rebuilt = new FreeSpace(BLOCK);
            for (DeviceRange device : Arrays.asList(DEVICES).reversed()) {
                rebuilt.addDevice(device);
                rebuilt.take(device);
            }
            runs().reversed().forEach(rebuilt::release);
            for (int i = 0; i < 10; i++) {
                long length = (1 + random.nextInt(30)) * BLOCK;
                DeviceGoal goal = goal();
                long alignment = BLOCK << random.nextInt(5);
                assertEquals(
                        space.plan(length, goal, alignment, 4),
                        rebuilt.plan(length, goal, alignment, 4));
                assertEquals(space.groupGoal(i), rebuilt.groupGoal(i));
            }
        }

        private @Nullable DeviceGoal goal() {
            if (random.nextInt(4) == 0) {
                return null;
            }
            if (random.nextInt(4) == 0) {
                return space.groupGoal(random.nextInt(100));
            }
            int device = random.nextInt(6);
            long offset = random.nextInt(160) * BLOCK;
            return new DeviceGoal(
                    device, random.nextInt(4) == 0 ? DeviceRange.MAX_OFFSET - offset : offset);
        }

        private DeviceRange range() {
            DeviceRange device = DEVICES[random.nextInt(DEVICES.length)];
            int blocks = (int) (device.length() / BLOCK);
            int first = random.nextInt(blocks);
            int count = 1 + random.nextInt(Math.min(20, blocks - first));
            return device.slice(first * BLOCK, count * BLOCK);
        }

        private List<DeviceRange> runs() {
            List<DeviceRange> runs = new ArrayList<>();
            for (int d = 0; d < DEVICES.length; d++) {
                for (int b = 0; b < free[d].length; b++) {
                    int first = b;
                    while (b < free[d].length && free[d][b]) {
                        b++;
                    }
                    if (b > first) {
                        runs.add(DEVICES[d].slice(first * BLOCK, (b - first) * BLOCK));
                    }
                }
            }
            return runs;
        }

        private void set(DeviceRange range, boolean value) {
            int d = index(range.device());
            for (int b = first(range); b < first(range) + range.length() / BLOCK; b++) {
                free[d][b] = value;
            }
        }

        private boolean isFree(DeviceRange range) {
            return count(range) == range.length() / BLOCK;
        }

        private boolean isTaken(DeviceRange range) {
            return count(range) == 0;
        }

        private long count(DeviceRange range) {
            int d = index(range.device());
            long count = 0;
            for (int b = first(range); b < first(range) + range.length() / BLOCK; b++) {
                count += free[d][b] ? 1 : 0;
            }
            return count;
        }

        private boolean fitsAt(DeviceGoal goal, long length) {
            return runs().stream()
                    .anyMatch(
                            run ->
                                    run.device() == goal.device()
                                            && run.start() <= goal.offset()
                                            && goal.offset() + length <= run.end());
        }

        private static long roomAligned(DeviceRange run, long alignment) {
            return run.end() - Math.ceilDiv(run.start(), alignment) * alignment;
        }

        private static DeviceRange around(List<DeviceRange> runs, DeviceRange piece) {
            return runs.stream().filter(run -> run.overlaps(piece)).findFirst().orElseThrow();
        }

        private static int first(DeviceRange range) {
            return (int) ((range.start() - DEVICES[index(range.device())].start()) / BLOCK);
        }

        private static int index(int device) {
            for (int d = 0; d < DEVICES.length; d++) {
                if (DEVICES[d].device() == device) {
                    return d;
                }
            }
            throw new AssertionError("no device " + device);
        }
    }
}
