package dev.outlay.core.state;

import dev.outlay.core.codec.ByteReader;
import dev.outlay.core.codec.ByteWriter;
import dev.outlay.core.codec.CorruptDataException;
import dev.outlay.core.codec.FactCodec;
import dev.outlay.core.codec.ValueCodec;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.space.FreeSpace;
import dev.outlay.core.space.ResidentPages;
import dev.outlay.core.value.ClientId;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.VolumeDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The durable part of the tables as rows that change one by one, and back. As {@link StateImage},
 * which writes all at once, but with what it would take to follow all extents for: what is free,
 * and counts. So the extents can stay where the rows are until somebody asks for them.
 *
 * <p>A key is the kind of the row, one byte, and then big-endian numbers: of the volume, and of the
 * counts of its bytes, nothing more; of a client its id; of quarantined and shared blocks, and of
 * what is free in a region of a device, device (4 bytes) and offset; of a file its inode number; of
 * a page of its extents, or of its fresh blocks, that and the offset in the file at which the page
 * begins; of device work its id.
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
    private static final byte FREE = 9;
    private static final byte COUNTS = 10;

    private StateRows() {}

    // ---- saving

    /** What has changed since it was taken last; it counts as saved from here on. */
    static List<Row> take(VolumeTables tables) {
        if (tables.resident != null) {
            var _ = tables.resident.taking();
        }
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
            rows.add(put(key(FILE, id.value()), node, StateRows::file));
            pages(rows, node);
        }
        for (long id : changed.works) {
            Work work = tables.works.get(id);
            byte[] key = key(WORK, id);
            rows.add(work == null ? new Row.Delete(key) : put(key, work, FactCodec::work));
        }
        if (tables.isCreated()) {
            tables.free()
                    .takeChanges(
                            reserved(tables),
                            (device, start, bytes) -> {
                                byte[] key = place(FREE, device, start);
                                rows.add(
                                        bytes == null
                                                ? new Row.Delete(key)
                                                : new Row.Put(key, bytes));
                            });
            rows.add(put(key(COUNTS), tables.ledger, (out, ledger) -> ledger.write(out)));
        }
        changed.clear();
        return rows;
    }

    /** Blocks that are kept for device work which does not outlive a restart. */
    private static List<DeviceRange> reserved(VolumeTables tables) {
        return tables.works.values().stream()
                .flatMap(work -> work.fresh().stream())
                .map(Extent::deviceRange)
                .toList();
    }

    /**
     * All there is, whatever was saved before: of that only the extents are left that are not in
     * memory. Changes are noted from then on.
     */
    static List<Row> takeAll(VolumeTables tables) {
        ChangedRows changed = tables.changed;
        changed.begin();
        changed.clear();
        changed.quarantine.take();
        changed.shared.take();
        List<Row> rows = new ArrayList<>();
        if (tables.isCreated()) {
            changed.volume = true;
            changed.clients.addAll(tables.clients.keySet());
            tables.quarantine.entries().forEach(e -> changed.quarantine.touched(e.range()));
            tables.shared.entries().forEach(e -> changed.shared.touched(e.range()));
            changed.files.addAll(tables.files.keySet());
            tables.works.values().stream()
                    .filter(Work::durable)
                    .forEach(work -> changed.works.add(work.id()));
            byte[] next = new byte[0];
            for (FileNode node : tables.files.values()) {
                long id = node.id.value();
                long[] elsewhere = node.extents.forgetSaved();
                if (elsewhere == null) {
                    next = deleteUntil(rows, next, key(EXTENTS, id), key(EXTENTS, id + 1));
                } else {
                    for (long start : elsewhere) {
                        byte[] key = key(EXTENTS, id, start);
                        next = deleteUntil(rows, next, key, Arrays.copyOf(key, key.length + 1));
                    }
                }
                var _ = node.fresh.forgetSaved();
            }
            rows.add(new Row.DeleteRange(new KeyRange(next, KeyRange.all().until())));
            tables.free().forgetSaved();
            rows.addAll(take(tables));
        } else {
            rows.add(new Row.DeleteRange(KeyRange.all()));
        }
        return rows;
    }

    /** Nothing is left from one key on and before another; says from where on to go on. */
    private static byte[] deleteUntil(List<Row> rows, byte[] from, byte[] until, byte[] next) {
        KeyRange range = new KeyRange(from, until);
        if (!range.isEmpty()) {
            rows.add(new Row.DeleteRange(range));
        }
        return next;
    }

    private static void file(ByteWriter out, FileNode node) {
        StateImage.node(out, node);
        out.writeVar(node.extents.extents());
        out.writeVar(node.extents.mappedBytes());
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
                            new KeyRange(
                                    place(kind, range.device(), from),
                                    place(kind, range.device(), until))));
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

    private static ResidentPages resident(RowSource store) {
        return new ResidentPages(
                new ResidentPages.Source() {
                    @Override
                    public byte[] page(long map, long start) {
                        byte[] page = store.row(key(EXTENTS, map, start));
                        if (page == null) {
                            throw new CorruptDataException(
                                    "the extents of file "
                                            + map
                                            + " from "
                                            + start
                                            + " on are not in the checkpoint");
                        }
                        return page;
                    }

                    @Override
                    public long[] starts(long map) {
                        LongStream.Builder starts = LongStream.builder();
                        store.keys(
                                new KeyRange(key(EXTENTS, map), key(EXTENTS, map + 1)),
                                key -> starts.add(ByteBuffer.wrap(key).getLong(1 + Long.BYTES)));
                        return starts.build().toArray();
                    }
                });
    }

    /** Takes rows in the order of their keys and makes tables of them. Used once. */
    public static final class Loader {

        private final VolumeTables tables;
        private final List<Work> works = new ArrayList<>();
        private FreeSpace.@Nullable Saved free;
        private boolean counted;

        /** How many extents files are to have, and bytes. */
        private final Map<FileNode, long[]> expected = new LinkedHashMap<>();

        /** All extents are among the rows it is given. */
        public Loader(Limits limits) {
            this.tables = new VolumeTables(limits);
        }

        /** Extents stay in the store until they are asked for. */
        public Loader(Limits limits, RowSource store) {
            this.tables = new VolumeTables(limits, resident(store));
        }

        /** The rows that it has to be given. */
        public List<KeyRange> wanted() {
            KeyRange all = KeyRange.all();
            return tables.resident == null
                    ? List.of(all)
                    : List.of(
                            new KeyRange(all.from(), key(EXTENTS)),
                            new KeyRange(key(FRESH), all.until()));
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
                    FileNode node = StateImage.node(in, tables.resident);
                    tables.files.put(node.id, node);
                    readExtents(node, ValueCodec.smallInt(in), in.readVar());
                }
                case EXTENTS -> fileOf(key).extents.load(key.getLong(), value);
                case FRESH -> fileOf(key).fresh.load(key.getLong(), value);
                case WORK -> works.add(FactCodec.work(in));
                case FREE -> free().region(key.getInt(), key.getLong(), value);
                case COUNTS -> {
                    tables.ledger = SpaceLedger.read(in);
                    counted = true;
                }
                default -> throw new CorruptDataException("a row of unknown kind " + kind);
            }
            if (kind != EXTENTS && kind != FRESH && kind != FREE) {
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

        private void readExtents(FileNode node, int extents, long mappedBytes) {
            if (tables.resident == null) {
                expected.put(node, new long[] {extents, mappedBytes});
            } else {
                node.extents.lieInStore(extents, mappedBytes);
            }
        }

        private FreeSpace.Saved free() {
            FreeSpace.Saved known = free;
            if (known == null) {
                if (!tables.isCreated()) {
                    throw new CorruptDataException("free space without a volume");
                }
                tables.free = StateSums.allFree(tables);
                known = tables.free.saved();
                free = known;
            }
            return known;
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
                    checkExtents();
                    free().end();
                    if (!counted) {
                        throw new CorruptDataException("no row says how many bytes are in use");
                    }
                    StateSums.settleCounted(tables, works);
                } else if (!tables.files.isEmpty()) {
                    throw new CorruptDataException("files without a volume");
                }
                return tables;
            } catch (IllegalArgumentException | IllegalStateException | ArithmeticException e) {
                throw contradiction(e);
            }
        }

        private void checkExtents() {
            expected.forEach(
                    (node, counts) -> {
                        if (counts[0] != node.extents.extents()
                                || counts[1] != node.extents.mappedBytes()) {
                            throw new CorruptDataException(
                                    "file " + node.id + " has not the extents that it had");
                        }
                    });
        }

        private static CorruptDataException contradiction(RuntimeException e) {
            return e instanceof CorruptDataException corrupt
                    ? corrupt
                    : new CorruptDataException(
                            "rows that contradict each other: " + String.valueOf(e.getMessage()));
        }
    }
}
