package dev.outlay.bench;

import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** {@code extents}: what a map of a file costs, in memory and in time, as it grows. */
final class ExtentsBenchmark implements Benchmark {

    private static final int BLOCK = 4096;
    private static final int SMALL = 10_000;
    private static final int MIDDLE = 1_000_000;
    private static final int LARGE = 10_000_000;
    private static final int LOOKUPS = 300_000;
    private static final int CONVERTS = 50_000;
    private static final int MOST_BYTES = 24;
    private static final int EXTENT_INTS = 4;

    /** Keeps results from being optimised away. */
    private long sink;

    private int reached;

    @Override
    public String name() {
        return "extents";
    }

    @Override
    public String work() {
        return "bytes, lookups and conversions of a file's map of 10^4 to 10^7 extents, against a"
                + " TreeMap";
    }

    @Override
    public void run(Bench bench) throws Exception {
        int most = bench.quick() ? MIDDLE : LARGE;
        bench.progress("extents: making " + most);
        long before = usedBytes();
        ExtentMap large = filled(most);
        bench.add(
                Figure.once(
                        "extents, 10^%d: bytes each".formatted(digits(most)),
                        "bytes",
                        (double) (usedBytes() - before) / most,
                        MOST_BYTES,
                        MOST_BYTES + " bytes",
                        Goal.atMost(1)));
        ExtentMap small = filled(SMALL);
        ExtentMap middle = most == MIDDLE ? large : filled(MIDDLE);
        TreeMap<Long, Extent> tree = new TreeMap<>();
        middle.forEach(extent -> tree.put(extent.fileOffset(), extent));
        String name = "extents, 10^6: lookups";
        bench.add(
                new Figure(
                        name,
                        "1000/s",
                        "TreeMap",
                        Rounds.interleave(
                                bench,
                                name,
                                () -> lookups(middle, MIDDLE),
                                () -> lookups(tree, MIDDLE)),
                        Goal.atLeast(2.5)));
        tree.clear();
        growth(
                bench,
                "lookup",
                most,
                () -> 1e6 / lookups(large, most),
                () -> 1e6 / lookups(small, SMALL));
        besideALoad(bench, large, most);
        growth(bench, "convert", most, () -> converts(large, most), () -> converts(small, SMALL));
        if (sink == 0) {
            throw new IllegalStateException("no lookup found anything");
        }
    }

    private static void growth(
            Bench bench, String what, int most, Rounds.Take large, Rounds.Take small)
            throws Exception {
        String name = "extents, 10^%d: %s".formatted(digits(most), what);
        bench.add(
                new Figure(
                        name,
                        "ns",
                        "at 10^4",
                        Rounds.interleave(bench, name, large, small),
                        Goal.atMost(2.5)));
    }

    /** A lookup, and what memory allows: to wait once for a number somewhere in as many bytes. */
    private void besideALoad(Bench bench, ExtentMap map, int count) throws Exception {
        String name = "extents, 10^%d: lookup, beside a load".formatted(digits(count));
        int[] chain = chain(count);
        bench.add(
                new Figure(
                        name,
                        "ns",
                        "a load",
                        Rounds.interleave(
                                bench, name, () -> 1e6 / lookups(map, count), () -> load(chain)),
                        Optional.empty()));
    }

    /**
     * Each number is where the next is, in an order that no processor guesses: all are met before
     * one is met again. About as many bytes as the map.
     */
    private static int[] chain(int extents) {
        int[] chain = new int[Integer.highestOneBit(extents) * EXTENT_INTS];
        for (int i = 0; i < chain.length; i++) {
            chain[i] = (i * 1_664_525 + 1_013_904_223) & (chain.length - 1);
        }
        return chain;
    }

    /** Nanoseconds to wait for one number that tells where the next is. */
    private double load(int[] chain) {
        long start = System.nanoTime();
        int at = reached;
        for (int i = 0; i < LOOKUPS; i++) {
            at = chain[at];
        }
        // Goes on from there: where it has been may be in a cache.
        reached = at;
        return (double) (System.nanoTime() - start) / LOOKUPS;
    }

    private static int digits(int count) {
        return (int) Math.round(Math.log10(count));
    }

    /** Blocks of a file, each somewhere else on the device, so that none goes on in the next. */
    private static ExtentMap filled(int count) {
        ExtentMap map = new ExtentMap();
        for (int i = 0; i < count; i++) {
            map.insert(extent(i));
        }
        return map;
    }

    private static Extent extent(long index) {
        return new Extent(index * BLOCK, BLOCK, ExtentState.WRITTEN, 0, (index * 2 + 1) * BLOCK, 0);
    }

    private double lookups(ExtentMap map, int count) {
        SplittableRandom random = new SplittableRandom(1);
        long start = System.nanoTime();
        for (int i = 0; i < LOOKUPS; i++) {
            Extent found = map.find((long) random.nextInt(count) * BLOCK);
            sink += found == null ? 0 : found.deviceOffset();
        }
        return LOOKUPS * 1e6 / (System.nanoTime() - start);
    }

    private double lookups(NavigableMap<Long, Extent> map, int count) {
        SplittableRandom random = new SplittableRandom(1);
        long start = System.nanoTime();
        for (int i = 0; i < LOOKUPS; i++) {
            Map.Entry<Long, Extent> found = map.floorEntry((long) random.nextInt(count) * BLOCK);
            sink += found == null ? 0 : found.getValue().deviceOffset();
        }
        return LOOKUPS * 1e6 / (System.nanoTime() - start);
    }

    /** Nanoseconds to turn one block around and back. */
    private double converts(ExtentMap map, int count) {
        SplittableRandom random = new SplittableRandom(2);
        long start = System.nanoTime();
        for (int i = 0; i < CONVERTS; i++) {
            long at = (long) random.nextInt(count) * BLOCK;
            ByteRange block = new ByteRange(at, at + BLOCK);
            map.convert(block, ExtentState.UNWRITTEN, 0);
            map.convert(block, ExtentState.WRITTEN, 0);
        }
        return (System.nanoTime() - start) / (2.0 * CONVERTS);
    }

    private static long usedBytes() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
        }
        return used;
    }
}
