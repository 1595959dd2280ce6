package dev.outlay.core.op;

import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Blocks of a file written anew, elsewhere: fresh blocks are reserved, the device is written, and
 * only then does one record put them in the place of the old ones, which leave the file as they do
 * when they are freed. A crash at any moment leaves the old bytes or the new.
 *
 * <p>For what must not be stored in place: blocks that somebody ended could still overwrite, blocks
 * of several files, and bytes a client sends through the server. The range is blocked from intent
 * to completion; nobody may hold anything on it.
 */
final class Rewrite {

    private Rewrite() {}

    /**
     * Written extents on free blocks for {@code ranges}, whole blocks in order; empty if there is
     * not space enough in pieces few enough.
     */
    static List<Extent> plan(VolumeTables tables, FileNode file, List<ByteRange> ranges) {
        long bytes = ranges.stream().mapToLong(ByteRange::length).sum();
        List<DeviceRange> pieces =
                tables.free()
                        .plan(
                                bytes,
                                Placement.goal(tables, file, ranges.getFirst().start()),
                                tables.blockSize(),
                                tables.limits().extentsPerReply());
        return Placement.place(ranges, pieces, 0).stream().map(Rewrite::written).toList();
    }

    private static Extent written(Extent e) {
        return new Extent(
                e.fileOffset(),
                e.length(),
                ExtentState.WRITTEN,
                e.device(),
                e.deviceOffset(),
                e.flags());
    }

    /**
     * The work that fills {@code fresh}: with zeros in {@code zeros} and past end of file in its
     * last block, with the bytes a client sent in {@code fill}, and with what the file holds now
     * everywhere else.
     */
    static Work work(
            VolumeTables tables,
            FileNode file,
            ByteRange blocked,
            List<Extent> fresh,
            List<ByteRange> zeros,
            Optional<ByteRange> fill,
            Continuation then) {
        List<ByteRange> allZeros = new ArrayList<>(zeros);
        long block = tables.blockSize();
        if (file.sizeBytes() % block != 0) {
            allZeros.add(
                    new ByteRange(file.sizeBytes(), Math.ceilDiv(file.sizeBytes(), block) * block));
        }
        List<Task> tasks = new ArrayList<>();
        for (Extent target : fresh) {
            for (ByteRange piece : pieces(file, target.range(), allZeros, fill)) {
                add(tasks, task(file, target.slice(piece).deviceRange(), piece, allZeros, fill));
            }
        }
        return new Work(tables.nextVolatileWork(), file.id(), blocked, false, tasks, fresh, then);
    }

    /** A range cut so that the bytes of each piece come from one place. */
    private static List<ByteRange> pieces(
            FileNode file, ByteRange range, List<ByteRange> zeros, Optional<ByteRange> fill) {
        TreeSet<Long> cuts = new TreeSet<>();
        file.extents().slice(range).forEach(e -> cuts.add(e.fileOffset()));
        zeros.forEach(z -> cut(cuts, z));
        fill.ifPresent(f -> cut(cuts, f));
        cuts.add(range.start());
        cuts.add(range.end());
        List<ByteRange> pieces = new ArrayList<>();
        long at = range.start();
        for (long next : cuts.subSet(range.start(), false, range.end(), true)) {
            pieces.add(new ByteRange(at, next));
            at = next;
        }
        return pieces;
    }

    private static void cut(Set<Long> cuts, ByteRange range) {
        cuts.add(range.start());
        cuts.add(range.end());
    }

    private static Task task(
            FileNode file,
            DeviceRange to,
            ByteRange piece,
            List<ByteRange> zeros,
            Optional<ByteRange> fill) {
        if (fill.isPresent() && fill.get().overlaps(piece)) {
            return new Task.Fill(to, Math.toIntExact(piece.start() - fill.get().start()));
        }
        Extent old = file.extents().find(piece.start());
        return old == null
                        || old.state() != ExtentState.WRITTEN
                        || zeros.stream().anyMatch(z -> z.overlaps(piece))
                ? new Task.Zero(to)
                : new Task.Copy(old.slice(piece).deviceRange(), to);
    }

    /** Appends a step, or makes the last one longer by it. */
    private static void add(List<Task> tasks, Task next) {
        Task last = tasks.isEmpty() ? null : tasks.getLast();
        if (last instanceof Task.Zero(DeviceRange a)
                && next instanceof Task.Zero(DeviceRange b)
                && follows(a, b)) {
            tasks.set(tasks.size() - 1, new Task.Zero(joined(a, b)));
        } else if (last instanceof Task.Fill(DeviceRange a, int from)
                && next instanceof Task.Fill(DeviceRange b, int _)
                && follows(a, b)) {
            tasks.set(tasks.size() - 1, new Task.Fill(joined(a, b), from));
        } else {
            tasks.add(next);
        }
    }

    private static boolean follows(DeviceRange a, DeviceRange b) {
        return a.device() == b.device() && a.end() == b.start();
    }

    private static DeviceRange joined(DeviceRange a, DeviceRange b) {
        return new DeviceRange(a.device(), a.start(), a.length() + b.length());
    }
}
