package dev.outlay.core.op;

import dev.outlay.core.command.Command.Allocate;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileAttributes;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * Allocate: blocks under every hole of a range that stay when no grant covers them, unwritten until
 * a commit. It takes nothing away and exposes nothing, so it conflicts with nobody.
 */
final class AllocateOp {

    private AllocateOp() {}

    static Decision decide(VolumeTables tables, Allocate ask) {
        FileNode file = Checks.file(tables, ask.file());
        Checks.writable(file);
        ByteRange blocks =
                Checks.range(tables, ask.offset(), ask.length()).alignOutward(tables.blockSize());
        Work work = file.workOn(blocks);
        if (work != null) {
            return Decision.awaitWork(List.of(), work.id());
        }
        List<ByteRange> holes = new ArrayList<>();
        List<ByteRange> keep = new ArrayList<>();
        for (Extent extent : file.extents().slice(blocks)) {
            if (extent.isHole()) {
                holes.add(extent.range());
            } else if (extent.state() == ExtentState.UNWRITTEN && !extent.has(Extent.KEPT)) {
                keep.add(extent.range());
            }
        }
        if (holes.size() + keep.size() > tables.limits().commitRanges()) {
            throw new Refusal(
                    Reason.TOO_LARGE,
                    "the range has "
                            + (holes.size() + keep.size())
                            + " holes and uncommitted extents, more than one request may fill, "
                            + tables.limits().commitRanges());
        }
        List<Fact> facts = new ArrayList<>();
        if (!keep.isEmpty()) {
            facts.add(
                    new Fact.ExtentsConverted(
                            file.id(),
                            keep,
                            ExtentState.UNWRITTEN,
                            Extent.KEPT,
                            ask.origin().client().value()));
        }
        if (!holes.isEmpty()) {
            facts.add(
                    new Fact.ExtentsAllocated(
                            file.id(), fresh(tables, file, holes), ask.origin().client().value()));
        }
        FileAttributes b = file.attributes();
        Fact.AttributesSet attributes =
                new Fact.AttributesSet(
                        file.id(),
                        b.sizeBytes(),
                        b.mode(),
                        b.owner(),
                        b.modifiedMillis(),
                        Math.max(b.changedMillis(), ask.nowMillis()),
                        b.accessedMillis());
        facts.add(attributes);
        return Decision.then(facts, FileChanges.answer(ask.origin(), file.id(), List.of()));
    }

    private static List<Extent> fresh(VolumeTables tables, FileNode file, List<ByteRange> holes) {
        long bytes = holes.stream().mapToLong(ByteRange::length).sum();
        List<Extent> placed =
                Relocation.leavesEnough(tables, bytes)
                        ? Placement.fresh(tables, file, holes, tables.blockSize(), Extent.KEPT)
                        : List.of();
        if (placed.isEmpty()) {
            throw new Shortage(
                    file,
                    new ByteRange(holes.getFirst().start(), holes.getLast().end()),
                    bytes,
                    "no "
                            + bytes
                            + " bytes are free: "
                            + tables.free().freeBytes()
                            + " of "
                            + tables.spaceUse().total()
                            + " are");
        }
        return placed;
    }
}
