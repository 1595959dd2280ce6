package dev.outlay.core.state;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.codec.ReplyCodec;
import dev.outlay.core.codec.ValueCodec;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.space.RangeMap;
import dev.outlay.core.space.ResidentPages;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The durable part of the tables as bytes, and back. Rows are sorted by key, so that equal states
 * give equal bytes; free space and counts are not written but follow from the rest.
 */
public final class StateImage {

    private static final int MAGIC = 0x314c564f; // "OVL1"

    private StateImage() {}

    public static byte[] encode(VolumeTables tables) {
        ByteWriter out = new ByteWriter();
        out.writeInt(MAGIC);
        out.writeBoolean(tables.isCreated());
        if (!tables.isCreated()) {
            return out.toByteArray();
        }
        ValueCodec.settings(out, tables.settings());
        out.writeVar(tables.nextFile);
        out.writeVar(tables.nextWork);
        ValueCodec.list(out, List.copyOf(tables.devices.values()), ValueCodec::device);
        ValueCodec.list(out, List.copyOf(tables.clients.values()), StateImage::client);
        ValueCodec.list(out, tables.quarantine.entries(), StateImage::quarantined);
        ValueCodec.list(out, tables.shared.entries(), StateImage::shared);
        ValueCodec.list(out, List.copyOf(tables.files.values()), StateImage::file);
        List<Work> durable = tables.works.values().stream().filter(Work::durable).toList();
        ValueCodec.list(out, durable, FactCodec::work);
        devices(out, tables);
        return out.toByteArray();
    }

    static void devices(ByteWriter out, VolumeTables tables) {
        out.writeVar(tables.nextDevice);
        ValueCodec.list(out, List.copyOf(tables.retiring), (o, device) -> o.writeVar(device));
        ValueCodec.list(out, List.copyOf(tables.leaving.values()), ValueCodec::device);
    }

    /**
     * The tables that an image holds; whatever is wrong with it is a {@link CorruptDataException}.
     */
    public static VolumeTables decode(Limits limits, byte[] image) {
        try {
            return read(limits, image);
        } catch (IllegalArgumentException | IllegalStateException | ArithmeticException e) {
            throw new CorruptDataException(
                    "an image that contradicts itself: " + String.valueOf(e.getMessage()));
        }
    }

    private static VolumeTables read(Limits limits, byte[] image) {
        ByteReader in = new ByteReader(image);
        if (in.readInt() != MAGIC) {
            throw new CorruptDataException("not an image of a volume's state");
        }
        VolumeTables tables = new VolumeTables(limits);
        if (!in.readBoolean()) {
            return tables;
        }
        tables.settings = ValueCodec.settings(in);
        tables.nextFile = in.readVar();
        tables.nextWork = in.readVar();
        for (VolumeDevice device : ValueCodec.list(in, ValueCodec::device)) {
            tables.devices.put(device.index(), device);
        }
        ValueCodec.list(in, StateImage::client).forEach(c -> tables.clients.put(c.record.id(), c));
        ValueCodec.list(in, StateImage::quarantined).forEach(tables.quarantine::restore);
        ValueCodec.list(in, StateImage::shared).forEach(tables.shared::restore);
        ValueCodec.list(in, StateImage::file).forEach(node -> tables.files.put(node.id, node));
        List<Work> works = ValueCodec.list(in, FactCodec::work);
        devices(tables, in);
        in.expectEnd();
        StateSums.settle(tables, works);
        return tables;
    }

    /** Indexes that are used no more, devices that are to leave, and those that have left. */
    static void devices(VolumeTables tables, ByteReader in) {
        tables.nextDevice = ValueCodec.smallInt(in);
        tables.retiring.addAll(ValueCodec.list(in, ValueCodec::smallInt));
        for (VolumeDevice device : ValueCodec.list(in, ValueCodec::device)) {
            tables.leaving.put(device.index(), device);
        }
    }

    // ---- rows

    static void client(ByteWriter out, ClientEntry client) {
        ValueCodec.clientRecord(out, client.record);
        out.writeBoolean(client.ended != null);
        if (client.ended != null) {
            FactCodec.cause(out, client.ended);
        }
        out.writeVar(client.durablyAnsweredThrough);
        out.writeVar(client.durableAnswers.size());
        client.durableAnswers.forEach(
                (id, reply) -> {
                    out.writeVar(id);
                    ReplyCodec.write(out, reply);
                });
    }

    static ClientEntry client(ByteReader in) {
        ClientEntry client = new ClientEntry(ValueCodec.clientRecord(in));
        if (in.readBoolean()) {
            client.ended = FactCodec.cause(in);
        }
        client.durablyAnsweredThrough = in.readVar();
        client.answeredThrough = client.durablyAnsweredThrough;
        client.reattached = true;
        int answers = in.readCount(1 << 24);
        for (int i = 0; i < answers; i++) {
            long id = in.readVar();
            client.durableAnswers.put(id, ReplyCodec.read(in));
        }
        return client;
    }

    static void quarantined(ByteWriter out, Quarantine.Entry entry) {
        ValueCodec.deviceRange(out, entry.range());
        ValueCodec.list(out, entry.held().holders(), ValueCodec::client);
        out.writeBoolean(entry.held().mapped());
    }

    static Quarantine.Entry quarantined(ByteReader in) {
        return new Quarantine.Entry(
                ValueCodec.deviceRange(in),
                new Quarantine.Held(ValueCodec.list(in, ValueCodec::client), in.readBoolean()));
    }

    static void shared(ByteWriter out, SharedBlocks.Entry entry) {
        ValueCodec.deviceRange(out, entry.range());
        out.writeVar(entry.share().maps());
        out.writeVar(entry.share().removing());
    }

    static SharedBlocks.Entry shared(ByteReader in) {
        return new SharedBlocks.Entry(
                ValueCodec.deviceRange(in),
                new SharedBlocks.Share(ValueCodec.smallInt(in), ValueCodec.smallInt(in)));
    }

    private static void file(ByteWriter out, FileNode node) {
        attributes(out, node);
        ValueCodec.list(out, node.extents.all(), ValueCodec::extent);
        holders(out, node);
        ValueCodec.list(out, node.fresh.all(), ValueCodec::extent);
        out.writeVar(node.flags);
    }

    private static FileNode file(ByteReader in) {
        FileNode node = attributes(in, null);
        for (Extent extent : ValueCodec.list(in, ValueCodec::extent)) {
            node.extents.insert(extent);
        }
        holders(in, node);
        for (Extent extent : ValueCodec.list(in, ValueCodec::extent)) {
            node.fresh.insert(extent);
        }
        node.flags = ValueCodec.fileFlags(in);
        return node;
    }

    /** A file without its extents. */
    static void node(ByteWriter out, FileNode node) {
        attributes(out, node);
        holders(out, node);
        out.writeVar(node.flags);
    }

    static FileNode node(ByteReader in, @Nullable ResidentPages resident) {
        FileNode node = attributes(in, resident);
        holders(in, node);
        node.flags = ValueCodec.fileFlags(in);
        return node;
    }

    private static void attributes(ByteWriter out, FileNode node) {
        ValueCodec.file(out, node.id);
        ValueCodec.fileKind(out, node.kind);
        ValueCodec.file(out, node.parent);
        out.writeString(node.name);
        out.writeBoolean(node.removing);
        out.writeVar(node.sizeBytes);
        out.writeVar(node.changeCounter);
        out.writeVar(node.mapEpoch);
        out.writeVar(node.mode);
        out.writeString(node.owner);
        out.writeLong(node.createdMillis);
        out.writeLong(node.modifiedMillis);
        out.writeLong(node.changedMillis);
        out.writeLong(node.accessedMillis);
    }

    private static FileNode attributes(ByteReader in, @Nullable ResidentPages resident) {
        FileId id = ValueCodec.file(in);
        FileKind kind = ValueCodec.fileKind(in);
        FileId parent = ValueCodec.file(in);
        String name = ValueCodec.text(in);
        boolean removing = in.readBoolean();
        long size = in.readVar();
        long changeCounter = in.readVar();
        long mapEpoch = in.readVar();
        int mode = ValueCodec.smallInt(in);
        String owner = ValueCodec.text(in);
        FileNode node = new FileNode(id, kind, parent, name, mode, owner, in.readLong(), resident);
        node.removing = removing;
        node.sizeBytes = size;
        node.changeCounter = changeCounter;
        node.mapEpoch = mapEpoch;
        node.modifiedMillis = in.readLong();
        node.changedMillis = in.readLong();
        node.accessedMillis = in.readLong();
        return node;
    }

    /** Who changed the map last, and who holds what of it. */
    private static void holders(ByteWriter out, FileNode node) {
        out.writeVar(node.changes.forgottenThrough());
        out.writeVar(node.changes.changes().size());
        for (ChangeLog.Change change : node.changes.changes()) {
            change(out, change);
        }
        List<Layout> durable = node.layouts.values().stream().filter(Layout::isDurable).toList();
        ValueCodec.list(out, durable, StateImage::layout);
    }

    private static void holders(ByteReader in, FileNode node) {
        node.changes.restore(in.readVar(), ValueCodec.list(in, StateImage::change));
        for (Layout layout : ValueCodec.list(in, StateImage::layout)) {
            node.layouts.put(layout.client(), layout);
        }
    }

    private static void change(ByteWriter out, ChangeLog.Change change) {
        out.writeVar(change.epoch());
        ValueCodec.range(out, change.range());
        out.writeLong(change.by());
    }

    private static ChangeLog.Change change(ByteReader in) {
        return new ChangeLog.Change(in.readVar(), ValueCodec.range(in), in.readLong());
    }

    private static void layout(ByteWriter out, Layout layout) {
        ValueCodec.client(out, layout.client());
        ValueCodec.layoutId(out, layout.id());
        out.writeInt(layout.durableSeqid());
        out.writeVar(layout.turnEpoch());
        ValueCodec.list(
                out,
                layout.durableGrants(),
                (o, grant) -> {
                    ValueCodec.range(o, grant.range());
                    ValueCodec.grantKind(o, grant.value().kind());
                    o.writeVar(grant.value().sinceEpoch());
                });
    }

    private static Layout layout(ByteReader in) {
        ClientId client = ValueCodec.client(in);
        LayoutId id = ValueCodec.layoutId(in);
        Layout layout = new Layout(client, id);
        int seqid = in.readInt();
        long turn = in.readVar();
        List<RangeMap.Entry<Layout.Grant>> grants =
                new ArrayList<>(
                        ValueCodec.list(
                                in,
                                i -> {
                                    ByteRange range = ValueCodec.range(i);
                                    return new RangeMap.Entry<>(
                                            range,
                                            new Layout.Grant(ValueCodec.grantKind(i), i.readVar()));
                                }));
        layout.restore(seqid, turn, grants);
        return layout;
    }
}
