package dev.outlay.server.engine;

import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/**
 * Does device work and server reads, a bounded piece at a time, on whatever thread calls. All that
 * is written is durable when a method returns.
 */
final class DeviceTasks {

    private static final int PIECE_BYTES = 1 << 20;

    /** Reads and writes the devices of a volume; writes are durable when they return. */
    interface DeviceAccess extends AutoCloseable {
        ByteBuffer read(DeviceRange range) throws IOException;

        void write(DeviceRange range, ByteBuffer bytes) throws IOException;

        void zero(DeviceRange range) throws IOException;

        @Override
        void close();
    }

    private final DeviceAccess devices;
    private final LongConsumer written;

    /**
     * @param written is told how many bytes have been written
     */
    DeviceTasks(DeviceAccess devices, LongConsumer written) {
        this.devices = devices;
        this.written = written;
    }

    /** All steps of the work in their order; doing it again does no harm. */
    void run(Work work, ByteBuffer bytes) throws IOException {
        for (Task task : work.tasks()) {
            switch (task) {
                case Task.Zero(DeviceRange range) -> {
                    devices.zero(range);
                    written.accept(range.length());
                }
                case Task.Copy(DeviceRange from, DeviceRange to) -> copy(from, to);
                case Task.Fill(DeviceRange range, int fromByte) -> {
                    devices.write(range, bytes.slice(fromByte, Math.toIntExact(range.length())));
                    written.accept(range.length());
                }
            }
        }
    }

    private void copy(DeviceRange from, DeviceRange to) throws IOException {
        for (long at = 0; at < from.length(); at += PIECE_BYTES) {
            long length = Math.min(PIECE_BYTES, from.length() - at);
            devices.write(to.slice(at, length), devices.read(from.slice(at, length)));
            written.accept(length);
        }
    }

    /** The bytes of a planned read; what has no address is zeros. */
    Reply.ReadBytes read(Reply.ReadPlan plan) throws IOException {
        long length = plan.extents().stream().mapToLong(Extent::length).sum();
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
        for (Extent extent : plan.extents()) {
            if (extent.hasAddress()) {
                bytes.put(devices.read(extent.deviceRange()));
            } else {
                bytes.position(Math.toIntExact(bytes.position() + extent.length()));
            }
        }
        boolean atRisk = plan.extents().stream().anyMatch(e -> e.has(Extent.AT_RISK));
        return new Reply.ReadBytes(bytes.flip(), plan.sizeBytes(), atRisk);
    }
}
