package dev.outlay.core.op;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.EndClientThen;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.space.DeviceGoal;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Ends a client that has not said so itself. A store by CPU cannot be refused by the device and may
 * come much later, so nothing it could still touch is handed out again: uncommitted blocks go to
 * quarantine and the file has a hole there (or, where {@code Allocate} promised blocks, fresh
 * ones); committed blocks stay in the file, at risk.
 *
 * <p>Done a file a step, each step in the same record as what made it necessary.
 */
final class Revocation {

    private Revocation() {}

    /**
     * The next step of ending {@code client} whole; {@code next}, the command that needs it, is
     * decided once the last step is done.
     */
    static Decision step(VolumeTables tables, ClientId client, EndCause cause, Command next) {
        ClientEntry entry = Objects.requireNonNull(tables.client(client));
        boolean lingers = cause != EndCause.EXPIRED && !entry.isLapsed();
        for (FileId id : entry.files()) {
            FileNode file = Objects.requireNonNull(tables.file(id));
            Layout layout = Objects.requireNonNull(file.layoutOf(client));
            List<LayoutRange> ending =
                    layout.ranges().stream().filter(r -> !lingers || r.kind().isDurable()).toList();
            if (!ending.isEmpty()) {
                return Decision.then(
                        endLayout(tables, file, layout, ending),
                        new EndClientThen(client, cause, next));
            }
        }
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact.ClientEnded(client, cause));
        boolean quarantined = tables.quarantine().names(client);
        if (!lingers && !quarantined) {
            facts.add(new Fact.ClientForgotten(client));
        }
        List<Notice> notices = quarantined ? List.of(new Notice.NeedsFence(client)) : List.of();
        return Decision.then(facts, next).with(notices);
    }

    private static List<Fact> endLayout(
            VolumeTables tables, FileNode file, Layout layout, List<LayoutRange> ending) {
        ClientId client = layout.client();
        List<ByteRange> lost = new ArrayList<>();
        List<ByteRange> atRisk = new ArrayList<>();
        List<ByteRange> retained = new ArrayList<>();
        List<ByteRange> copies = new ArrayList<>();
        List<Extent> fresh = new ArrayList<>();
        for (LayoutRange range : ending) {
            if (!range.kind().isDurable()) {
                continue;
            }
            if (range.kind().isWriter()) {
                copies.addAll(CopyOnWrite.copied(file, range.range()));
            }
            for (Extent extent : file.extents().mapped(range.range())) {
                if (extent.state() == ExtentState.WRITTEN) {
                    boolean inPlace = range.kind() != GrantKind.RW_ATOMIC;
                    (inPlace ? atRisk : retained).add(extent.range());
                } else if (range.kind().isWriter()) {
                    lost.add(extent.range());
                    if (extent.has(Extent.KEPT)) {
                        fresh.add(extent);
                    }
                }
            }
        }
        List<Fact> facts = new ArrayList<>();
        List<ByteRange> ranges = ending.stream().map(LayoutRange::range).toList();
        boolean durable = ending.stream().anyMatch(r -> r.kind().isDurable());
        facts.add(new Fact.LayoutReturned(client, file.id(), layout.nextSeqid(), ranges, durable));
        if (!lost.isEmpty()) {
            facts.add(new Fact.ExtentsQuarantined(file.id(), lost, client));
        }
        if (!atRisk.isEmpty()) {
            facts.add(new Fact.ExtentsAtRisk(file.id(), atRisk, client));
        }
        if (!retained.isEmpty()) {
            facts.add(new Fact.ExtentsRetained(file.id(), retained, client));
        }
        if (!copies.isEmpty()) {
            facts.add(new Fact.CopiesQuarantined(file.id(), copies, client));
        }
        List<Extent> replaced = file.isRemoving() ? List.of() : replace(tables, fresh);
        if (!replaced.isEmpty()) {
            facts.add(new Fact.ExtentsAllocated(file.id(), replaced, 0));
        }
        if (!file.isRemoving() && Grants.touchesTail(tables, file, client, ending)) {
            facts.add(Grants.zeroTail(tables, file, tables.nextWork()));
        }
        boolean whole =
                ranges.stream().mapToLong(ByteRange::length).sum()
                        == layout.ranges().stream().mapToLong(r -> r.range().length()).sum();
        facts.addAll(Removal.after(tables, file, client, whole));
        return facts;
    }

    /**
     * Fresh unwritten blocks for those that {@code Allocate} promised; none if there is no space
     * for all of them.
     */
    private static List<Extent> replace(VolumeTables tables, List<Extent> promised) {
        long bytes = promised.stream().mapToLong(Extent::length).sum();
        if (bytes == 0) {
            return List.of();
        }
        Extent first = promised.getFirst();
        List<DeviceRange> pieces =
                tables.free()
                        .plan(
                                bytes,
                                new DeviceGoal(first.device(), first.deviceOffset()),
                                tables.blockSize(),
                                tables.limits().extentsPerReply());
        return Placement.place(promised.stream().map(Extent::range).toList(), pieces, Extent.KEPT);
    }
}
