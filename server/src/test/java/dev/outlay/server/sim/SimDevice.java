package dev.outlay.server.sim;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The shared memory as one process uses it. The process may be stopped between any two lines it
 * stores or loads, and go on much later where it was; every store is shown to the checks.
 */
final class SimDevice implements Device {

    private static final Path PATH = Path.of("shared-memory");
    private static final int FLUSH_FAILS_ONE_IN = 3_000;

    private final World world;
    private final SharedMemory memory;
    private final SimProcess process;
    private final Watcher watcher;

    /** Sees each store right before and right after it happens. */
    interface Watcher {
        void storing(long offset, long length);

        void stored(long offset, long length);
    }

    SimDevice(World world, SharedMemory memory, SimProcess process, Watcher watcher) {
        this.world = world;
        this.memory = memory;
        this.process = process;
        this.watcher = watcher;
    }

    @Override
    public DeviceLabel readLabel() {
        return memory.label();
    }

    @Override
    public void read(long deviceOffset, MemorySegment target) {
        maybePause(true);
        long first = split(deviceOffset, target.byteSize());
        memory.load(deviceOffset, target.asSlice(0, first));
        if (first < target.byteSize()) {
            maybePause(true);
            memory.load(deviceOffset + first, target.asSlice(first));
        }
        maybePause(true);
    }

    @Override
    public void write(long deviceOffset, MemorySegment source) {
        maybePause(false);
        long first = split(deviceOffset, source.byteSize());
        store(deviceOffset, source.asSlice(0, first));
        if (first < source.byteSize()) {
            maybePause(false);
            store(deviceOffset + first, source.asSlice(first));
        }
        maybePause(false);
    }

    private void store(long deviceOffset, MemorySegment source) {
        watcher.storing(deviceOffset, source.byteSize());
        memory.store(process.host(), deviceOffset, source);
        watcher.stored(deviceOffset, source.byteSize());
    }

    @Override
    public void zero(long deviceOffset, long lengthBytes) {
        maybePause(false);
        watcher.storing(deviceOffset, lengthBytes);
        memory.zero(process.host(), deviceOffset, lengthBytes);
        watcher.stored(deviceOffset, lengthBytes);
        maybePause(false);
    }

    @Override
    public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
        maybePause(false);
        if (world.oneIn(FLUSH_FAILS_ONE_IN)) {
            world.count("flush failed");
            throw DeviceException.of(PATH, "flush", new IOException("injected"));
        }
        memory.flush(process.host(), deviceOffset, lengthBytes);
        return Durability.SYNC_MAPPED;
    }

    @Override
    public Durability durability() {
        return Durability.SYNC_MAPPED;
    }

    @Override
    public long size() {
        return memory.label().sizeBytes();
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
