package dev.outlay.core.state;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.codec.ValueCodec;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The durable part of the tables as rows that change one by one, and back. As {@link StateImage},
 * which writes all at once; what follows from the rest is not written.
 *
 * <p>A key is the kind of the row, one byte, and then big-endian numbers: of the volume nothing
 * more; of a client its id; of quarantined and shared blocks device (4 bytes) and offset; of a file
 * its inode number; of a page of its extents, or of its fresh blocks, that and the offset in the
 * file at which the page begins; of device work its id.
 */
public final class StateRows {

    private static final byte VOLUME = 1;
    private static final byte CLIENT = 2;
    private static final byte QUARANTINED = 3;
    private static final byte SHARED = 4;
    private static final byte FILE = 5;
    private static final byte EXTENTS = 6;
    private static final byte FRESH = 7;
    private static final byte WORK = 8;

    private StateRows() {}

    // ---- saving

    /** What has changed since it was taken last; it counts as saved from here on. */
    static List<Row> take(VolumeTables tables) {
        ChangedRows changed = tables.changed;
        List<Row> rows = new ArrayList<>();
        if (changed.volume) {
            rows.add(put(key(VOLUME), tables, StateRows::volume));
        }
        for (ClientId id : changed.clients) {
            ClientEntry client = tables.clients.get(id);
            byte[] key = key(CLIENT, id.value());
            rows.add(client == null ? new Row.Delete(key) : put(key, client, StateImage::client));
        }
        places(
                rows,
                QUARANTINED,
                changed.quarantine.take(),
                tables.quarantine::touching,
                Quarantine.Entry::range,
                StateImage::quarantined);
        places(
                rows,
                SHARED,
                changed.shared.take(),
                tables.shared::touching,
                SharedBlocks.Entry::range,
                StateImage::shared);
        changed.forgotten.forEach((id, node) -> gone(rows, id, node));
        for (FileId id : changed.files) {
            FileNode node = tables.need(id);
            rows.add(put(key(FILE, id.value()), node, StateImage::node));
            pages(rows, node);
        }
        for (long id : changed.works) {
            Work work = tables.works.get(id);
            byte[] key = key(WORK, id);
            rows.add(work == null ? new Row.Delete(key) : put(key, work, FactCodec::work));
        }
        changed.clear();
        return rows;
    }

    /** All there is, whatever was saved before, of which nothing is left. */
    static List<Row> takeAll(VolumeTables tables) {
        ChangedRows changed = tables.changed;
        changed.clear();
        changed.quarantine.take();
        changed.shared.take();
        List<Row> rows = new ArrayList<>();
        rows.add(Row.DeleteRange.all());
        if (tables.isCreated()) {
            changed.volume = true;
            changed.clients.addAll(tables.clients.keySet());
            tables.quarantine.entries().forEach(e -> changed.quarantine.touched(e.range()));
            tables.shared.entries().forEach(e -> changed.shared.touched(e.range()));
            changed.files.addAll(tables.files.keySet());
            tables.works.values().stream()
                    .filter(Work::durable)
                    .forEach(work -> changed.works.add(work.id()));
            for (FileNode node : tables.files.values()) {
                node.extents.forgetSaved();
                node.fresh.forgetSaved();
            }
            rows.addAll(take(tables));
        }
        return rows;
    }

    private static void volume(ByteWriter out, VolumeTables tables) {
        ValueCodec.settings(out, tables.settings());
        out.writeVar(tables.nextFile);
        out.writeVar(tables.nextWork);
        ValueCodec.list(out, List.copyOf(tables.devices.values()), ValueCodec::device);
        StateImage.devices(out, tables);
    }

    private static void gone(List<Row> rows, FileId id, FileNode node) {
        rows.add(new Row.Delete(key(FILE, id.value())));
        pages(rows, node);
    }

    private static void pages(List<Row> rows, FileNode node) {
        node.extents.takeChanges(pagesOf(rows, EXTENTS, node));
        node.fresh.takeChanges(pagesOf(rows, FRESH, node));
    }

    private static ExtentMap.PageChanges pagesOf(List<Row> rows, byte kind, FileNode node) {
        return (start, bytes) -> {
            byte[] key = key(kind, node.id.value(), start);
            rows.add(bytes == null ? new Row.Delete(key) : new Row.Put(key, bytes));
        };
    }

    /**
     * Entries of ranges of devices. A change may have cut an entry or joined it with its
     * neighbours, so all that touch what has changed are written anew.
     */
    private static <E> void places(
            List<Row> rows,
            byte kind,
            List<DeviceRange> touched,
            Function<DeviceRange, List<E>> touching,
            Function<E, DeviceRange> place,
            BiConsumer<ByteWriter, E> write) {
        SequencedSet<E> entries = new LinkedHashSet<>();
        for (DeviceRange range : touched) {
            List<E> there = touching.apply(range);
            long from = range.start();
            long until = range.end();
            for (E entry : there) {
                from = Math.min(from, place.apply(entry).start());
                until = Math.max(until, place.apply(entry).end());
            }
            rows.add(
                    new Row.DeleteRange(
                            place(kind, range.device(), from), place(kind, range.device(), until)));
            entries.addAll(there);
        }
        for (E entry : entries) {
            DeviceRange range = place.apply(entry);
            rows.add(put(place(kind, range.device(), range.start()), entry, write));
        }
    }

    private static <T> Row put(byte[] key, T value, BiConsumer<ByteWriter, T> write) {
        ByteWriter out = new ByteWriter();
        write.accept(out, value);
        return new Row.Put(key, out.toByteArray());
    }

    private static byte[] key(byte kind, long... numbers) {
        ByteBuffer key = ByteBuffer.allocate(1 + numbers.length * Long.BYTES).put(kind);
        for (long number : numbers) {
            key.putLong(number);
        }
        return key.array();
    }

    private static byte[] place(byte kind, int device, long offset) {
        return ByteBuffer.allocate(1 + Integer.BYTES + Long.BYTES)
                .put(kind)
                .putInt(device)
                .putLong(offset)
                .array();
    }

    // ---- loading

    /** Takes rows in the order of their keys and makes tables of them. Used once. */
    public static final class Loader {

        private final VolumeTables tables;
        private final List<Work> works = new ArrayList<>();

        public Loader(Limits limits) {
            this.tables = new VolumeTables(limits);
        }

        /**
         * Takes the next row.
         *
         * @throws CorruptDataException if it is none
         */
        public void row(byte[] key, byte[] value) {
            try {
                read(ByteBuffer.wrap(key), new ByteReader(value), value);
            } catch (IllegalArgumentException
                    | IllegalStateException
                    | ArithmeticException
                    | java.nio.BufferUnderflowException e) {
                throw contradiction(e);
            }
        }

        private void read(ByteBuffer key, ByteReader in, byte[] value) {
            byte kind = key.get();
            switch (kind) {
                case VOLUME -> readVolume(in);
                case CLIENT -> {
                    ClientEntry client = StateImage.client(in);
                    tables.clients.put(client.record.id(), client);
                }
                case QUARANTINED -> tables.quarantine.restore(StateImage.quarantined(in));
                case SHARED -> tables.shared.restore(StateImage.shared(in));
                case FILE -> {
                    FileNode node = StateImage.node(in);
                    tables.files.put(node.id, node);
                }
                case EXTENTS -> fileOf(key).extents.load(key.getLong(), value);
                case FRESH -> fileOf(key).fresh.load(key.getLong(), value);
                case WORK -> works.add(FactCodec.work(in));
                default -> throw new CorruptDataException("a row of unknown kind " + kind);
            }
            if (kind != EXTENTS && kind != FRESH) {
                in.expectEnd();
            }
        }

        private void readVolume(ByteReader in) {
            tables.settings = ValueCodec.settings(in);
            tables.nextFile = in.readVar();
            tables.nextWork = in.readVar();
            for (VolumeDevice device : ValueCodec.list(in, ValueCodec::device)) {
                tables.devices.put(device.index(), device);
            }
            StateImage.devices(tables, in);
        }

        private FileNode fileOf(ByteBuffer key) {
            return tables.need(new FileId(key.getLong()));
        }

        /**
         * The tables that the rows were taken of.
         *
         * @throws CorruptDataException if they contradict each other
         */
        public VolumeTables tables() {
            try {
                if (tables.isCreated()) {
                    StateSums.settle(tables, works);
                } else if (!tables.files.isEmpty()) {
                    throw new CorruptDataException("files without a volume");
                }
                return tables;
            } catch (IllegalArgumentException | IllegalStateException | ArithmeticException e) {
                throw contradiction(e);
            }
        }

        private static CorruptDataException contradiction(RuntimeException e) {
            return e instanceof CorruptDataException corrupt
                    ? corrupt
                    : new CorruptDataException(
                            "rows that contradict each other: " + String.valueOf(e.getMessage()));
        }
    }
}
