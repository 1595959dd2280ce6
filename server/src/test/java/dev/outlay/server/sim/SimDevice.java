package dev.outlay.server.sim;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A unit of the shared memory as one process uses it. The process may be stopped between any two
 * lines it stores or loads, and go on much later where it was; every store is shown to the checks.
 */
final class SimDevice implements Device {

    private static final int FLUSH_FAILS_ONE_IN = 3_000;

    private final World world;
    private final SharedMemory memory;
    private final int unit;
    private final long base;
    private final SimProcess process;
    private final Watcher watcher;

    /** Sees each store right before and right after it happens, by its place in the memory. */
    interface Watcher {
        void storing(long offset, long length);

        void stored(long offset, long length);
    }

    SimDevice(World world, SharedMemory memory, int unit, SimProcess process, Watcher watcher) {
        this.world = world;
        this.memory = memory;
        this.unit = unit;
        this.base = Units.base(unit);
        this.process = process;
        this.watcher = watcher;
    }

    @Override
    public DeviceLabel readLabel() {
        return memory.label(unit);
    }

    @Override
    public void read(long deviceOffset, MemorySegment target) throws DeviceException {
        long at = base + deviceOffset;
        maybePause(true);
        long first = split(at, target.byteSize());
        load(at, target.asSlice(0, first));
        if (first < target.byteSize()) {
            maybePause(true);
            load(at + first, target.asSlice(first));
        }
        maybePause(true);
    }

    private void load(long at, MemorySegment target) throws DeviceException {
        checkReached("read");
        memory.load(at, target);
    }

    @Override
    public void write(long deviceOffset, MemorySegment source) throws DeviceException {
        long at = base + deviceOffset;
        maybePause(false);
        long first = split(at, source.byteSize());
        store(at, source.asSlice(0, first));
        if (first < source.byteSize()) {
            maybePause(false);
            store(at + first, source.asSlice(first));
        }
        maybePause(false);
    }

    private void store(long at, MemorySegment source) throws DeviceException {
        checkReached("write");
        watcher.storing(at, source.byteSize());
        memory.store(process.host(), at, source);
        watcher.stored(at, source.byteSize());
    }

    @Override
    public void zero(long deviceOffset, long lengthBytes) throws DeviceException {
        long at = base + deviceOffset;
        maybePause(false);
        checkReached("zero");
        watcher.storing(at, lengthBytes);
        memory.zero(process.host(), at, lengthBytes);
        watcher.stored(at, lengthBytes);
        maybePause(false);
    }

    @Override
    public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
        maybePause(false);
        checkReached("flush");
        if (world.oneIn(FLUSH_FAILS_ONE_IN)) {
            world.count("flush failed");
            throw failed("flush");
        }
        memory.flush(process.host(), base + deviceOffset, lengthBytes);
        return Durability.SYNC_MAPPED;
    }

    @Override
    public boolean flushesAll() {
        return false;
    }

    /** A failure is of its range alone: what is not flushed is lost line by line. */
    @Override
    public long failedFlushes() {
        return 0;
    }

    @Override
    public boolean prefersLargeStores() {
        return true;
    }

    private void checkReached(String what) throws DeviceException {
        if (!memory.isReached(process.host(), unit)) {
            world.count("device not reached");
            throw failed(what);
        }
    }

    private DeviceException failed(String what) {
        return DeviceException.of(Path.of(Units.path(unit)), what, new IOException("injected"));
    }

    @Override
    public Durability durability() {
        return Durability.SYNC_MAPPED;
    }

    @Override
    public long size() {
        return memory.label(unit).sizeBytes();
    }

    @Override
    public void close() {}

    /** How much is stored or loaded before the process may be stopped in the middle. */
    private long split(long offset, long length) {
        long lines = (offset + length) / SharedMemory.LINE_BYTES - offset / SharedMemory.LINE_BYTES;
        if (lines < 1 || !world.oneIn(3)) {
            return length;
        }
        long border =
                (offset / SharedMemory.LINE_BYTES + 1 + world.random().nextLong(lines))
                        * SharedMemory.LINE_BYTES;
        return Math.min(length, border - offset);
    }

    /** Others go on meanwhile, for a moment or, if the process is stopped here, for long. */
    private void maybePause(boolean reading) {
        process.accessing(reading);
        if (world.oneIn(2)) {
            process.pause(world.delay(200, 200_000));
        }
    }
}
