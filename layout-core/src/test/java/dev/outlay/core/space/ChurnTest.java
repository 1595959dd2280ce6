package dev.outlay.core.space;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Files come and go on a volume at nine tenths of its space, until it has turned over often. */
final class ChurnTest {

    private static final long BLOCK = 4096;
    private static final int BLOCKS = 64 << 10;
    private static final int IN_USE = BLOCKS * 9 / 10;
    private static final int LONGEST = 256;
    private static final int TURNS = 20;

    private final FreeSpace space = new FreeSpace(BLOCK);
    private final SplittableRandom random = new SplittableRandom(1);
    private final List<List<DeviceRange>> files = new ArrayList<>();
    private int made;
    private long used;

    @Test
    void whatHasTurnedOverIsNearlyAsGoodAsFresh() {
        space.addDevice(new DeviceRange(0, BLOCK, BLOCKS * BLOCK));
        double fresh = piecesEach(IN_USE);
        for (int turn = 1; turn < TURNS; turn++) {
            piecesEach(IN_USE);
        }
        double old = piecesEach(IN_USE);
        assertTrue(fresh / old >= 0.75, fresh + " pieces a file at first, and " + old + " later");
    }

    /** Makes files of so many blocks together, and removes others where there is no room. */
    private double piecesEach(long blocks) {
        long pieces = 0;
        int first = made;
        for (long left = blocks; left > 0; made++) {
            long length = 1 + random.nextLong(LONGEST);
            while (used + length > IN_USE) {
                removeAny();
            }
            List<DeviceRange> file =
                    space.plan(length * BLOCK, space.groupGoal(made), BLOCK, LONGEST);
            file.forEach(space::take);
            files.add(file);
            pieces += file.size();
            used += length;
            left -= length;
        }
        return (double) pieces / (made - first);
    }

    /** A file goes, or only its middle if it is in one piece and chance has it. */
    private void removeAny() {
        Collections.swap(files, random.nextInt(files.size()), files.size() - 1);
        List<DeviceRange> left = new ArrayList<>();
        List<DeviceRange> file = files.removeLast();
        boolean cut = file.size() == 1 && random.nextInt(4) == 0;
        for (DeviceRange piece : file) {
            long third = piece.length() / BLOCK / 3 * BLOCK;
            if (!cut || third == 0) {
                release(piece);
            } else {
                left.add(piece.slice(0, third));
                release(piece.slice(third, third));
                left.add(piece.slice(2 * third, piece.length() - 2 * third));
            }
        }
        if (!left.isEmpty()) {
            files.add(left);
        }
    }

    private void release(DeviceRange piece) {
        space.release(piece);
        used -= piece.length() / BLOCK;
    }
}
