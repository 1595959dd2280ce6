package dev.outlay.server.sim;

import dev.outlay.client.LayoutClient;
import dev.outlay.client.MapRequest;
import dev.outlay.client.MappedBlocks;
import dev.outlay.client.OutlayException;
import dev.outlay.client.ReturnScope;
import dev.outlay.client.ToldRecall;
import dev.outlay.client.device.Device;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.IoMode;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.RecallScope;
import dev.outlay.core.value.Stateid;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * An application that loads from a file as from its memory: it has a range mapped by hand, looks at
 * the lease now and then, and gives the range back when it is recalled. What a load brings is
 * checked by nobody before the application has it.
 */
final class MappedReader {

    private static final int MOST_LOADS = 8;
    private static final int WAIT_MILLIS = 500;

    private final Simulation sim;
    private final World world;
    private final SimClient client;
    private final List<ToldRecall> owed = new ArrayList<>();
    private boolean loading;

    /** Something was given back while a map is asked for: what it is answered may be over. */
    private boolean gaveBack;

    MappedReader(Simulation sim, SimClient client) {
        this.sim = sim;
        this.world = sim.world();
        this.client = client;
    }

    void forget() {
        owed.clear();
        loading = false;
    }

    /**
     * Something that is mapped by hand is wanted back: at once, or after the load under way. At
     * once too while a map is asked for, which may have to wait for just that.
     */
    void recalled(LayoutClient library, ToldRecall recall) {
        world.reach(Probe.MAPPING_RECALLED);
        if (loading) {
            owed.add(recall);
            return;
        }
        gaveBack = true;
        if (recall.scope() instanceof RecallScope.Ranges of) {
            // The whole layout goes back, with what was written elsewhere in the file meanwhile.
            sim.tags().mayBeLost(client.clientId(), of.file().value());
        }
        try {
            giveBack(library, recall.scope());
        } catch (OutlayException e) {
            // It is recalled again.
            world.count("mapped range not returned");
        }
    }

    private static void giveBack(LayoutClient library, RecallScope scope) throws OutlayException {
        library.returnLayout(
                SimServer.VOLUME,
                switch (scope) {
                    case RecallScope.Ranges of -> whole(library, of.file());
                    case RecallScope.Device of -> new ReturnScope.OfDevice(of.device());
                    case RecallScope.Volume _ -> new ReturnScope.OfVolume();
                });
    }

    private static ReturnScope whole(LayoutClient library, FileId file) {
        Optional<Stateid> stateid =
                library.held(SimServer.VOLUME, file).map(held -> held.stateid());
        return new ReturnScope.OfFile(file, stateid, List.of());
    }

    /** Maps some blocks of a file that is not open, and loads from them for a while. */
    void read(LayoutClient library, FileId file, SplittableRandom dice) throws IOException {
        long offset = dice.nextInt(sim.shape().fileBlocks()) * (long) SimServer.BLOCK;
        long length = dice.nextInt(1, 4) * (long) SimServer.BLOCK;
        gaveBack = false;
        MappedBlocks blocks =
                library.mapBlocks(SimServer.VOLUME, request(library, file, offset, length));
        loading = !gaveBack;
        try {
            world.tell(client.owner() + " has mapped " + blocks.ranges() + " of " + file);
            int loads = dice.nextInt(1, MOST_LOADS);
            for (int i = 0; i < loads && loading && owed.isEmpty(); i++) {
                for (Extent extent : blocks.extents()) {
                    if (isGranted(extent, blocks.ranges()) && hasLease(library)) {
                        load(file, extent);
                    }
                }
                client.process().pause(dice.nextLong(SimServer.LEASE_MILLIS * 300_000));
            }
        } finally {
            loading = false;
            owed.clear();
        }
        if (client.isSessionOf(library)) {
            library.returnLayout(SimServer.VOLUME, whole(library, file));
        }
    }

    private static MapRequest request(LayoutClient library, FileId file, long offset, long length) {
        return new MapRequest(
                file,
                offset,
                length,
                SimServer.BLOCK,
                IoMode.READ,
                library.held(SimServer.VOLUME, file).map(held -> held.stateid()),
                false,
                false,
                true,
                false,
                0,
                WAIT_MILLIS);
    }

    private static boolean isGranted(Extent extent, List<LayoutRange> ranges) {
        return extent.hasAddress()
                && ranges.stream().anyMatch(r -> r.range().contains(extent.range()));
    }

    private static boolean hasLease(LayoutClient library) {
        return library.session().leaseLeftMillis() > 0;
    }

    private void load(FileId file, Extent extent) throws IOException {
        ByteRange range = extent.range();
        MemorySegment target = MemorySegment.ofArray(new byte[(int) range.length()]);
        long begun = sim.reads().begin();
        try (Device device = client.device(extent.device())) {
            device.read(extent.deviceOffset(), target);
            world.reach(Probe.MAPPING_LOADED);
            sim.reads()
                    .checkMapped(
                            client.owner(),
                            file.value(),
                            range.start(),
                            ClientProgram.words(target, range.length()),
                            begun,
                            block ->
                                    sim.isMapped(
                                            client.clientId(),
                                            file.value(),
                                            block,
                                            place(extent, block)),
                            block -> sim.isStoredLate(place(extent, block)));
        } finally {
            sim.reads().end(begun);
        }
    }

    private static int place(Extent extent, long block) {
        return Picture.place(
                extent.device(),
                extent.deviceOffset() + block * SimServer.BLOCK - extent.range().start());
    }
}
