package dev.outlay.core.op;

import dev.outlay.core.command.Command.GetAttributes;
import dev.outlay.core.command.Command.ListDirectory;
import dev.outlay.core.command.Command.ListExtents;
import dev.outlay.core.command.Command.ListLayouts;
import dev.outlay.core.command.Command.Lookup;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What only looks: names, attributes, extents for people, layouts, the state of the volume. */
final class QueryOps {

    private QueryOps() {}

    static Reply lookup(VolumeTables tables, Lookup ask) {
        FileNode at = Checks.node(tables, ask.start());
        for (String name : ask.path().split("/", -1)) {
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (!at.isDirectory()) {
                throw new Refusal(
                        Reason.NOT_DIRECTORY,
                        "'" + at.name() + "' in path '" + ask.path() + "' is not a directory");
            }
            FileId next = name.equals("..") ? at.parent() : at.children().get(name);
            if (next == null) {
                throw new Refusal(
                        Reason.NOT_FOUND,
                        "there is no '" + name + "' in path '" + ask.path() + "'");
            }
            at = Checks.node(tables, next);
        }
        return new Reply.Attributes(at.attributes());
    }

    static Reply getAttributes(VolumeTables tables, GetAttributes ask) {
        return new Reply.Attributes(Checks.node(tables, ask.file()).attributes());
    }

    static Reply listDirectory(VolumeTables tables, ListDirectory ask) {
        FileNode directory = Checks.directory(tables, ask.directory());
        int max = bounded(ask.max(), tables.limits().listEntries());
        List<Reply.Entry> entries = new ArrayList<>();
        for (var child : directory.children().tailMap(ask.afterName(), false).entrySet()) {
            if (entries.size() == max) {
                return new Reply.Entries(entries, true);
            }
            FileNode node = Objects.requireNonNull(tables.file(child.getValue()));
            entries.add(new Reply.Entry(child.getKey(), node.id(), node.kind(), node.sizeBytes()));
        }
        return new Reply.Entries(entries, false);
    }

    /** Unwritten extents are shown without an address, as to any reader. */
    static Reply listExtents(VolumeTables tables, ListExtents ask) {
        FileNode file = Checks.file(tables, ask.file());
        int max = bounded(ask.max(), tables.limits().extentsPerReply());
        long block = tables.blockSize();
        if (ask.offset() < 0 || ask.offset() % block != 0) {
            throw new Refusal(
                    Reason.INVALID_ARGUMENT,
                    "offset " + ask.offset() + " must be a multiple of the block size, " + block);
        }
        long end =
                Math.max(file.extents().endOffset(), Math.ceilDiv(file.sizeBytes(), block) * block);
        if (ask.offset() >= end) {
            return new Reply.Extents(List.of(), ask.offset(), false, file.attributes());
        }
        List<Extent> all = Grants.shown(tables, file, new ByteRange(ask.offset(), end));
        List<Extent> page =
                all.subList(0, Math.min(max, all.size())).stream()
                        .map(
                                e ->
                                        e.state() == ExtentState.UNWRITTEN
                                                ? e.withoutAddress().withFlags(0)
                                                : e)
                        .toList();
        return new Reply.Extents(page, page.getLast().end(), all.size() > max, file.attributes());
    }

    static Reply listLayouts(VolumeTables tables, ListLayouts ask) {
        List<Reply.HeldLayout> held = new ArrayList<>();
        for (ClientEntry client : tables.clients()) {
            if (ask.client().isPresent() && !ask.client().get().equals(client.record().id())) {
                continue;
            }
            for (FileId id : client.files()) {
                FileNode file = Objects.requireNonNull(tables.file(id));
                Layout layout = Objects.requireNonNull(file.layoutOf(client.record().id()));
                held.add(
                        new Reply.HeldLayout(
                                client.record().id(),
                                client.record().owner(),
                                id,
                                layout.stateid(),
                                layout.ranges()));
            }
        }
        return new Reply.Layouts(held);
    }

    static Reply showVolume(VolumeTables tables) {
        long files = tables.files().stream().filter(f -> !f.isDirectory()).count();
        return new Reply.VolumeStatus(
                tables.settings(),
                List.copyOf(tables.devices()),
                tables.spaceUse(),
                files,
                tables.extents(),
                (int) tables.clients().stream().filter(c -> c.ended().isEmpty()).count(),
                tables.layouts(),
                tables.waiting().size(),
                tables.openRecalls(),
                tables.isInGrace());
    }

    private static int bounded(int asked, int limit) {
        return asked <= 0 ? limit : Math.min(asked, limit);
    }
}
