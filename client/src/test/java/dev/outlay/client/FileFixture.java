package dev.outlay.client;

import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.client.session.SimScheduler;
import dev.outlay.client.session.SimTransport;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.space.RangeSet;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;

/** A client and its fake volume, in one thread and simulated time. */
final class FileFixture {

    final SimScheduler scheduler = new SimScheduler();
    final FakeVolume volume;
    final SimTransport network;
    final HookedDevice device;
    final LayoutClient client;
    int devicesOpened;

    FileFixture(long seed) throws OutlayException {
        volume = new FakeVolume(new Random(seed));
        network = new SimTransport(scheduler, volume);
        device = new HookedDevice(volume.device(), volume.unflushed());
        client =
                LayoutClient.connect(
                        ClientOptions.to("fake", "test"),
                        new ClientSeams(
                                scheduler.clock(),
                                scheduler,
                                new Random(seed),
                                network,
                                (_, _) -> {
                                    devicesOpened++;
                                    return device;
                                }));
    }

    BlockFile open() throws IOException {
        return client.open(
                FakeVolume.NAME,
                FakeVolume.PATH,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    static byte[] bytes(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    static byte[] read(BlockFile file, long offset, int length) throws IOException {
        byte[] target = new byte[length];
        long count = file.read(MemorySegment.ofArray(target), offset);
        return count < 0 ? new byte[0] : Arrays.copyOf(target, (int) count);
    }

    static void write(BlockFile file, long offset, byte[] bytes) throws IOException {
        file.write(MemorySegment.ofArray(bytes), offset);
    }

    /** A device on which a test does something before or after an access, and counts. */
    static final class HookedDevice implements Device {
        private final Device device;
        private final RangeSet unflushed;
        Runnable afterRead = () -> {};

        /** So many of the next reads fail. */
        int failReads;

        Runnable beforeWrite = () -> {};
        LongPredicate checkStore = _ -> true;
        int stores;
        long storedBytes;
        long zeroedBytes;
        int flushes;
        boolean failFlush;

        /** Of flushes counted from 1, those that fail. */
        IntPredicate failFlushes = _ -> false;

        boolean flushesAll;

        boolean prefersLargeStores;

        /** Of whoever shares the device. */
        long failedFlushes;

        /** Of the next write only the first half is stored. */
        boolean failWrite;

        HookedDevice(Device device, RangeSet unflushed) {
            this.device = device;
            this.unflushed = unflushed;
        }

        @Override
        public DeviceLabel readLabel() throws DeviceException {
            return device.readLabel();
        }

        @Override
        public void read(long deviceOffset, MemorySegment target) throws DeviceException {
            if (failReads > 0) {
                failReads--;
                // Past its end, so that it refuses by itself.
                device.read(device.size(), target);
            }
            device.read(deviceOffset, target);
            afterRead.run();
        }

        @Override
        public void write(long deviceOffset, MemorySegment source) throws DeviceException {
            beforeWrite.run();
            if (failWrite) {
                failWrite = false;
                write(deviceOffset, source.asSlice(0, source.byteSize() / 2));
                device.write(device.size(), source);
            }
            checkStore(deviceOffset, source.byteSize());
            stores++;
            storedBytes += source.byteSize();
            unflushed.add(ByteRange.ofLength(deviceOffset, source.byteSize()));
            device.write(deviceOffset, source);
        }

        @Override
        public void zero(long deviceOffset, long lengthBytes) throws DeviceException {
            checkStore(deviceOffset, lengthBytes);
            zeroedBytes += lengthBytes;
            unflushed.add(ByteRange.ofLength(deviceOffset, lengthBytes));
            device.zero(deviceOffset, lengthBytes);
        }

        private void checkStore(long deviceOffset, long lengthBytes) {
            for (long at = deviceOffset; at < deviceOffset + lengthBytes; at += BLOCK_PAST_END) {
                if (!checkStore.test(at)) {
                    throw new AssertionError("a store at " + at + " that is not granted");
                }
            }
        }

        @Override
        public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
            flushes++;
            if (failFlush || failFlushes.test(flushes)) {
                // Past its end, so that it refuses by itself.
                device.flush(device.size(), BLOCK_PAST_END);
            }
            unflushed.remove(
                    flushesAll
                            ? new ByteRange(0, Long.MAX_VALUE)
                            : ByteRange.ofLength(deviceOffset, lengthBytes));
            return device.flush(deviceOffset, lengthBytes);
        }

        @Override
        public boolean flushesAll() {
            return flushesAll;
        }

        @Override
        public long failedFlushes() {
            return failedFlushes;
        }

        @Override
        public boolean prefersLargeStores() {
            return prefersLargeStores;
        }

        private static final long BLOCK_PAST_END = 4096;

        @Override
        public Durability durability() {
            return device.durability();
        }

        @Override
        public long size() {
            return device.size();
        }

        @Override
        public void close() throws DeviceException {}
    }
}
