package dev.outlay.server.history;

import dev.outlay.core.history.HistoryLine.Draft;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The whole state of a volume as lines, in the order in which each can be understood. */
final class StateLines {

    private static final int BLOCKS_PER_LINE = 128;

    private StateLines() {}

    static void tell(VolumeTables tables, Consumer<Draft> out) {
        for (VolumeDevice device : tables.devices()) {
            out.accept(FactLines.device("device", device, tables.isRetiring(device.index())));
        }
        for (ClientEntry client : tables.clients()) {
            Draft draft = FactLines.client("client", client.record());
            client.ended().ifPresent(why -> draft.with("ended", why.name()));
            out.accept(draft);
        }
        for (FileNode file : tables.files()) {
            out.accept(file(file));
            blocks(file, "blocks", file.extents(), out);
            blocks(file, "fresh", file.fresh(), out);
            file.layouts().forEach(layout -> out.accept(layout(file, layout)));
        }
        quarantine(tables, out);
        tables.works().forEach(work -> out.accept(WorkLines.state(work)));
        out.accept(space("state-end", tables).with("grace", tables.isInGrace()));
    }

    /** Bytes in each block state. */
    static Draft space(String event, VolumeTables tables) {
        SpaceUse use = tables.spaceUse();
        return new Draft(event)
                .with("total", use.total())
                .with("free", use.free())
                .with("reserved", use.reserved())
                .with("granted", use.granted())
                .with("mapped", use.mapped())
                .with("pending", use.pending())
                .with("quarantined", use.quarantined());
    }

    private static Draft file(FileNode file) {
        Draft draft =
                new Draft("file")
                        .with("file", file.id().value())
                        .with("parent", file.parent().value())
                        .with("name", file.name())
                        .with("directory", file.isDirectory())
                        .with("size", file.sizeBytes())
                        .with("change", file.attributes().changeCounter())
                        .with("modified", file.attributes().modifiedMillis())
                        .with("epoch", file.mapEpoch());
        flag(draft, "removing", file.isRemoving());
        flag(draft, "concurrent", file.isConcurrent());
        flag(draft, "readOnly", file.isReadOnly());
        return draft;
    }

    private static void flag(Draft draft, String name, boolean value) {
        if (value) {
            draft.with(name, true);
        }
    }

    private static void blocks(FileNode file, String kind, ExtentMap map, Consumer<Draft> out) {
        List<Extent> some = new ArrayList<>();
        for (Extent extent : map.all()) {
            some.add(extent);
            if (some.size() == BLOCKS_PER_LINE) {
                out.accept(blocks(file, kind, some));
                some.clear();
            }
        }
        if (!some.isEmpty()) {
            out.accept(blocks(file, kind, some));
        }
    }

    private static Draft blocks(FileNode file, String kind, List<Extent> some) {
        return new Draft("map").with("file", file.id().value()).withAll(kind, some);
    }

    private static Draft layout(FileNode file, Layout layout) {
        return new Draft("layout")
                .with("client", layout.client())
                .with("file", file.id().value())
                .with("layout", LayoutLines.shortId(layout.id().high()))
                .with("seqid", Integer.toUnsignedLong(layout.stateid().seqid()))
                .withAll("held", layout.ranges());
    }

    private static void quarantine(VolumeTables tables, Consumer<Draft> out) {
        Map<ClientId, List<DeviceRange>> byClient = new TreeMap<>();
        for (Quarantine.Entry entry : tables.quarantine().entries()) {
            for (ClientId holder : entry.held().holders()) {
                byClient.computeIfAbsent(holder, id -> new ArrayList<>()).add(entry.range());
            }
        }
        byClient.forEach(
                (client, places) -> {
                    for (int at = 0; at < places.size(); at += BLOCKS_PER_LINE) {
                        int end = Math.min(places.size(), at + BLOCKS_PER_LINE);
                        out.accept(
                                new Draft("quarantine")
                                        .with("client", client)
                                        .withAll("places", places.subList(at, end)));
                    }
                });
    }
}
