package dev.outlay.server.sim;

import dev.outlay.core.space.RangeSet;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.state.FileNode;
import dev.outlay.core.state.Layout;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.state.VolumeTables;
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
 * @param blocks by number on the device
 * @param findings of the state checker
 */
@SuppressWarnings("ArrayRecordComponent") // made once, changed and compared as a whole never
record Picture(
        Map<Long, FileView> files,
        Block[] blocks,
        Map<Long, ClientView> clients,
        boolean inGrace,
        List<String> findings) {

    /** One block of the device. */
    record Block(
            long file,
            long index,
            @Nullable ExtentState state,
            List<Long> writers,
            List<Long> late) {
        static final Block FREE = new Block(0, 0, null, List.of(), List.of());

        boolean isIn(long otherFile, long otherIndex) {
            return state != null && file == otherFile && index == otherIndex;
        }
    }

    /**
     * One file.
     *
     * @param places by block of the file: the block of the device, or -1
     */
    record FileView(
            long id,
            String name,
            long size,
            boolean removing,
            long changeCounter,
            long mapEpoch,
            long modifiedMillis,
            int[] places,
            boolean[] written,
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
    }

    /** What one client holds of one file. */
    record LayoutView(long idHigh, long idLow, int seqid, RangeSet write, RangeSet read) {}

    /** One client. */
    record ClientView(boolean lapsed, Optional<EndCause> ended) {}

    static Picture of(VolumeTables tables, int blockCount, List<String> findings) {
        Map<Long, FileView> files = new TreeMap<>();
        Block[] blocks = new Block[blockCount];
        java.util.Arrays.fill(blocks, Block.FREE);
        for (FileNode node : tables.files()) {
            if (!node.isDirectory()) {
                files.put(node.id().value(), file(node, blocks));
            }
        }
        for (Quarantine.Entry entry : tables.quarantine().entries()) {
            List<Long> late = entry.held().holders().stream().map(c -> c.value()).toList();
            long first = entry.range().start() / SimServer.BLOCK;
            long end = (entry.range().start() + entry.range().length()) / SimServer.BLOCK;
            for (int b = (int) first; b < end; b++) {
                Block known = blocks[b];
                blocks[b] = new Block(known.file, known.index, known.state, known.writers, late);
            }
        }
        Map<Long, ClientView> clients = new HashMap<>();
        for (ClientEntry client : tables.clients()) {
            clients.put(
                    client.record().id().value(),
                    new ClientView(client.isLapsed(), client.ended()));
        }
        return new Picture(files, blocks, clients, tables.isInGrace(), findings);
    }

    private static FileView file(FileNode node, Block[] blocks) {
        Map<Long, LayoutView> layouts = new TreeMap<>();
        for (Layout layout : node.layouts()) {
            layouts.put(layout.client().value(), layout(layout));
        }
        int count = (int) Math.ceilDiv(node.extents().endOffset(), SimServer.BLOCK);
        int[] places = new int[count];
        boolean[] written = new boolean[count];
        java.util.Arrays.fill(places, -1);
        for (Extent extent : node.extents().all()) {
            for (long at = 0; at < extent.length(); at += SimServer.BLOCK) {
                int index = (int) ((extent.fileOffset() + at) / SimServer.BLOCK);
                int place = (int) ((extent.deviceOffset() + at) / SimServer.BLOCK);
                places[index] = place;
                written[index] = extent.state() == ExtentState.WRITTEN;
                List<Long> writers = new ArrayList<>();
                long offset = extent.fileOffset() + at;
                layouts.forEach(
                        (client, layout) -> {
                            if (layout.write.containsAll(
                                    dev.outlay.core.value.ByteRange.ofLength(
                                            offset, SimServer.BLOCK))) {
                                writers.add(client);
                            }
                        });
                blocks[place] =
                        new Block(node.id().value(), index, extent.state(), writers, List.of());
            }
        }
        return new FileView(
                node.id().value(),
                node.parent().equals(FileId.ROOT) ? node.name() : "",
                node.sizeBytes(),
                node.isRemoving(),
                node.attributes().changeCounter(),
                node.mapEpoch(),
                node.attributes().modifiedMillis(),
                places,
                written,
                node.workOn(dev.outlay.core.value.ByteRange.from(0)) != null,
                layouts);
    }

    private static LayoutView layout(Layout layout) {
        RangeSet write = new RangeSet();
        RangeSet read = new RangeSet();
        for (LayoutRange range : layout.ranges()) {
            (range.kind() == GrantKind.RW ? write : read).add(range.range());
        }
        return new LayoutView(
                layout.id().high(), layout.id().low(), layout.stateid().seqid(), write, read);
    }
}
