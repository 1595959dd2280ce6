package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FreeSpaceTest {

    private static final long BLOCK = 4096;
    private static final long HUGE = 2 << 20;
    private static final long GIB = 1L << 30;

    @Test
    void appendsGoOnRightBehindTheGoal() {
        FreeSpace space = space(GIB);
        DeviceGoal goal = new DeviceGoal(0, 100 * BLOCK);
        DeviceRange first = only(space.plan(16 * BLOCK, goal, BLOCK, 1));
        assertEquals(new DeviceRange(0, 100 * BLOCK, 16 * BLOCK), first);
        space.take(first);
        DeviceRange second = only(space.plan(BLOCK, new DeviceGoal(0, first.end()), BLOCK, 1));
        assertEquals(first.end(), second.start());
    }

    @Test
    void planningChangesNothing() {
        FreeSpace space = space(GIB);
        space.plan(GIB, null, BLOCK, 1);
        assertEquals(GIB, space.freeBytes());
        assertEquals(List.of(new DeviceRange(0, 0, GIB)), all(space));
    }

    @Test
    void withoutGoalTheSmallestExtentThatFitsIsTaken() {
        FreeSpace space = space(100 * BLOCK);
        space.take(new DeviceRange(0, 10 * BLOCK, BLOCK));
        space.take(new DeviceRange(0, 15 * BLOCK, BLOCK));
        assertEquals(
                new DeviceRange(0, 11 * BLOCK, 3 * BLOCK),
                only(space.plan(3 * BLOCK, null, BLOCK, 8)));
        assertEquals(new DeviceRange(0, 0, 5 * BLOCK), only(space.plan(5 * BLOCK, null, BLOCK, 8)));
    }

    @Test
    void occupiedGoalIsReplacedByTheNextPlaceOfItsGroup() {
        FreeSpace space = space(GIB);
        space.take(new DeviceRange(0, 100 * BLOCK, BLOCK));
        assertEquals(
                new DeviceRange(0, 101 * BLOCK, 4 * BLOCK),
                only(space.plan(4 * BLOCK, new DeviceGoal(0, 100 * BLOCK), BLOCK, 1)));
    }

    @Test
    void amongEqualExtentsTheOneNearestToTheGoalIsTaken() {
        FreeSpace space = space(GIB);
        space.take(new DeviceRange(0, 0, GIB));
        long[] free = {BLOCK, 300 << 20, 600 << 20, 900 << 20};
        for (long offset : free) {
            space.release(new DeviceRange(0, offset, BLOCK));
        }
        for (long offset : free) {
            DeviceGoal behind = new DeviceGoal(0, offset + (100 << 20));
            assertEquals(offset, only(space.plan(BLOCK, behind, BLOCK, 1)).start());
            DeviceGoal ahead = new DeviceGoal(0, Math.max(0, offset - (100 << 20)));
            assertEquals(offset, only(space.plan(BLOCK, ahead, BLOCK, 1)).start());
        }
        assertEquals(BLOCK, only(space.plan(BLOCK, new DeviceGoal(9, 0), BLOCK, 1)).length());
    }

    @Test
    void goalAtTheEndOfTheDeviceFallsBackIntoItsLastGroup() {
        FreeSpace space = space(GIB);
        space.take(new DeviceRange(0, GIB - 4 * BLOCK, 2 * BLOCK));
        space.take(new DeviceRange(0, BLOCK, BLOCK));
        assertEquals(
                GIB - 2 * BLOCK, only(space.plan(BLOCK, new DeviceGoal(0, GIB), BLOCK, 1)).start());
    }

    @Test
    void alignedPlanBeginsAtAMultiple() {
        FreeSpace space = space(GIB);
        space.take(new DeviceRange(0, 0, BLOCK));
        assertEquals(new DeviceRange(0, HUGE, HUGE), only(space.plan(HUGE, null, HUGE, 1)));
        DeviceGoal goal = new DeviceGoal(0, 5 * HUGE + BLOCK);
        assertEquals(
                new DeviceRange(0, 6 * HUGE, 3 * HUGE), only(space.plan(3 * HUGE, goal, HUGE, 1)));
    }

    @Test
    void alignmentIsAWishThatGivesWayToContiguity() {
        FreeSpace space = space(4 * HUGE);
        for (int i = 0; i < 4; i++) {
            space.take(new DeviceRange(0, i * HUGE, BLOCK));
        }
        assertEquals(BLOCK, only(space.plan(HUGE / 2, null, HUGE, 4)).start() % HUGE);
    }

    @Test
    void alignedPiecesKeepFileAndDeviceInStep() {
        FreeSpace space = space(10 * HUGE);
        space.take(new DeviceRange(0, 5 * HUGE + BLOCK, BLOCK));
        List<DeviceRange> pieces = space.plan(7 * HUGE + BLOCK, null, HUGE, 4);
        assertEquals(2, pieces.size());
        for (DeviceRange piece : pieces) {
            assertEquals(0, piece.start() % HUGE);
        }
        assertEquals(0, pieces.getFirst().length() % HUGE);
    }

    @Test
    void fallsBackToPiecesBeginningAtTheGoal() {
        FreeSpace space = space(100 * BLOCK);
        for (int i = 9; i < 100; i += 10) {
            space.take(new DeviceRange(0, i * BLOCK, BLOCK));
        }
        List<DeviceRange> pieces = space.plan(20 * BLOCK, new DeviceGoal(0, 52 * BLOCK), BLOCK, 8);
        assertEquals(new DeviceRange(0, 52 * BLOCK, 7 * BLOCK), pieces.getFirst());
        assertEquals(3, pieces.size());
        assertEquals(List.of(), space.plan(20 * BLOCK, null, BLOCK, 2));
        // With the goal it would take eleven pieces; the goal gives way.
        assertEquals(10, space.plan(90 * BLOCK, new DeviceGoal(0, 52 * BLOCK), BLOCK, 10).size());
        assertEquals(List.of(), space.plan(91 * BLOCK, null, BLOCK, 100));
    }

    @Test
    void neverJoinsTheEndOfOneDeviceToTheNext() {
        FreeSpace space = new FreeSpace(BLOCK);
        space.addDevice(new DeviceRange(1, DeviceRange.MAX_OFFSET - 4 * BLOCK, 4 * BLOCK));
        space.addDevice(new DeviceRange(2, 0, 4 * BLOCK));
        assertEquals(4 * BLOCK, space.largestFree());
        assertEquals(2, space.plan(8 * BLOCK, null, BLOCK, 2).size());
        assertEquals(List.of(), space.plan(8 * BLOCK, null, BLOCK, 1));
        DeviceRange last = new DeviceRange(1, DeviceRange.MAX_OFFSET - BLOCK, BLOCK);
        space.take(last);
        space.release(last);
        assertEquals(2, all(space).size());
    }

    @Test
    void filesBeginInDifferentGroups() {
        FreeSpace space = space(GIB);
        Set<@Nullable DeviceGoal> goals = new HashSet<>();
        for (long inode = 1; inode <= 16; inode++) {
            goals.add(space.groupGoal(inode));
        }
        assertEquals(16, goals.size());
    }

    @Test
    void groupGoalPassesFullGroups() {
        FreeSpace space = space(16 * 16 * BLOCK);
        @Nullable DeviceGoal goal = space.groupGoal(3);
        assertEquals(new DeviceGoal(0, 48 * BLOCK), goal);
        space.take(new DeviceRange(0, 48 * BLOCK, 20 * BLOCK));
        assertEquals(new DeviceGoal(0, 68 * BLOCK), space.groupGoal(3));
        space.take(new DeviceRange(0, 68 * BLOCK, 188 * BLOCK));
        assertEquals(new DeviceGoal(0, 0), space.groupGoal(3));
        space.take(new DeviceRange(0, 0, 48 * BLOCK));
        assertNull(space.groupGoal(3));
        assertEquals(List.of(), space.plan(BLOCK, goal, BLOCK, 1));
    }

    /** Of a group in pieces none is the goal: the file goes where it fits. */
    @Test
    void noFileBeginsInAGroupThatIsFreeInPiecesOnly() {
        FreeSpace space = space(16 * 16 * BLOCK);
        space.take(new DeviceRange(0, 0, 256 * BLOCK));
        space.release(new DeviceRange(0, 48 * BLOCK, 3 * BLOCK));
        space.release(new DeviceRange(0, 100 * BLOCK, 2 * BLOCK));
        assertNull(space.groupGoal(3));
        assertEquals(
                new DeviceRange(0, 100 * BLOCK, 2 * BLOCK),
                only(space.plan(2 * BLOCK, space.groupGoal(3), BLOCK, 1)));
        space.release(new DeviceRange(0, 51 * BLOCK, BLOCK));
        assertEquals(new DeviceGoal(0, 48 * BLOCK), space.groupGoal(3));
    }

    @Test
    void groupsCoverAllDevicesInOrderOfTheirIndex() {
        FreeSpace one = new FreeSpace(BLOCK);
        one.addDevice(new DeviceRange(0, BLOCK, 40 * GIB));
        one.addDevice(new DeviceRange(7, 0, BLOCK));
        FreeSpace other = new FreeSpace(BLOCK);
        other.addDevice(new DeviceRange(7, 0, BLOCK));
        other.addDevice(new DeviceRange(0, BLOCK, 40 * GIB));
        Set<@Nullable DeviceGoal> goals = new HashSet<>();
        for (long inode = 0; inode < 41; inode++) {
            assertEquals(one.groupGoal(inode), other.groupGoal(inode));
            goals.add(one.groupGoal(inode));
        }
        assertEquals(41, goals.size());
        assertTrue(goals.contains(new DeviceGoal(7, 0)));
    }

    @Test
    void smallFilesWrittenSideBySideDoNotInterleave() {
        FreeSpace space = space(GIB);
        @Nullable DeviceGoal[] ends = new DeviceGoal[8];
        int breaks = 0;
        for (int round = 0; round < 50; round++) {
            for (int file = 0; file < ends.length; file++) {
                @Nullable DeviceGoal goal = round == 0 ? space.groupGoal(file + 2L) : ends[file];
                DeviceRange piece = only(space.plan(4 * BLOCK, goal, BLOCK, 1));
                breaks += goal != null && piece.start() == goal.offset() ? 0 : 1;
                space.take(piece);
                ends[file] = new DeviceGoal(piece.device(), piece.end());
            }
        }
        assertEquals(0, breaks);
    }

    @Test
    void wrongCallsAreRefusedAndChangeNothing() {
        FreeSpace space = space(10 * BLOCK);
        space.take(new DeviceRange(0, 4 * BLOCK, 2 * BLOCK));
        List<DeviceRange> before = all(space);
        assertThrows(
                IllegalStateException.class,
                () -> space.take(new DeviceRange(0, 3 * BLOCK, 2 * BLOCK)));
        assertThrows(IllegalStateException.class, () -> space.take(new DeviceRange(1, 0, BLOCK)));
        assertThrows(
                IllegalStateException.class,
                () -> space.release(new DeviceRange(0, 5 * BLOCK, 2 * BLOCK)));
        assertThrows(
                IllegalStateException.class,
                () -> space.release(new DeviceRange(0, 10 * BLOCK, BLOCK)));
        assertThrows(
                IllegalStateException.class, () -> space.release(new DeviceRange(3, 0, BLOCK)));
        assertThrows(
                IllegalStateException.class, () -> space.addDevice(new DeviceRange(0, 0, BLOCK)));
        assertThrows(IllegalArgumentException.class, () -> space.take(new DeviceRange(0, 0, 7)));
        assertThrows(
                IllegalArgumentException.class,
                () -> space.release(new DeviceRange(0, 4 * BLOCK, 7)));
        assertThrows(
                IllegalArgumentException.class,
                () -> space.addDevice(new DeviceRange(1, 7, BLOCK)));
        assertThrows(IllegalArgumentException.class, () -> new FreeSpace(0));
        assertThrows(IllegalArgumentException.class, () -> space.plan(0, null, BLOCK, 1));
        assertThrows(IllegalArgumentException.class, () -> space.plan(BLOCK, null, 5_000, 1));
        assertThrows(IllegalArgumentException.class, () -> space.plan(BLOCK, null, BLOCK, 0));
        assertThrows(IllegalArgumentException.class, () -> new FreeSpace(4_095));
        assertThrows(IllegalStateException.class, () -> new FreeSpace(BLOCK).groupGoal(1));
        assertEquals(before, all(space));
        assertFalse(space.isFree(new DeviceRange(0, 3 * BLOCK, 2 * BLOCK)));
        assertTrue(space.isFree(new DeviceRange(0, 6 * BLOCK, 4 * BLOCK)));
    }

    @Test
    void noFileBeginsOnADeviceThatLeavesAndEachStillHasItsGroup() {
        FreeSpace space = space(GIB);
        space.addDevice(new DeviceRange(1, 0, GIB));
        space.withdraw(1);
        Set<DeviceGoal> goals = new HashSet<>();
        for (int inode = 0; inode < 16; inode++) {
            goals.add(Objects.requireNonNull(space.groupGoal(16 + inode)));
        }
        assertEquals(16, goals.size());
        assertTrue(goals.stream().allMatch(goal -> goal.device() == 0));
    }

    @Test
    void hugeRequestsDoNotOverflow() {
        FreeSpace space = space(GIB);
        long huge = Long.MAX_VALUE - Long.MAX_VALUE % BLOCK;
        assertEquals(List.of(), space.plan(huge, null, DeviceRange.MAX_OFFSET, 1_000));
        assertEquals(1, space.plan(GIB, null, DeviceRange.MAX_OFFSET, 1).size());
    }

    static List<DeviceRange> all(FreeSpace space) {
        List<DeviceRange> all = new ArrayList<>();
        space.forEach(all::add);
        return all;
    }

    private static FreeSpace space(long bytes) {
        FreeSpace space = new FreeSpace(BLOCK);
        space.addDevice(new DeviceRange(0, 0, bytes));
        return space;
    }

    private static DeviceRange only(List<DeviceRange> plan) {
        assertEquals(1, plan.size(), plan.toString());
        return plan.getFirst();
    }
}
