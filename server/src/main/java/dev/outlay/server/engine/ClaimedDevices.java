package dev.outlay.server.engine;

import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.VolumeDevice;
import dev.outlay.server.device.DeviceException;
import dev.outlay.server.device.ServerDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The devices of one volume, claimed for this server, by index. Thread-safe. */
final class ClaimedDevices implements DeviceTasks.DeviceAccess {

    private final DevicePool pool;
    private final Map<Integer, ServerDevice> byIndex = new ConcurrentHashMap<>();

    private ClaimedDevices(DevicePool pool) {
        this.pool = pool;
    }

    /** Claims all of them, or none. */
    static ClaimedDevices claim(DevicePool pool, List<VolumeDevice> used) throws DeviceException {
        ClaimedDevices claimed = new ClaimedDevices(pool);
        try {
            for (VolumeDevice device : used) {
                claimed.add(device);
            }
            return claimed;
        } catch (DeviceException e) {
            claimed.close();
            throw e;
        }
    }

    /** Claims one more, before the volume hears of it. */
    void add(VolumeDevice device) throws DeviceException {
        byIndex.put(device.index(), pool.claim(device));
    }

    /** Lets one go that the volume does not know. */
    void remove(int index) {
        ServerDevice device = byIndex.remove(index);
        if (device != null) {
            pool.release(device);
        }
    }

    @Override
    public ByteBuffer read(DeviceRange range) throws IOException {
        return ByteBuffer.wrap(of(range).read(range));
    }

    @Override
    public void write(DeviceRange range, ByteBuffer bytes) throws IOException {
        of(range).write(range, bytes);
    }

    @Override
    public void zero(DeviceRange range) throws IOException {
        of(range).zero(range);
    }

    private ServerDevice of(DeviceRange range) throws IOException {
        ServerDevice device = byIndex.get(range.device());
        if (device == null) {
            throw new IOException("the volume has no device " + range.device());
        }
        return device;
    }

    @Override
    public void close() {
        List.copyOf(byIndex.keySet()).forEach(this::remove);
    }
}
