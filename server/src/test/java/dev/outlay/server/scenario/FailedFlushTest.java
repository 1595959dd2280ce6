package dev.outlay.server.scenario;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.ClientSeams;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.WriteMode;
import dev.outlay.client.device.Device;
import dev.outlay.client.device.DeviceException;
import dev.outlay.client.device.Devices;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.core.value.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A client whose flushes fail, against the real server: what it stored is exposed to nobody. */
class FailedFlushTest extends ScenarioTest {

    private volatile boolean failing;

    /** A device whose flushes fail when the test wants it. */
    private final class Failing implements Device {
        private final Path path;
        private final Device device;

        Failing(Path path, Device device) {
            this.path = path;
            this.device = device;
        }

        @Override
        public DeviceLabel readLabel() throws DeviceException {
            return device.readLabel();
        }

        @Override
        public void read(long deviceOffset, MemorySegment target) throws DeviceException {
            device.read(deviceOffset, target);
        }

        @Override
        public void write(long deviceOffset, MemorySegment source) throws DeviceException {
            device.write(deviceOffset, source);
        }

        @Override
        public void zero(long deviceOffset, long lengthBytes) throws DeviceException {
            device.zero(deviceOffset, lengthBytes);
        }

        @Override
        public Durability flush(long deviceOffset, long lengthBytes) throws DeviceException {
            if (failing) {
                throw DeviceException.of(path, "flush", new IOException("Input/output error"));
            }
            return device.flush(deviceOffset, lengthBytes);
        }

        @Override
        public boolean flushesAll() {
            return device.flushesAll();
        }

        @Override
        public long failedFlushes() {
            return device.failedFlushes();
        }

        @Override
        public boolean prefersLargeStores() {
            return device.prefersLargeStores();
        }

        @Override
        public Durability durability() {
            return device.durability();
        }

        @Override
        public long size() {
            return device.size();
        }

        @Override
        public void close() throws DeviceException {
            device.close();
        }
    }

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000),
                ClientSeams.to(
                        server().address(),
                        (path, options) -> new Failing(path, Devices.open(path, options))));
    }

    private BlockFile open(LayoutClient client, OpenOption... how) throws IOException {
        return client.open(ScenarioServer.VOLUME, "/f", how);
    }

    private void failingCommit(BlockFile file, String lost) {
        failing = true;
        DeviceException e = assertThrows(DeviceException.class, file::commit);
        failing = false;
        assertTrue(e.getMessage().contains(" at [" + lost + "] and"), e.getMessage());
    }

    private static byte[] read(BlockFile file, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining() && file.read(target, target.position()) > 0) {
            // More may follow.
        }
        return target.array();
    }

    private void checkSeen(LayoutClient other, byte[] expected) throws IOException {
        try (BlockFile seen = open(other, READ)) {
            assertArrayEquals(expected, read(seen, expected.length));
        }
    }

    private void losesWhatItCannotFlush() throws IOException {
        byte[] expected = new byte[3 * BLOCK];
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b");
                BlockFile file = open(a, READ, WRITE, CREATE)) {
            file.truncate(3 * BLOCK);
            file.write(ByteBuffer.wrap(pattern(1, BLOCK)), 100);
            failingCommit(file, "[100, " + (BLOCK + 100) + ")");
            assertArrayEquals(expected, read(file, 3 * BLOCK));

            put(file, expected, 2000, pattern(2, 10));
            file.commit();
            assertArrayEquals(expected, read(file, 3 * BLOCK));
            checkSeen(b, expected);

            file.allocate(2 * BLOCK, BLOCK);
            file.write(ByteBuffer.wrap(pattern(3, 50)), 2 * BLOCK);
            failingCommit(file, "[" + 2 * BLOCK + ", " + (2 * BLOCK + 50) + ")");
            assertArrayEquals(expected, read(file, 3 * BLOCK));
            put(file, expected, 2 * BLOCK + 100, pattern(4, 50));
            file.commit();
            checkSeen(b, expected);
        }
    }

    private static void put(BlockFile file, byte[] expected, int offset, byte[] bytes)
            throws IOException {
        System.arraycopy(bytes, 0, expected, offset, bytes.length);
        file.write(ByteBuffer.wrap(bytes), offset);
    }

    @Test
    void whereZerosAreHandedOut() throws Exception {
        serveZeros();
        losesWhatItCannotFlush();
    }

    @Test
    void whereBlocksAreHandedOutUnwritten() throws Exception {
        serve();
        losesWhatItCannotFlush();
    }

    /** What is to be seen at once is lost at once, where its flushes are several. */
    @Test
    void anOverwriteThatIsToBeSeenAtOnce() throws Exception {
        serve();
        byte[] expected = pattern(5, 6 * BLOCK);
        try (LayoutClient a = connect("a");
                LayoutClient b = connect("b");
                BlockFile file = open(a, READ, WRITE, CREATE);
                BlockFile atOnce = open(a, READ, WRITE, WriteMode.ATOMIC)) {
            file.write(ByteBuffer.wrap(expected), 0);
            file.commit();
            atOnce.write(ByteBuffer.wrap(pattern(6, 10)), 0);
            atOnce.flush();
            atOnce.write(ByteBuffer.wrap(pattern(7, 10)), 4 * BLOCK);
            failing = true;
            assertThrows(DeviceException.class, atOnce::flush);
            failing = false;
            atOnce.commit();
            assertArrayEquals(expected, read(file, 6 * BLOCK));
            checkSeen(b, expected);
            put(atOnce, expected, 4 * BLOCK, pattern(8, 10));
            atOnce.commit();
            checkSeen(b, expected);
        }
    }
}
