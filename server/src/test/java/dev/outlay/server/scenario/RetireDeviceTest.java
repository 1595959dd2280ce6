package dev.outlay.server.scenario;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.core.device.DeviceLabel;
import dev.outlay.v1.AddDeviceRequest;
import dev.outlay.v1.DeviceInfo;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.DeviceUse;
import dev.outlay.v1.RetireDeviceRequest;
import dev.outlay.v1.ShowVolumeRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A device leaves a volume at work (I23): under a reader and a writer, and over a restart. */
class RetireDeviceTest extends ScenarioTest {
    private static final long SECOND_BYTES = 16 << 20;
    private static final int FILE_BYTES = 3 << 20;
    private static final int WRITTEN_BYTES = 1 << 20;

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private DeviceInfo addDevice(Path path) {
        return server().admin()
                .addDevice(
                        AddDeviceRequest.newBuilder()
                                .setVolume(ScenarioServer.VOLUME)
                                .setDevice(DeviceSlice.newBuilder().setPath(path.toString()))
                                .build())
                .getDevice();
    }

    private DeviceInfo retire(int index) {
        return server().admin()
                .retireDevice(
                        RetireDeviceRequest.newBuilder()
                                .setVolume(ScenarioServer.VOLUME)
                                .setDevice(index)
                                .build())
                .getDevice();
    }

    private List<DeviceInfo> devices() {
        return server().admin()
                .showVolume(ShowVolumeRequest.newBuilder().setVolume(ScenarioServer.VOLUME).build())
                .getDevicesList();
    }

    private static void create(LayoutClient client, String name, byte[] bytes) throws IOException {
        try (BlockFile file = client.open(ScenarioServer.VOLUME, name, READ, WRITE, CREATE_NEW)) {
            file.write(ByteBuffer.wrap(bytes), 0);
            file.commit();
        }
    }

    private static void assertContent(LayoutClient client, String name, byte[] expected)
            throws IOException {
        try (BlockFile file = client.open(ScenarioServer.VOLUME, name, READ)) {
            assertArrayEquals(expected, all(file, expected.length));
        }
    }

    private static byte[] all(BlockFile file, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining() && file.read(target, target.position()) > 0) {}
        return target.array();
    }

    private static String owner(DeviceFile device) {
        return assertInstanceOf(
                        DeviceLabel.Valid.class,
                        DeviceLabel.decode(device.load(0, DeviceLabel.BLOCK_BYTES)))
                .label()
                .owner();
    }

    @Test
    void aDeviceIsEmptiedUnderAReaderAndAWriterAndItsLabelIsFree() throws Exception {
        ScenarioServer server = serve();
        byte[] first = pattern(1, FILE_BYTES);
        byte[] other = pattern(2, 2 * FILE_BYTES);
        try (DeviceFile second = DeviceFile.make(folder().resolve("second"), SECOND_BYTES)) {
            byte[] written;
            try (LayoutClient a = connect("a");
                    LayoutClient b = connect("b")) {
                create(a, "/first", first);
                create(a, "/written", pattern(0, WRITTEN_BYTES));
                var _ = addDevice(second.path());
                create(a, "/other", other);
                written = retireAtWork(a, b, first, other);
            }
            Await.until("the label is free", () -> owner(server.device()).isEmpty());
            assertEquals(SECOND_BYTES - 2 * BLOCK, server.space().getTotalBytes());
            server.restart();
            try (LayoutClient c = connect("c")) {
                assertContent(c, "/first", first);
                assertContent(c, "/other", other);
                assertContent(c, "/written", written);
            }
            // It may come back, as another one; its old index is not used again.
            assertEquals(2, addDevice(server.device().path()).getIndex());
        }
    }

    /** Retires the first device while one client writes and another reads; what was written. */
    private byte[] retireAtWork(LayoutClient a, LayoutClient b, byte[] first, byte[] other)
            throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger rounds = new AtomicInteger();
        CompletableFuture<Void> reader =
                during(
                        stop,
                        () -> {
                            assertContent(b, "/first", first);
                            assertContent(b, "/other", other);
                        });
        try (BlockFile file = a.open(ScenarioServer.VOLUME, "/written", READ, WRITE)) {
            CompletableFuture<Void> writer =
                    during(
                            stop,
                            () -> {
                                int round = rounds.get() + 1;
                                file.write(ByteBuffer.wrap(pattern(round, WRITTEN_BYTES)), 0);
                                file.commit();
                                rounds.set(round);
                            });
            Await.until("both are at work", () -> rounds.get() > 2);
            DeviceInfo leaving = retire(0);
            assertEquals(DeviceUse.DEVICE_USE_RETIRING, leaving.getUse());
            assertTrue(leaving.getUsedBytes() > FILE_BYTES, leaving::toString);
            Await.until("the device has left", () -> devices().size() == 1);
            int then = rounds.get();
            Await.until("the writer goes on", () -> rounds.get() > then + 1);
            stop.set(true);
            writer.join();
            reader.join();
            byte[] written = pattern(rounds.get(), WRITTEN_BYTES);
            assertArrayEquals(written, all(file, WRITTEN_BYTES));
            return written;
        }
    }

    /** What runs again and again until it is told to stop. */
    private static CompletableFuture<Void> during(AtomicBoolean stop, Step step) {
        return CompletableFuture.runAsync(
                () -> {
                    while (!stop.get()) {
                        try {
                            step.run();
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    }
                },
                task -> Thread.ofPlatform().daemon().start(task));
    }

    private interface Step {
        void run() throws IOException;
    }

    @Test
    void whatAHolderKeepsIsWaitedForAndGoesOnAfterARestart() throws Exception {
        ScenarioServer server = serve();
        try (DeviceFile second = DeviceFile.make(folder().resolve("second"), SECOND_BYTES)) {
            TestClient a = client("a");
            long file = a.create("f");
            var _ = a.write(file, 0, pattern(1, 2 * BLOCK));
            assertThrows(StatusRuntimeException.class, () -> retire(0), "the only one");
            var _ = addDevice(second.path());
            var _ = retire(0);
            server.restart();
            var _ = a.reattach();
            assertEquals(2, devices().size());
            assertEquals(DeviceUse.DEVICE_USE_RETIRING, devices().getFirst().getUse());
            assertEquals(2 * BLOCK, devices().getFirst().getUsedBytes());
            // Where its label cannot be found when it has left, that is made good after a restart.
            Path aside = folder().resolve("aside");
            Files.move(server.device().path(), aside);
            var _ = a.giveBack(file);
            Await.until("the device has left", () -> devices().size() == 1);
            assertFalse(owner(server.device()).isEmpty());
            server.restart();
            var _ = a.reattach();
            Files.move(aside, server.device().path());
            assertFalse(owner(server.device()).isEmpty());
            server.restart();
            var _ = a.reattach();
            Await.until("the label is free", () -> owner(server.device()).isEmpty());
            assertArrayEquals(
                    pattern(1, 2 * BLOCK),
                    second.load(
                            a.map(file, TestClient.READ, 0, 2 * BLOCK)
                                    .getExtents(0)
                                    .getDeviceOffset(),
                            2 * BLOCK));
        }
    }
}
