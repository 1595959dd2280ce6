package dev.outlay.core.op;

import dev.outlay.core.command.Command.EvacuateDevice;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Continuation;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.op.Grants.Held;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Evacuation;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * EvacuateDevice: one bounded step towards an empty device. Committed blocks that nobody holds are
 * written anew elsewhere ({@link Rewrite}), kept ones are exchanged for others; what is held is
 * recalled, and revoked once its holder's lease is over; uncommitted blocks go when their grant
 * does, those of removed files with the file, quarantined ones with a proof.
 *
 * <p>Once nothing lies on the device it is gone: no grant can refer to it, since all that is
 * granted is mapped, or waits beside a map (I23). A crash between two steps loses nothing: what is
 * left is looked for again.
 */
final class EvacuateDeviceOp {

    /** How many files one step looks at. */
    private static final int MAX_FILES = 1024;

    private EvacuateDeviceOp() {}

    static Decision decide(VolumeTables tables, EvacuateDevice ask) {
        VolumeDevice device = tables.device(ask.device());
        if (device == null || !tables.isRetiring(ask.device())) {
            return answer(List.of(), Evacuation.GONE, FileId.ROOT);
        }
        if (tables.isInGrace()) {
            return answer(List.of(), Evacuation.WAITS, FileId.ROOT);
        }
        if (tables.free().freeBytesOn(device.index()) == device.lengthBytes()) {
            return answer(
                    List.of(new Fact.DeviceRetired(device.index())), Evacuation.GONE, FileId.ROOT);
        }
        int files = 0;
        for (FileNode file : tables.filesFrom(ask.from())) {
            if (++files > MAX_FILES) {
                return answer(List.of(), Evacuation.GOES_ON, file.id());
            }
            Decision step = file.isRemoving() ? null : step(tables, file, ask);
            if (step != null) {
                return step;
            }
        }
        return answer(List.of(), Evacuation.WAITS, FileId.ROOT);
    }

    private static Decision answer(List<Fact> facts, Evacuation state, FileId next) {
        return Decision.answer(facts, new Reply.Evacuated(state, next));
    }

    /** What can be done for one file now; null if nothing. */
    private static @Nullable Decision step(VolumeTables tables, FileNode file, EvacuateDevice ask) {
        List<Held> inTheWay = new ArrayList<>();
        for (Extent extent : on(ask.device(), file.extents())) {
            boolean granted = extent.state() == ExtentState.UNWRITTEN && !extent.has(Extent.KEPT);
            ByteRange piece = granted ? extent.range() : first(tables, extent);
            if (granted || !Grants.ofOthers(tables, file, null, piece).isEmpty()) {
                inTheWay.addAll(Grants.ofOthers(tables, file, null, extent.range()));
                continue;
            }
            Work work = file.workOn(piece);
            return work != null
                    ? Decision.awaitWork(List.of(), work.id())
                    : move(tables, file, extent.slice(piece));
        }
        for (Extent copy : on(ask.device(), file.fresh())) {
            inTheWay.addAll(Grants.ofOthers(tables, file, null, copy.range()));
        }
        return recall(tables, file, ask, inTheWay);
    }

    private static List<Extent> on(int device, ExtentMap map) {
        List<Extent> found = new ArrayList<>();
        map.forEach(
                extent -> {
                    if (extent.device() == device) {
                        found.add(extent);
                    }
                });
        return found;
    }

    private static ByteRange first(VolumeTables tables, Extent extent) {
        long most = Math.max(tables.limits().rewriteBytes(), tables.blockSize());
        return ByteRange.ofLength(extent.fileOffset(), Math.min(extent.length(), most));
    }

    /** Exchanges the blocks under a part of a file that nobody holds. */
    private static Decision move(VolumeTables tables, FileNode file, Extent extent) {
        List<ByteRange> range = List.of(extent.range());
        if (extent.state() == ExtentState.UNWRITTEN) {
            List<Extent> fresh =
                    Placement.fresh(tables, file, range, tables.blockSize(), Extent.KEPT);
            return fresh.isEmpty()
                    ? answer(List.of(), Evacuation.NO_SPACE, file.id())
                    : answer(
                            List.of(
                                    new Fact.ExtentsFreed(file.id(), extent.range(), 0),
                                    new Fact.ExtentsAllocated(file.id(), fresh, 0)),
                            Evacuation.GOES_ON,
                            file.id());
        }
        List<Extent> fresh = Rewrite.plan(tables, file, range);
        if (fresh.isEmpty()) {
            return answer(List.of(), Evacuation.NO_SPACE, file.id());
        }
        Work work =
                Rewrite.work(
                        tables,
                        file,
                        extent.range(),
                        fresh,
                        List.of(),
                        Optional.empty(),
                        new Continuation.Nothing());
        return answer(List.of(new Fact.WorkIntended(work)), Evacuation.GOES_ON, file.id());
    }

    /** Asks for what is in the way, of everybody who has not been asked; null if all have been. */
    private static @Nullable Decision recall(
            VolumeTables tables, FileNode file, EvacuateDevice ask, List<Held> inTheWay) {
        Optional<ClientId> lapsed = Grants.lapsedHolder(inTheWay);
        if (lapsed.isPresent()) {
            return Revocation.step(tables, lapsed.get(), EndCause.EXPIRED, ask);
        }
        List<Fact> facts = new ArrayList<>();
        List<Notice> notices = new ArrayList<>();
        List<Held> unasked =
                inTheWay.stream().filter(h -> !isAskedForAll(h.holder(), ask.device())).toList();
        Recalls.begin(tables, unasked, false, facts, notices);
        if (facts.isEmpty()) {
            return null;
        }
        FileId next = new FileId(file.id().value() + 1);
        return answer(facts, Evacuation.GOES_ON, next).with(notices);
    }

    private static boolean isAskedForAll(ClientEntry holder, int device) {
        return holder.recalls().stream()
                .anyMatch(
                        recall ->
                                recall.scope().equals(new RecallScope.Device(device))
                                        || recall.scope() instanceof RecallScope.Volume);
    }
}
