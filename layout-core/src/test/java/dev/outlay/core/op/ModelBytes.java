package dev.outlay.core.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.CommitRange;
import dev.outlay.core.command.Command.DeviceIncarnation;
import dev.outlay.core.op.ModelProcess.Held;
import dev.outlay.core.op.ModelProcess.View;
import dev.outlay.core.op.ModelReach.Event;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.Quarantine;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Durability;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What clients store and read, and what they must find. */
final class ModelBytes {

    private static final int BLOCK = VolumeKit.BLOCK;

    private static final Reason[] AT_ONCE = {Reason.TRY_LATER, Reason.GRACE};

    /**
     * While a commit waits for readers its own grant may end, and while it waits for work on its
     * bytes a MapBlocks of its own client may make pairs of them.
     */
    private static final Reason[] AFTER_A_WAIT = {
        Reason.TRY_LATER,
        Reason.GRACE,
        Reason.BAD_LAYOUT,
        Reason.BAD_IOMODE,
        Reason.BAD_STATEID,
        Reason.STALE_MAP,
        Reason.STALE_FILE,
        Reason.EXPIRED,
        Reason.FENCED
    };

    private final VolumeModel model;
    private final ModelClients clients;
    private final SplittableRandom random;

    ModelBytes(VolumeModel model, ModelClients clients) {
        this.model = model;
        this.clients = clients;
        this.random = model.random;
    }

    /** I1, for a reader who goes to the device with the answer in hand. */
    void read(ModelFile file, Extent extent) {
        model.reach.reached(Event.READ_BYTES);
        assertEquals(extent.state() == ExtentState.WRITTEN, extent.hasAddress());
        for (long offset = extent.fileOffset(); offset < extent.end(); offset += BLOCK) {
            int block = (int) (offset / BLOCK);
            long at = (extent.deviceOffset() + offset - extent.fileOffset()) / BLOCK;
            checkBlock(file, block, extent.hasAddress() ? at : -1);
        }
    }

    /** I1, for the server that reads for a client. */
    void readUnits(ModelFile file, Extent extent) {
        model.reach.reached(Event.SERVER_READ);
        for (long offset = extent.fileOffset(); offset < extent.end(); offset += TagDevice.UNIT) {
            long at = (extent.deviceOffset() + offset - extent.fileOffset()) / TagDevice.UNIT;
            long found =
                    extent.hasAddress()
                            ? model.device.get(at / TagDevice.UNITS, (int) (at % TagDevice.UNITS))
                            : 0;
            int unit = (int) (offset / TagDevice.UNIT);
            assertEquals(file.content[unit], found, () -> file.name + " unit " + unit);
        }
    }

    private void checkBlock(ModelFile file, int block, long deviceBlock) {
        for (int unit = 0; unit < TagDevice.UNITS; unit++) {
            long found = deviceBlock < 0 ? 0 : model.device.get(deviceBlock, unit);
            int index = block * TagDevice.UNITS + unit;
            assertEquals(file.content[index], found, () -> file.name + " unit " + index);
        }
    }

    void commit(ModelProcess process) {
        ModelFile file = heldFile(process);
        if (file == null) {
            return;
        }
        View view = process.view(file.id);
        List<CommitRange> ranges = new ArrayList<>();
        List<Integer> blocks = new ArrayList<>();
        for (Map.Entry<Integer, Held> entry : view.blocks.entrySet()) {
            Held held = entry.getValue();
            if (!held.isWriter() || random.nextInt(4) == 0) {
                continue;
            }
            if (!held.written && (held.filled == null || random.nextInt(3) == 0)) {
                held.filled = fill(file, entry.getKey(), held);
            }
            blocks.add(entry.getKey());
            ranges.add(
                    new CommitRange(
                            VolumeKit.blocks(entry.getKey()),
                            BLOCK,
                            0,
                            VolumeKit.blocks(held.deviceBlock)));
        }
        if (ranges.isEmpty()) {
            return;
        }
        long last =
                VolumeKit.blocks(blocks.get(random.nextInt(blocks.size())))
                        + (1 + random.nextInt(TagDevice.UNITS)) * (long) TagDevice.UNIT
                        - 1;
        boolean grow = random.nextInt(3) > 0;
        Map<Integer, Held> named = new TreeMap<>();
        blocks.forEach(block -> named.put(block, Objects.requireNonNull(view.blocks.get(block))));
        Stateid stateid = Objects.requireNonNull(view.stateid);
        long epoch = view.epoch;
        Runnable effect = () -> committed(process, file, named, grow ? last : -1);
        Optional<Reply> answer =
                clients.ask(
                        process,
                        o ->
                                new Command.CommitBlocks(
                                        o,
                                        7,
                                        file.id,
                                        stateid,
                                        ranges,
                                        List.of(
                                                new DeviceIncarnation(
                                                        0, VolumeKit.DEVICE_INCARNATION)),
                                        epoch,
                                        Durability.FORCED,
                                        grow ? OptionalLong.of(last) : OptionalLong.empty(),
                                        OptionalLong.empty()),
                        effect,
                        reply -> answered(file, reply, AFTER_A_WAIT));
        answer.ifPresent(
                reply -> answered(file, reply, clients.hasWaited() ? AFTER_A_WAIT : AT_ONCE));
    }

    /** All of what a commit names is exposed at one moment. */
    private void committed(
            ModelProcess process, ModelFile file, Map<Integer, Held> named, long last) {
        model.reach.reached(Event.COMMIT);
        if (file.removed) {
            return;
        }
        named.forEach(
                (block, held) -> {
                    if (!held.written) {
                        if (held.sourceBlock >= 0) {
                            model.reach.reached(
                                    held.kind == GrantKind.RW_ATOMIC
                                            ? Event.SWAPPED_ATOMIC
                                            : Event.SWAPPED);
                        }
                        file.committed(
                                block, Objects.requireNonNull(held.filled), held.sourceBlock >= 0);
                        held.written = true;
                        forgetSource(process, file, block, held);
                    }
                });
        file.size = Math.max(file.size, last + 1);
    }

    /** What was granted anew while the commit waited is the same block, and is written now. */
    private static void forgetSource(ModelProcess process, ModelFile file, int block, Held held) {
        ModelProcess.View view = process.views.get(file.id);
        Held now = view == null ? null : view.blocks.get(block);
        if (now != null && now.deviceBlock == held.deviceBlock) {
            now.written = true;
        }
    }

    private void answered(ModelFile file, Reply reply, Reason... allowed) {
        if (reply instanceof Reply.Failure failure) {
            clients.allow(failure, allowed);
            return;
        }
        Reply.Committed committed = assertInstanceOf(Reply.Committed.class, reply);
        if (file.removed) {
            assertEquals(OptionalLong.empty(), committed.newSize());
        } else {
            assertEquals(file.size, committed.attributes().sizeBytes());
        }
    }

    /** Fills a block: all of it anew, or what is left of it with what it is to replace. */
    private long[] fill(ModelFile file, int block, Held held) {
        long[] stored = new long[TagDevice.UNITS];
        for (int unit = 0; unit < TagDevice.UNITS; unit++) {
            boolean keeps = held.sourceBlock >= 0 && random.nextBoolean();
            if (keeps) {
                stored[unit] = model.device.get(held.sourceBlock, unit);
                assertEquals(
                        file.content[block * TagDevice.UNITS + unit],
                        stored[unit],
                        "the source of a pair");
            } else {
                stored[unit] = random.nextInt(8) == 0 ? 0 : model.device.freshTag();
            }
            model.device.put(held.deviceBlock, unit, stored[unit]);
        }
        return stored;
    }

    void storeInPlace(ModelProcess process) {
        ModelFile file = heldFile(process);
        if (file == null) {
            return;
        }
        for (Map.Entry<Integer, Held> entry : process.view(file.id).blocks.entrySet()) {
            Held held = entry.getValue();
            if (held.takesStores() && random.nextBoolean()) {
                int unit = random.nextInt(TagDevice.UNITS);
                long tag = model.device.freshTag();
                model.device.put(held.deviceBlock, unit, tag);
                if (held.written) {
                    model.reach.reached(Event.STORE_IN_PLACE);
                    file.content[entry.getKey() * TagDevice.UNITS + unit] = tag;
                } else if (held.filled != null) {
                    held.filled[unit] = tag;
                }
            }
        }
    }

    /** A reader goes to the device again without asking, as its grant allows. */
    void cachedRead(ModelProcess process) {
        ModelFile file = heldFile(process);
        if (file == null || file.removed) {
            return;
        }
        process.view(file.id)
                .blocks
                .forEach(
                        (block, held) -> {
                            if (!held.isWriter()) {
                                model.reach.reached(Event.CACHED_READ);
                                checkBlock(file, block, held.deviceBlock);
                            }
                        });
    }

    /** A process that ended without its word stores where it once was granted RW. */
    void lateStore() {
        ModelProcess zombie = clients.someZombie();
        if (zombie == null) {
            return;
        }
        var viewed = clients.pick(List.copyOf(zombie.views.entrySet()));
        ModelFile file = Objects.requireNonNull(model.files.get(viewed.getKey()));
        for (var entry : viewed.getValue().blocks.entrySet()) {
            Held held = entry.getValue();
            if (!held.takesStores()) {
                continue;
            }
            boolean inFile = quarantined(held.deviceBlock).held().mapped();
            int unit = random.nextInt(TagDevice.UNITS);
            long tag = model.device.freshTag();
            model.device.put(held.deviceBlock, unit, tag);
            if (inFile && !file.removed) {
                model.reach.reached(Event.LATE_STORE_AT_RISK);
                file.content[entry.getKey() * TagDevice.UNITS + unit] = tag;
            } else {
                model.reach.reached(Event.LATE_STORE_IN_QUARANTINE);
            }
        }
    }

    private Quarantine.Entry quarantined(long block) {
        DeviceRange bytes = new DeviceRange(0, VolumeKit.blocks(block), BLOCK);
        return model.state().tables().quarantine().entries().stream()
                .filter(e -> e.range().overlaps(bytes))
                .findFirst()
                .orElseThrow(() -> new AssertionError(bytes + " is not in quarantine"));
    }

    /** A file the process holds anything on, removed or not. */
    @Nullable ModelFile heldFile(ModelProcess process) {
        if (process.views.isEmpty()) {
            return null;
        }
        return model.files.get(clients.pick(List.copyOf(process.views.keySet())));
    }
}
