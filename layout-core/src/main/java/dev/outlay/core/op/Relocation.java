package dev.outlay.core.op;

import dev.outlay.core.command.Command.Clone;
import dev.outlay.core.command.Command.MapBlocks;
import dev.outlay.core.command.Command.Mutation;
import dev.outlay.core.command.Command.Snapshot;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.IoMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Committed blocks that a client which ended without its own word could still overwrite are copied
 * to fresh blocks before anybody is granted them, reads them or clones them: its late store then
 * lands in quarantine, where nobody looks. A store while the copy runs is one to the file's own
 * block, before any proof (I1).
 *
 * <p>So are committed blocks on a device that is to leave the volume, unless the caller holds some
 * of them already: those are recalled ({@link EvacuateDeviceOp}) and move when they are asked for
 * anew, so that a busy file cannot keep a device for ever.
 *
 * <p>What is copied at once is bounded, so that no other request waits for long: who needs more
 * comes again.
 */
final class Relocation {

    private Relocation() {}

    /**
     * Starts to move what is at risk in {@code range}, whole blocks, once nobody else holds it;
     * null if nothing is, or if it has to stay: for lack of space, in grace, when no map changes,
     * or under a grant of the caller itself.
     */
    static @Nullable Decision ahead(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range) {
        List<ByteRange> risky = firstAtRisk(tables, file, range);
        if (risky.isEmpty() || tables.isInGrace()) {
            return null;
        }
        List<Extent> fresh = Rewrite.plan(tables, file, risky);
        if (fresh.isEmpty()) {
            return null;
        }
        ByteRange blocked = new ByteRange(risky.getFirst().start(), risky.getLast().end());
        boolean atRisk = file.extents().mapped(blocked).stream().anyMatch(Relocation::isRisky);
        if (holdsItself(tables, file, ask, blocked, atRisk)) {
            return null;
        }
        Decision wait = DeviceWork.clear(tables, file, ask, blocked);
        if (wait != null) {
            return wait;
        }
        Work work =
                Rewrite.work(
                        tables,
                        file,
                        blocked,
                        fresh,
                        List.of(),
                        Optional.empty(),
                        new Continuation.Nothing());
        return Decision.awaitWork(List.of(new Fact.WorkIntended(work)), work.id());
    }

    /**
     * Whether the caller reads these blocks where they are, as it may until it is asked to give
     * them back: that is when it wants to write.
     */
    private static boolean holdsItself(
            VolumeTables tables, FileNode file, Mutation ask, ByteRange range, boolean atRisk) {
        ClientId caller = ask.origin().client();
        Layout own = file.layoutOf(caller);
        if (own == null || own.within(range).isEmpty()) {
            return false;
        }
        boolean mustMove =
                ask instanceof MapBlocks map
                        ? map.iomode() == IoMode.RW
                        : ask instanceof Clone || ask instanceof Snapshot;
        if (mustMove && atRisk) {
            ClientEntry holder = Objects.requireNonNull(tables.client(caller));
            List<Held> inTheWay =
                    own.within(range).stream()
                            .map(r -> new Held(holder, file, r.range(), r.kind()))
                            .toList();
            throw new Conflict(file, range, true, inTheWay);
        }
        return true;
    }

    /** Where the first block of {@code range} that has to move begins; its end if none has. */
    static long firstRisk(VolumeTables tables, FileNode file, ByteRange range) {
        if (!tables.anyHasToMove()) {
            return range.end();
        }
        for (Extent extent : file.extents().mapped(range)) {
            if (hasToMove(tables, extent)) {
                return extent.fileOffset();
            }
        }
        return range.end();
    }

    private static boolean hasToMove(VolumeTables tables, Extent extent) {
        return isRisky(extent)
                || (extent.state() == ExtentState.WRITTEN && tables.isRetiring(extent.device()));
    }

    private static boolean isRisky(Extent extent) {
        return extent.has(Extent.AT_RISK) && extent.state() == ExtentState.WRITTEN;
    }

    /** What has to move first of {@code range}, in one stretch and not too much. */
    private static List<ByteRange> firstAtRisk(
            VolumeTables tables, FileNode file, ByteRange range) {
        List<ByteRange> found = new ArrayList<>();
        long left = Math.max(tables.limits().rewriteBytes(), tables.blockSize());
        for (Extent extent : file.extents().mapped(range)) {
            boolean goesOn = found.isEmpty() || found.getLast().end() == extent.fileOffset();
            if (!hasToMove(tables, extent)) {
                if (found.isEmpty()) {
                    continue;
                }
                break;
            }
            if (!goesOn || left == 0) {
                break;
            }
            long length = Math.min(extent.length(), left);
            left -= length;
            found.add(ByteRange.ofLength(extent.fileOffset(), length));
        }
        return found;
    }

    /**
     * Whether so many free bytes may be given to a file that asks for them. While committed blocks
     * are at risk as much is kept for moving them, up to a limit.
     */
    static boolean leavesEnough(VolumeTables tables, long bytes) {
        long keep = Math.min(tables.atRiskBytes(), tables.limits().relocationReserveBytes());
        return keep == 0 || tables.free().freeBytes() - bytes >= keep;
    }
}
