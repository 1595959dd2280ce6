package dev.outlay.core.space;

import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One file's map, of extents of one block that lie apart; a TreeMap of the same beside it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ExtentMapJmh {

    private static final int BLOCK = 4096;

    @Param({"10000", "1000000"})
    int extents;

    private final SplittableRandom random = new SplittableRandom(1);
    private ExtentMap map = new ExtentMap();
    private TreeMap<Long, Extent> tree = new TreeMap<>();

    @Setup
    public void fill() {
        map = new ExtentMap();
        tree = new TreeMap<>();
        for (int i = 0; i < extents; i++) {
            Extent extent = extent(i);
            map.insert(extent);
            tree.put(extent.fileOffset(), extent);
        }
    }

    private static Extent extent(long index) {
        return new Extent(index * BLOCK, BLOCK, ExtentState.WRITTEN, 0, (index * 2 + 1) * BLOCK, 0);
    }

    private long offset() {
        return (long) random.nextInt(extents) * BLOCK;
    }

    @Benchmark
    public @Nullable Extent find() {
        return map.find(offset());
    }

    @Benchmark
    public Map.@Nullable Entry<Long, Extent> findInTree() {
        return tree.floorEntry(offset());
    }

    /** As a commit and its undoing: the state of one block, twice. */
    @Benchmark
    public void convert() {
        long at = offset();
        ByteRange block = new ByteRange(at, at + BLOCK);
        map.convert(block, ExtentState.UNWRITTEN, 0);
        map.convert(block, ExtentState.WRITTEN, 0);
    }

    /** One block goes and comes back. */
    @Benchmark
    public void punchAndInsert() {
        long at = offset();
        map.punch(new ByteRange(at, at + BLOCK)).forEach(map::insert);
    }
}
