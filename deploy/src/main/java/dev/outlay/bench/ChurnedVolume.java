package dev.outlay.bench;

import dev.outlay.v1.Extent;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Reply;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A volume on which files of random sizes come and go, many of them in a message: made, mapped,
 * committed, given back; then cut short, punched, or removed.
 */
final class ChurnedVolume {

    private static final long BLOCK = BenchServer.BLOCK_BYTES;
    private static final int LONGEST_FILE_BLOCKS = 256;
    private static final int BATCH = 32;

    /** One in so many is cut short first, one is punched first. */
    private static final int GENTLY = 4;

    private final Party party;
    private final long mostBytes;
    private final SplittableRandom random = new SplittableRandom(1);
    private final List<Kept> kept = new ArrayList<>();
    private long usedBytes;
    private int made;
    private long allocatedBytes;
    private long extents;
    private long operations;

    /**
     * A file of the volume.
     *
     * @param bytes that are mapped
     * @param touched whether it was cut or punched already
     */
    private record Kept(OpenFile file, String name, long bytes, boolean touched) {}

    /** What was done in one turn over the volume. */
    record Turn(long bytes, long extents, long operations, long nanos) {

        double meanExtentBytes() {
            return (double) bytes / extents;
        }

        double operationsPerSecond() {
            return operations * 1e9 / nanos;
        }
    }

    /**
     * @param mostBytes that its files have together
     */
    ChurnedVolume(Party party, long mostBytes) {
        this.party = party;
        this.mostBytes = mostBytes;
    }

    /** Adds files until nothing more fits. */
    void fill() throws Exception {
        List<Long> sizes = sizes();
        while (usedBytes + sum(sizes) <= mostBytes) {
            add(sizes);
            sizes = sizes();
        }
    }

    /** As many bytes as it may hold come, and as many go to make room for them. */
    Turn turnOver() throws Exception {
        long start = begin();
        while (allocatedBytes < mostBytes) {
            List<Long> sizes = sizes();
            while (usedBytes + sum(sizes) > mostBytes) {
                shrink();
            }
            add(sizes);
        }
        return turn(start);
    }

    /** As many bytes as it may hold come, and then they go. */
    Turn fillAndEmpty() throws Exception {
        long start = begin();
        fill();
        while (!kept.isEmpty()) {
            shrink();
        }
        return turn(start);
    }

    private long begin() {
        allocatedBytes = 0;
        extents = 0;
        operations = 0;
        return System.nanoTime();
    }

    private Turn turn(long start) {
        return new Turn(allocatedBytes, extents, operations, System.nanoTime() - start);
    }

    private List<Long> sizes() {
        List<Long> sizes = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            sizes.add((1 + random.nextInt(LONGEST_FILE_BLOCKS)) * BLOCK);
        }
        return sizes;
    }

    private static long sum(List<Long> sizes) {
        return sizes.stream().mapToLong(size -> size).sum();
    }

    private void add(List<Long> sizes) throws Exception {
        List<String> names = sizes.stream().map(_ -> "churned-" + made++).toList();
        List<OpenFile> files =
                ask(names.stream().map(party::creation).toList()).stream()
                        .map(party::made)
                        .toList();
        List<Asked> maps = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            maps.add(files.get(i).map(0, sizes.get(i), IoMode.IO_MODE_RW, 0));
        }
        List<Reply> mapped = ask(maps);
        List<Asked> commits = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            Reply reply = files.get(i).take(maps.get(i), mapped.get(i));
            List<Extent> pieces = reply.getMapBlocks().getExtentsList();
            commits.add(files.get(i).commit(pieces));
            extents += pieces.size();
        }
        var _ = ask(commits);
        var _ = ask(files.stream().map(OpenFile::giveBack).toList());
        for (int i = 0; i < files.size(); i++) {
            kept.add(new Kept(files.get(i), names.get(i), sizes.get(i), false));
        }
        usedBytes += sum(sizes);
        allocatedBytes += sum(sizes);
    }

    /** Takes some of many files away, or all of them. */
    private void shrink() throws Exception {
        List<Asked> asked = new ArrayList<>();
        List<Kept> left = new ArrayList<>();
        for (int i = 0; i < BATCH && !kept.isEmpty(); i++) {
            Kept one = takeAny();
            int how = one.touched || one.bytes < 4 * BLOCK ? GENTLY : random.nextInt(GENTLY);
            long part = one.bytes / BLOCK / 3 * BLOCK;
            if (how == 0) {
                asked.add(one.file.truncate(part));
                left.add(new Kept(one.file, one.name, part, true));
            } else if (how == 1) {
                asked.add(one.file.deallocate(part, part));
                left.add(new Kept(one.file, one.name, one.bytes - part, true));
            } else {
                asked.add(party.removal(one.name));
            }
            usedBytes -= one.bytes;
        }
        var _ = ask(asked);
        left.forEach(one -> usedBytes += one.bytes);
        kept.addAll(left);
    }

    private Kept takeAny() {
        Collections.swap(kept, random.nextInt(kept.size()), kept.size() - 1);
        return kept.removeLast();
    }

    private List<Reply> ask(List<Asked> asked) throws Exception {
        operations += asked.size();
        return party.ask(asked);
    }
}
