package dev.outlay.server.sim;

import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.state.VolumeTables;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.engine.SimEngine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The devices of the volume as one process of the server has them: those that it has claimed, its
 * own way to the shared memory, on which each access may fail half-way, and their labels.
 */
final class SimServerDevices implements SimEngine.Storage, SimEngine.Keeper {

    private static final String OWNER = "simulated";
    private static final int ACCESS_FAILS_ONE_IN = 40;

    /** Work that fails again and again is tried ever later, and so long after at most. */
    private static final long LATEST_RETRY_NANOS = 1_000_000_000;

    private final World world;
    private final SharedMemory memory;
    private final SimServer.Watcher watcher;
    private final boolean areSeveral;
    private final Map<Integer, VolumeDevice> claimed = new TreeMap<>();
    private boolean accessFails;
    private boolean adding;
    private long hinderedNanos;

    /** When an access failed, of those that have not succeeded since: it is tried again. */
    private final Map<DeviceRange, Long> failed = new HashMap<>();

    SimServerDevices(
            World world,
            SharedMemory memory,
            SimServer.Watcher watcher,
            boolean areSeveral,
            boolean accessFails) {
        this.world = world;
        this.memory = memory;
        this.watcher = watcher;
        this.areSeveral = areSeveral;
        this.accessFails = accessFails;
    }

    void failNoMore() {
        accessFails = false;
    }

    /** When last an access failed, or could not but fail; 0: never. */
    long hinderedNanos() {
        long now = world.nanos();
        if (!claimed.keySet().stream().allMatch(this::isReached)) {
            hinderedNanos = now;
        }
        failed.values().forEach(this::hinderedSince);
        return hinderedNanos;
    }

    private boolean isReached(int device) {
        return memory.isReached(SimServer.HOST, Units.of(device));
    }

    private void failed(DeviceRange range) {
        hinderedNanos = world.nanos();
        failed.put(range, world.nanos());
    }

    private void succeeded(DeviceRange range) {
        Long since = failed.remove(range);
        if (since != null) {
            hinderedSince(since);
        }
    }

    /** An access that failed then was to be tried again. */
    private void hinderedSince(long nanos) {
        hinderedNanos =
                Math.max(hinderedNanos, Math.min(world.nanos(), nanos + LATEST_RETRY_NANOS));
    }

    // ---- stores and loads

    /** Where in the memory a range begins. */
    private long start(DeviceRange range) throws IOException {
        if (!claimed.containsKey(range.device())) {
            world.violated("I23", "the server is to use what it has let go of: " + range);
            throw new IOException("the volume has no device " + range.device());
        }
        if (!isReached(range.device())) {
            failed(range);
            throw new IOException("injected absence of device " + range.device());
        }
        return Units.base(range.device()) + range.start();
    }

    @Override
    public ByteBuffer read(DeviceRange range) throws IOException {
        long start = start(range);
        if (isToFail()) {
            world.count("server read failed");
            failed(range);
            throw new IOException("injected failure of a read");
        }
        succeeded(range);
        byte[] bytes = new byte[(int) range.length()];
        memory.load(start, MemorySegment.ofArray(bytes));
        return ByteBuffer.wrap(bytes);
    }

    @Override
    public void write(DeviceRange range, ByteBuffer bytes) throws IOException {
        long start = start(range);
        boolean fails = isToFail();
        long length = fails ? world.random().nextLong(range.length() + 1) : range.length();
        byte[] copy = new byte[(int) range.length()];
        bytes.duplicate().get(copy);
        watcher.filling(start, length);
        memory.store(SimServer.HOST, start, MemorySegment.ofArray(copy).asSlice(0, length));
        watcher.stored(start, length);
        finish("write", fails, range);
    }

    @Override
    public void zero(DeviceRange range) throws IOException {
        long start = start(range);
        boolean fails = isToFail();
        long length = fails ? world.random().nextLong(range.length() + 1) : range.length();
        watcher.storing(start, length);
        memory.zero(SimServer.HOST, start, length);
        watcher.stored(start, length);
        finish("zero", fails, range);
    }

    private boolean isToFail() {
        return world.oneIn(ACCESS_FAILS_ONE_IN) && accessFails;
    }

    private void finish(String what, boolean fails, DeviceRange range) throws IOException {
        if (fails) {
            failed(range);
            world.count("server " + what + " failed");
            world.reach(Probe.SERVER_STORE_FAILED);
            throw new IOException("injected failure of a " + what);
        }
        succeeded(range);
        memory.flush(SimServer.HOST, Units.base(range.device()) + range.start(), range.length());
        world.count("server " + what);
    }

    // ---- which there are, and whose

    /** What stands on the unit of that index, but for its last {@code lessBlocks}. */
    static VolumeDevice device(SharedMemory memory, int index, int lessBlocks) {
        DeviceLabel label = memory.label(Units.of(index));
        return new VolumeDevice(
                index,
                label.device(),
                label.incarnation(),
                label.sizeBytes(),
                SimServer.BLOCK,
                label.sizeBytes() - (2L + lessBlocks) * SimServer.BLOCK,
                Units.path(Units.of(index)),
                true);
    }

    /** As the server's own: the label must be the one that the volume means. */
    void claim(VolumeDevice device) throws IOException {
        int unit = Units.of(device.index());
        if (!isReached(device.index())) {
            world.reach(Probe.VOLUME_UNAVAILABLE);
            throw new IOException("injected absence of " + device.path());
        }
        DeviceLabel label = memory.label(unit);
        if (!label.device().equals(device.uuid()) || label.incarnation() != device.incarnation()) {
            world.violated("I23", "the volume has " + device + ", and there is " + label);
        }
        if (areSeveral) {
            memory.relabel(unit, label.claimedBy(OWNER));
        }
        claimed.put(device.index(), device);
    }

    @Override
    public void letGo(VolumeDevice device) {
        claimed.remove(device.index());
    }

    @Override
    public void disown(VolumeDevice device) throws DeviceException {
        int unit = Units.of(device.index());
        if (!isReached(device.index())) {
            throw DeviceException.of(
                    Path.of(device.path()), "write the label", new IOException("injected"));
        }
        DeviceLabel label = memory.label(unit);
        // One that is another device by now, or in another life, is left alone.
        if (label.device().equals(device.uuid())
                && label.incarnation() == device.incarnation()
                && label.isOwned()) {
            watcher.disowning(device);
            memory.relabel(unit, label.released());
        }
    }

    /**
     * The operator gives the volume one device more, on the unit of the next index, formatted anew
     * if it was used before; {@code done} hears what the volume says to that.
     *
     * @return false if that cannot be: the unit is in use, or may be
     */
    boolean add(SimEngine engine, int lessBlocks, Consumer<Reply> done) {
        int[] next = {-1};
        engine.look(state -> next[0] = freeIndex(state.tables()));
        int index = next[0];
        int unit = Units.of(index);
        if (index < 0 || adding || !isReached(index)) {
            return false;
        }
        DeviceLabel label = memory.label(unit);
        if (label.lockEpoch() > 0) {
            world.count("device formatted anew");
            memory.relabel(unit, label.released().reincarnated());
        }
        VolumeDevice device = device(memory, index, lessBlocks);
        try {
            claim(device);
        } catch (IOException e) {
            return false;
        }
        adding = true;
        engine.addDevice(
                device,
                reply -> {
                    adding = false;
                    if (reply instanceof Reply.Failure) {
                        claimed.remove(index);
                    }
                    done.accept(reply);
                });
        return true;
    }

    /** The next index, if nothing of the volume is on its unit; otherwise -1. */
    private static int freeIndex(VolumeTables tables) {
        int unit = Units.of(tables.nextDevice());
        boolean inUse =
                Stream.concat(tables.devices().stream(), tables.leaving().stream())
                        .anyMatch(device -> Units.of(device.index()) == unit);
        return inUse ? -1 : tables.nextDevice();
    }
}
