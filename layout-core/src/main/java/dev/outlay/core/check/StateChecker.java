package dev.outlay.core.check;

import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.space.RangeMap;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.Coexistence;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.SpaceLedger;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Walks a volume and reports, in words, everything that does not agree: the invariants on blocks
 * (I4, I21), grants (I8, and that unwritten blocks belong to a grant or are kept), lists (I17),
 * names, clients and device work. Nothing found is clean.
 *
 * <p>Cost: the whole volume, O(n log n) in extents. For tests after every step, and for {@code
 * outlay fsck}.
 */
public final class StateChecker {

    private final VolumeTables tables;
    private final List<String> findings = new ArrayList<>();
    private final Map<Integer, RangeMap<String>> ownerOfBlocks = new HashMap<>();
    private final SpaceLedger recount = new SpaceLedger();
    private final Map<Integer, RangeSet> atRisk = new HashMap<>();
    private final Map<Integer, RangeSet> mapped = new HashMap<>();
    private final SharingCount sharing = new SharingCount();

    private StateChecker(VolumeTables tables) {
        this.tables = tables;
    }

    /** Everything wrong with the volume; empty if it is clean. */
    public static List<String> check(VolumeTables tables) {
        StateChecker checker = new StateChecker(tables);
        checker.run();
        return checker.findings;
    }

    private void run() {
        tables.free().forEach(range -> claim(range, "free space"));
        tables.files().forEach(this::checkFile);
        sharing.check(tables.shared(), this::find)
                .forEach(
                        entry -> {
                            claim(entry.range(), "several files");
                            mapped(entry.range());
                            recount.countShared(entry.range().length(), entry.share().isPending());
                        });
        checkQuarantine();
        checkReserved();
        checkEveryBlockHasAnOwner();
        checkLedger();
        checkNames();
        checkClients();
        checkWorks();
    }

    private void find(String finding) {
        findings.add(finding);
    }

    // ---- blocks

    private void claim(DeviceRange range, String owner) {
        VolumeDevice device = tables.device(range.device());
        if (device == null
                || range.start() < device.startBytes()
                || range.end() > device.startBytes() + device.lengthBytes()) {
            find(owner + " claims " + range + ", which is not part of the volume");
            return;
        }
        RangeMap<String> owners =
                ownerOfBlocks.computeIfAbsent(range.device(), d -> new RangeMap<>());
        ByteRange bytes = ByteRange.ofLength(range.start(), range.length());
        for (var other : owners.within(bytes)) {
            find(
                    "device "
                            + range.device()
                            + " bytes "
                            + other.range()
                            + " belong to "
                            + other.value()
                            + " and to "
                            + owner);
        }
        owners.put(bytes, owner);
    }

    private void checkFile(FileNode file) {
        try {
            file.extents().check(tables.blockSize());
        } catch (IllegalStateException e) {
            find("file " + file.id() + ": " + e.getMessage());
        }
        if (file.isDirectory() && !(file.extents().isEmpty() && file.layouts().isEmpty())) {
            find("directory " + file.id() + " has blocks or layouts");
        }
        for (Extent extent : file.extents().all()) {
            if (extent.has(Extent.SHARED) || extent.has(Extent.NEW)) {
                find("file " + file.id() + " bytes " + extent.range() + " keep a passing flag");
            }
            for (Extent part : tables.shared().split(extent)) {
                if (part.has(Extent.SHARED)) {
                    sharing.count(part.deviceRange(), file.isRemoving());
                } else {
                    claim(part.deviceRange(), "file " + file.id());
                    mapped(part.deviceRange());
                    recount.count(part, file.isRemoving(), 1);
                }
            }
            if (extent.has(Extent.AT_RISK)) {
                atRisk.computeIfAbsent(extent.device(), d -> new RangeSet())
                        .add(ByteRange.ofLength(extent.deviceOffset(), extent.length()));
            }
        }
        checkCopies(file);
        checkGrants(file);
        if (file.isRemoving()
                && file.layouts().isEmpty()
                && file.workOn(ByteRange.from(0)) == null
                && !tables.isInGrace()) {
            find(
                    "file "
                            + file.id()
                            + " is removed and held by nobody, but its blocks are not free");
        }
    }

    private void mapped(DeviceRange range) {
        mapped.computeIfAbsent(range.device(), d -> new RangeSet())
                .add(ByteRange.ofLength(range.start(), range.length()));
    }

    /** Blocks beside the map: unwritten, each over what it replaces and under a writer's grant. */
    private void checkCopies(FileNode file) {
        try {
            file.fresh().check(tables.blockSize());
        } catch (IllegalStateException e) {
            find("file " + file.id() + ", beside its map: " + e.getMessage());
        }
        for (Extent copy : file.fresh().all()) {
            claim(copy.deviceRange(), "file " + file.id() + ", beside its map,");
            recount.count(copy, file.isRemoving(), 1);
            boolean replaces =
                    copy.state() == ExtentState.UNWRITTEN
                            && file.extents().slice(copy.range()).stream()
                                    .allMatch(e -> e.state() == ExtentState.WRITTEN);
            // Neighbours under the grants of two clients may be one extent here.
            long held =
                    file.layouts().stream()
                            .flatMap(layout -> layout.within(copy.range()).stream())
                            .filter(range -> range.kind().isWriter())
                            .mapToLong(range -> range.range().length())
                            .sum();
            if (!replaces || held != copy.length()) {
                find(
                        "file "
                                + file.id()
                                + ": the blocks "
                                + copy.deviceRange()
                                + " beside its map replace nothing, or are not under one grant:"
                                + " writers hold "
                                + held
                                + " bytes there");
            }
        }
    }

    private void checkGrants(FileNode file) {
        RangeSet written = new RangeSet();
        for (Layout layout : file.layouts()) {
            ClientEntry client = tables.client(layout.client());
            if (client == null || !client.files().contains(file.id())) {
                find(
                        "file "
                                + file.id()
                                + " has a layout of client "
                                + layout.client()
                                + ", which does not know of it");
                continue;
            }
            if (layout.stateid().seqid() == 0 || layout.isEmpty()) {
                find(
                        "file "
                                + file.id()
                                + ": the layout of client "
                                + layout.client()
                                + " is empty or has seqid 0");
            }
            for (LayoutRange held : layout.ranges()) {
                checkGrant(file, layout, client, held, written);
            }
        }
        for (Extent extent : file.extents().all()) {
            if (extent.state() == ExtentState.UNWRITTEN
                    && !extent.has(Extent.KEPT)
                    && !written.containsAll(extent.range())) {
                find(
                        "file "
                                + file.id()
                                + " bytes "
                                + extent.range()
                                + " are uncommitted and under no RW grant");
            }
        }
    }

    private void checkGrant(
            FileNode file, Layout layout, ClientEntry client, LayoutRange held, RangeSet written) {
        String where =
                "file "
                        + file.id()
                        + " bytes "
                        + held.range()
                        + " held by client "
                        + layout.client()
                        + " for "
                        + held.kind();
        if (!held.range().isAligned(tables.blockSize())) {
            find(where + " are not whole blocks");
        }
        if (!held.kind().isWriter()) {
            return;
        }
        if (client.ended().isPresent()) {
            find(where + " although it has ended");
        }
        written.add(held.range());
        long mapped = file.extents().mapped(held.range()).stream().mapToLong(Extent::length).sum();
        if (mapped != held.range().length()) {
            find(where + " are not all mapped");
        }
        for (Extent extent : file.extents().mapped(held.range())) {
            if (held.kind() == GrantKind.RW) {
                tables.shared().split(extent).stream()
                        .filter(part -> part.has(Extent.SHARED))
                        .flatMap(part -> file.fresh().slice(part.range()).stream())
                        .filter(Extent::isHole)
                        .forEach(
                                gap ->
                                        find(
                                                where
                                                        + ": bytes "
                                                        + gap.range()
                                                        + " are shared and not copied"));
            }
            if (tables.works().stream()
                    .flatMap(work -> work.zero().stream())
                    .anyMatch(zeroed -> zeroed.overlaps(extent.deviceRange()))) {
                find(where + ": bytes " + extent.range() + " are being zeroed");
            }
        }
        for (Layout other : file.layouts()) {
            ClientEntry reader = tables.client(other.client());
            boolean formerSelf =
                    reader != null
                            && reader.ended().isPresent()
                            && reader.record().isSameOwner(client.record());
            if (other != layout) {
                other.within(held.range()).stream()
                        .filter(beside -> !formerSelf || beside.kind().isWriter())
                        .filter(beside -> !bear(file, held, beside))
                        .forEach(
                                beside ->
                                        find(
                                                where
                                                        + " are also held by client "
                                                        + other.client()
                                                        + " for "
                                                        + beside.kind()));
            }
        }
    }

    private boolean bear(FileNode file, LayoutRange held, LayoutRange beside) {
        return file.extents().slice(held.range().intersect(beside.range())).stream()
                .flatMap(extent -> Coexistence.parts(tables, extent).stream())
                .allMatch(part -> Coexistence.bears(file, part, held.kind(), beside.kind()));
    }

    private void checkQuarantine() {
        for (Quarantine.Entry entry : tables.quarantine().entries()) {
            entry.held().holders().stream()
                    .filter(holder -> !tables.isEnded(holder) || tables.client(holder) == null)
                    .forEach(
                            holder ->
                                    find(
                                            entry.range()
                                                    + " is quarantined for client "
                                                    + holder
                                                    + ", which has not ended or is forgotten"));
            ByteRange bytes = ByteRange.ofLength(entry.range().start(), entry.range().length());
            if (!entry.held().mapped()) {
                claim(entry.range(), "quarantine");
                recount.quarantined(entry.range().length());
            } else {
                RangeSet inMaps = mapped.getOrDefault(entry.range().device(), new RangeSet());
                if (!inMaps.containsAll(bytes)) {
                    find(entry.range() + " is quarantined as mapped, but is in no file");
                }
                atRisk.getOrDefault(entry.range().device(), new RangeSet()).remove(bytes);
            }
        }
        atRisk.forEach(
                (device, ranges) ->
                        ranges.ranges()
                                .forEach(
                                        r ->
                                                find(
                                                        "device "
                                                                + device
                                                                + " bytes "
                                                                + r
                                                                + " are at risk, but not in quarantine")));
    }

    private void checkReserved() {
        for (Work work : tables.works()) {
            for (Extent extent : work.fresh()) {
                claim(extent.deviceRange(), "device work " + work.id());
                recount.reserved(extent.length());
            }
        }
    }

    private void checkEveryBlockHasAnOwner() {
        for (VolumeDevice device : tables.devices()) {
            RangeSet owned = new RangeSet();
            ownerOfBlocks
                    .getOrDefault(device.index(), new RangeMap<>())
                    .entries()
                    .forEach(e -> owned.add(e.range()));
            for (ByteRange gap :
                    owned.gapsWithin(
                            ByteRange.ofLength(device.startBytes(), device.lengthBytes()))) {
                find(
                        "device "
                                + device.index()
                                + " bytes "
                                + gap
                                + " are in no block state: leaked");
            }
        }
    }

    private void checkLedger() {
        SpaceUse counted = tables.spaceUse();
        SpaceUse walked = recount.use(counted.total(), counted.free());
        if (!walked.equals(counted)) {
            find("the counts say " + counted + ", a walk finds " + walked);
        }
        long sum =
                counted.free()
                        + counted.reserved()
                        + counted.granted()
                        + counted.mapped()
                        + counted.pending()
                        + counted.quarantined();
        if (sum != counted.total()) {
            find("the block states sum to " + sum + " of " + counted.total() + " bytes");
        }
    }

    // ---- names, clients, work

    private void checkNames() {
        for (FileNode node : tables.files()) {
            node.children()
                    .forEach(
                            (name, id) -> {
                                FileNode child = tables.file(id);
                                if (child == null
                                        || child.isRemoving()
                                        || !child.parent().equals(node.id())
                                        || !child.name().equals(name)) {
                                    find(
                                            "directory "
                                                    + node.id()
                                                    + " names inode "
                                                    + id
                                                    + " '"
                                                    + name
                                                    + "', which does not agree");
                                }
                            });
            if (node.isRemoving() || node.id().equals(FileId.ROOT)) {
                continue;
            }
            FileNode parent = tables.file(node.parent());
            if (parent == null || !node.id().equals(parent.children().get(node.name()))) {
                find("inode " + node.id() + " '" + node.name() + "' is in no directory");
            }
        }
    }

    private void checkClients() {
        for (ClientEntry client : tables.clients()) {
            for (FileId id : client.files()) {
                FileNode file = tables.file(id);
                if (file == null || file.layoutOf(client.record().id()) == null) {
                    find(
                            "client "
                                    + client.record().id()
                                    + " is said to hold a layout on file "
                                    + id);
                }
            }
        }
    }

    private void checkWorks() {
        tables.works()
                .forEach(
                        work -> {
                            if (tables.file(work.file()) == null) {
                                find(
                                        "device work "
                                                + work.id()
                                                + " is for file "
                                                + work.file()
                                                + ", which is gone");
                            }
                        });
    }
}
