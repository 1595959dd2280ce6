package dev.outlay.core.space;

import dev.outlay.core.value.DeviceRange;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The free space of a volume of which so much is taken, in pieces of 4 KiB to 1 MiB that came and
 * went in any order: what is taken and given back must not cost more as it fills and falls apart.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FreeSpaceJmh {

    private static final int BLOCK = 4096;
    private static final long DEVICE_BYTES = 16L << 30;
    private static final int MOST_BLOCKS = 256;
    private static final int MOST_PIECES = 64;

    /** How often the volume turns over before it is measured. */
    private static final int TURNS = 3;

    @Param({"10", "50", "90", "97"})
    int percentTaken;

    private final SplittableRandom random = new SplittableRandom(1);
    private final List<List<DeviceRange>> taken = new ArrayList<>();
    private FreeSpace free = new FreeSpace(BLOCK);

    @Setup
    public void age() {
        free = new FreeSpace(BLOCK);
        taken.clear();
        free.addDevice(new DeviceRange(0, BLOCK, DEVICE_BYTES));
        long most = DEVICE_BYTES / 100 * percentTaken;
        while (DEVICE_BYTES - free.freeBytes() < most) {
            take();
        }
        for (int i = 0; i < TURNS * taken.size(); i++) {
            replaceOne();
        }
    }

    private void take() {
        long bytes = random.nextLong(1, MOST_BLOCKS + 1) * BLOCK;
        List<DeviceRange> pieces = free.plan(bytes, null, BLOCK, MOST_PIECES);
        pieces.forEach(free::take);
        taken.add(pieces);
    }

    private void replaceOne() {
        int chosen = random.nextInt(taken.size());
        List<DeviceRange> last = taken.removeLast();
        if (chosen < taken.size()) {
            last = taken.set(chosen, last);
        }
        last.forEach(free::release);
        take();
    }

    /** Gives one allocation back, and makes another. */
    @Benchmark
    public void releaseAndTake() {
        replaceOne();
    }
}
