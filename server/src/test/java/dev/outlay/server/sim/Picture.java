package dev.outlay.server.sim;

import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply.SpaceUse;
import dev.outlay.core.space.ExtentMap;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The volume between two batches, copied into plain values: block by block who holds it and what
 * for. Checks compare each picture with the one before.
 *
 * @param blocks by number, over all devices
 * @param claims by number, over all devices: in which block states the block is, a bit for each; it
 *     should be one
 * @param devices what the volume lies on
 * @param space the counts that the volume keeps
 * @param findings of the state checker
 */
@SuppressWarnings("ArrayRecordComponent") // made once, changed and compared as a whole never
record Picture(
        Map<Long, FileView> files,
        Block[] blocks,
        int[] claims,
        Map<Long, ClientView> clients,
        List<DeviceView> devices,
        SpaceUse space,
        boolean inGrace,
        List<String> findings) {

    /** Block states, as bits of {@link #claims}. */
    static final int FREE = 1;

    static final int MAPPED = 2;

    /** Unwritten, and to replace a block of the map at commit. */
    static final int BESIDE = 4;

    static final int RESERVED = 8;
    static final int QUARANTINED = 16;

    private static final SpaceUse NO_SPACE = new SpaceUse(0, 0, 0, 0, 0, 0, 0, 0);

    /**
     * One block of the device.
     *
     * @param file the first file that maps it, or whose block it will replace; 0: none
     * @param writers who may store into it
     * @param late ended clients that may still store into it, or read it
     * @param others more files that map it
     */
    record Block(
            long file,
            long index,
            @Nullable ExtentState state,
            List<Long> writers,
            List<Long> late,
            List<Use> others) {
        static final Block FREE = new Block(0, 0, null, List.of(), List.of(), List.of());

        boolean isIn(long otherFile, long otherIndex) {
            if (state == null) {
                return false;
            }
            return (file == otherFile && index == otherIndex)
                    || (!others.isEmpty() && others.contains(new Use(otherFile, otherIndex)));
        }

        /** Each place that it has, or waits for, in a file. */
        List<Owner> owners() {
            if (state == null) {
                return List.of();
            }
            List<Owner> all = new ArrayList<>(List.of(new Owner(file, index, state)));
            others.forEach(use -> all.add(new Owner(use.file, use.index, state)));
            return all;
        }

        /** Whether it is, or waits to be, the same part of the same file as another time. */
        boolean hasOwnerOf(Block other) {
            return isIn(other.file, other.index)
                    || other.others.stream().anyMatch(use -> isIn(use.file, use.index));
        }

        boolean isWrittenIn(long otherFile, long otherIndex) {
            return state == ExtentState.WRITTEN && isIn(otherFile, otherIndex);
        }

        Block lateFor(List<Long> holders) {
            return new Block(file, index, state, writers, holders, others);
        }

        Block alsoIn(Use use, List<Long> itsWriters) {
            List<Use> more = new ArrayList<>(others);
            more.add(use);
            List<Long> all = new ArrayList<>(writers);
            all.addAll(itsWriters);
            return new Block(file, index, state, all, late, more);
        }
    }

    /** A place of a file's map. */
    record Use(long file, long index) {}

    /** A place of a file, and what the block is there. */
    record Owner(long file, long index, ExtentState state) {
        boolean isWritten() {
            return state == ExtentState.WRITTEN;
        }
    }

    /**
     * One file.
     *
     * @param sealed nothing of it ever changes again: it is a snapshot
     * @param places by block of the file: the block of the device, or -1
     * @param kept by block of the file: unwritten, and stays without a grant
     * @param beside as {@code places}: the block that will replace that one at commit, or -1
     */
    record FileView(
            long id,
            String name,
            long size,
            boolean removing,
            boolean concurrent,
            boolean sealed,
            long changeCounter,
            long mapEpoch,
            long modifiedMillis,
            int[] places,
            boolean[] written,
            boolean[] kept,
            int[] beside,
            boolean working,
            Map<Long, LayoutView> layouts) {

        boolean isWritten(long index) {
            return index < places.length && places[(int) index] >= 0 && written[(int) index];
        }

        /** The blocks that are written. */
        BitSet writtenBlocks() {
            BitSet all = new BitSet();
            for (int i = 0; i < written.length; i++) {
                all.set(i, isWritten(i));
            }
            return all;
        }

        int place(long index) {
            return index < places.length ? places[(int) index] : -1;
        }

        int besides(long index) {
            return index < beside.length ? beside[(int) index] : -1;
        }
    }

    /**
     * What one client holds of one file.
     *
     * @param atomic the part of {@code write} that leaves written blocks alone
     * @param mapped the part of {@code read} that an application holds as a mapping
     */
    record LayoutView(
            long idHigh,
            long idLow,
            int seqid,
            RangeSet write,
            RangeSet atomic,
            RangeSet read,
            RangeSet mapped) {

        boolean holdsAsMuchAs(LayoutView other) {
            return write.equals(other.write)
                    && atomic.equals(other.atomic)
                    && read.equals(other.read)
                    && mapped.equals(other.mapped);
        }
    }

    /** One client. */
    record ClientView(String owner, boolean lapsed, Optional<EndCause> ended) {}

    /**
     * One device: which life of it the volume means, and what of it is the volume's.
     *
     * @param retiring it is being emptied, and leaves the volume then
     */
    record DeviceView(
            int index, long incarnation, long startBytes, long lengthBytes, boolean retiring) {

        boolean has(int place) {
            int first = place(index, startBytes);
            return place >= first && place < first + lengthBytes / SimServer.BLOCK;
        }
    }

    /** The device of the volume that a block lies on. */
    Optional<DeviceView> device(int place) {
        return devices.stream().filter(device -> device.has(place)).findFirst();
    }

    /**
     * Whether a client holds a written block of a file and stores to a copy beside it or, under an
     * ATOMIC grant, will: it has asked for that itself, and does not store in place any more (3.1).
     */
    boolean isBehindCopy(long client, long file, long index, int place) {
        FileView view = files.get(file);
        LayoutView layout = view == null ? null : view.layouts.get(client);
        if (view == null
                || layout == null
                || !view.isWritten(index)
                || view.place(index) != place) {
            return false;
        }
        ByteRange block = ByteRange.ofLength(index * SimServer.BLOCK, SimServer.BLOCK);
        int copy = view.besides(index);
        return layout.atomic.containsAll(block)
                || (copy >= 0 && blocks[copy].writers.contains(client));
    }

    /** Whether a client that had a session has ended, whatever is still remembered of it. */
    boolean hasEnded(long client) {
        ClientView view = clients.get(client);
        return view == null || view.ended.isPresent();
    }

    boolean isWritten(Use use) {
        FileView view = files.get(use.file);
        return view != null && view.isWritten(use.index);
    }

    boolean isRemoving(long file) {
        FileView view = files.get(file);
        return view != null && view.removing;
    }

    /** Before there is anything. */
    static Picture empty(int blockCount) {
        Block[] blocks = new Block[blockCount];
        java.util.Arrays.fill(blocks, Block.FREE);
        return new Picture(
                Map.of(),
                blocks,
                new int[blockCount],
                Map.of(),
                List.of(),
                NO_SPACE,
                false,
                List.of());
    }

    /** The number of the block at this place of a device, counted over all that there may be. */
    static int place(int device, long deviceOffset) {
        return (int) ((Units.base(device) + deviceOffset) / SimServer.BLOCK);
    }

    static Picture of(VolumeTables tables, int blockCount, List<String> findings) {
        Map<Long, FileView> files = new TreeMap<>();
        Block[] blocks = new Block[blockCount];
        java.util.Arrays.fill(blocks, Block.FREE);
        int[] claims = new int[blockCount];
        for (FileNode node : tables.files()) {
            if (!node.isDirectory()) {
                files.put(node.id().value(), file(node, blocks, claims));
            }
        }
        tables.free().forEach(range -> claim(claims, range, FREE));
        for (Work work : tables.works()) {
            work.fresh().forEach(extent -> claim(claims, extent.deviceRange(), RESERVED));
        }
        for (Quarantine.Entry entry : tables.quarantine().entries()) {
            List<Long> late = entry.held().holders().stream().map(c -> c.value()).toList();
            if (!entry.held().mapped()) {
                claim(claims, entry.range(), QUARANTINED);
            }
            int first = place(entry.range().device(), entry.range().start());
            int count = (int) (entry.range().length() / SimServer.BLOCK);
            for (int b = first; b < first + count; b++) {
                blocks[b] = blocks[b].lateFor(late);
            }
        }
        Map<Long, ClientView> clients = new HashMap<>();
        for (ClientEntry client : tables.clients()) {
            clients.put(
                    client.record().id().value(),
                    new ClientView(client.record().owner(), client.isLapsed(), client.ended()));
        }
        List<DeviceView> devices =
                tables.devices().stream()
                        .map(
                                d ->
                                        new DeviceView(
                                                d.index(),
                                                d.incarnation(),
                                                d.startBytes(),
                                                d.lengthBytes(),
                                                tables.isRetiring(d.index())))
                        .toList();
        return new Picture(
                files,
                blocks,
                claims,
                clients,
                devices,
                tables.spaceUse(),
                tables.isInGrace(),
                findings);
    }

    private static void claim(int[] claims, DeviceRange range, int state) {
        int first = place(range.device(), range.start());
        int count = (int) (range.length() / SimServer.BLOCK);
        for (int b = first; b < first + count; b++) {
            // Twice in one state is as wrong as in two.
            claims[b] = (claims[b] & state) == 0 ? claims[b] | state : -1;
        }
    }

    private static FileView file(FileNode node, Block[] blocks, int[] claims) {
        Map<Long, LayoutView> layouts = new TreeMap<>();
        for (Layout layout : node.layouts()) {
            layouts.put(layout.client().value(), layout(layout));
        }
        int[] beside = places(node.fresh());
        for (int index = 0; index < beside.length; index++) {
            int place = beside[index];
            if (place >= 0) {
                claims[place] = claims[place] == 0 ? BESIDE : -1;
                blocks[place] =
                        new Block(
                                node.id().value(),
                                index,
                                ExtentState.UNWRITTEN,
                                writers(layouts, index, false),
                                List.of(),
                                List.of());
            }
        }
        int[] places = places(node.extents());
        boolean[] written = new boolean[places.length];
        boolean[] kept = new boolean[places.length];
        for (Extent extent : node.extents().all()) {
            int first = (int) (extent.fileOffset() / SimServer.BLOCK);
            int count = (int) (extent.length() / SimServer.BLOCK);
            for (int index = first; index < first + count; index++) {
                int place = places[index];
                written[index] = extent.state() == ExtentState.WRITTEN;
                kept[index] = extent.has(Extent.KEPT);
                boolean replaced = index < beside.length && beside[index] >= 0;
                List<Long> writers = replaced ? List.of() : writers(layouts, index, written[index]);
                if (claims[place] == MAPPED) {
                    blocks[place] =
                            blocks[place].alsoIn(new Use(node.id().value(), index), writers);
                } else {
                    claims[place] = claims[place] == 0 ? MAPPED : -1;
                    blocks[place] =
                            new Block(
                                    node.id().value(),
                                    index,
                                    extent.state(),
                                    writers,
                                    List.of(),
                                    List.of());
                }
            }
        }
        return new FileView(
                node.id().value(),
                node.parent().equals(FileId.ROOT) ? node.name() : "",
                node.sizeBytes(),
                node.isRemoving(),
                node.isConcurrent(),
                node.isReadOnly(),
                node.attributes().changeCounter(),
                node.mapEpoch(),
                node.attributes().modifiedMillis(),
                places,
                written,
                kept,
                beside,
                node.works() > 0,
                layouts);
    }

    private static int[] places(ExtentMap map) {
        int[] places = new int[(int) Math.ceilDiv(map.endOffset(), SimServer.BLOCK)];
        java.util.Arrays.fill(places, -1);
        for (Extent extent : map.all()) {
            for (long at = 0; at < extent.length(); at += SimServer.BLOCK) {
                places[(int) ((extent.fileOffset() + at) / SimServer.BLOCK)] =
                        place(extent.device(), extent.deviceOffset() + at);
            }
        }
        return places;
    }

    /** Who may store into the block of a file, by its layouts. */
    private static List<Long> writers(Map<Long, LayoutView> layouts, long index, boolean written) {
        if (layouts.isEmpty()) {
            return List.of();
        }
        ByteRange block = ByteRange.ofLength(index * SimServer.BLOCK, SimServer.BLOCK);
        List<Long> writers = new ArrayList<>();
        layouts.forEach(
                (client, layout) -> {
                    if (layout.write.containsAll(block)
                            && !(written && layout.atomic.containsAll(block))) {
                        writers.add(client);
                    }
                });
        return writers;
    }

    private static LayoutView layout(Layout layout) {
        RangeSet write = new RangeSet();
        RangeSet atomic = new RangeSet();
        RangeSet read = new RangeSet();
        RangeSet mapped = new RangeSet();
        for (LayoutRange range : layout.ranges()) {
            (range.kind().isWriter() ? write : read).add(range.range());
            if (range.kind() == GrantKind.RW_ATOMIC) {
                atomic.add(range.range());
            } else if (range.kind() == GrantKind.READ_MAPPED) {
                mapped.add(range.range());
            }
        }
        return new LayoutView(
                layout.id().high(),
                layout.id().low(),
                layout.stateid().seqid(),
                write,
                atomic,
                read,
                mapped);
    }
}
