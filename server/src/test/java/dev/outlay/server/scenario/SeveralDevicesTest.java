package dev.outlay.server.scenario;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.OutlayException;
import dev.outlay.core.value.Reason;
import dev.outlay.v1.AddDeviceRequest;
import dev.outlay.v1.CreateVolumeRequest;
import dev.outlay.v1.DeviceSlice;
import dev.outlay.v1.Extent;
import dev.outlay.v1.FilesGrpc;
import dev.outlay.v1.ListExtentsRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scenario 47: volumes on several devices, and a device that joins one at work. */
class SeveralDevicesTest extends ScenarioTest {
    private static final int STRIPE = 16 * BLOCK;
    private static final long SECOND_BYTES = 4 << 20;

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private List<Extent> extents(String volume, long file) {
        return FilesGrpc.newBlockingStub(server().channel())
                .listExtents(
                        ListExtentsRequest.newBuilder().setVolume(volume).setFileId(file).build())
                .getExtentsList();
    }

    private static void assertContent(LayoutClient client, String volume, byte[] expected)
            throws IOException {
        try (BlockFile file = client.open(volume, "/f", READ)) {
            ByteBuffer target = ByteBuffer.allocate(expected.length);
            while (target.hasRemaining() && file.read(target, target.position()) > 0) {}
            assertArrayEquals(expected, target.array());
        }
    }

    private static DeviceSlice slice(Path path, long start, long length) {
        return DeviceSlice.newBuilder()
                .setPath(path.toString())
                .setStart(start)
                .setLength(length)
                .build();
    }

    private void addDevice(Path path) {
        var _ =
                server().admin()
                        .addDevice(
                                AddDeviceRequest.newBuilder()
                                        .setVolume(ScenarioServer.VOLUME)
                                        .setDevice(
                                                DeviceSlice.newBuilder().setPath(path.toString()))
                                        .build());
    }

    @Test
    void scenario47ADeviceJoinsALiveVolumeAndClientsLearnOfIt() throws Exception {
        ScenarioServer server = serve();
        try (DeviceFile second = DeviceFile.make(folder().resolve("second"), SECOND_BYTES)) {
            byte[] bytes = pattern(1, (int) (DEVICE_BYTES + (1 << 20)));
            long free = server.space().getFreeBytes();
            long id;
            try (LayoutClient a = connect("a");
                    BlockFile file = a.open(ScenarioServer.VOLUME, "/f", READ, WRITE, CREATE_NEW)) {
                id = file.file().value();
                file.write(ByteBuffer.wrap(bytes, 0, BLOCK), 0);
                addDevice(second.path());
                assertTrue(server.space().getFreeBytes() > free, "its blocks are free space");
                file.write(ByteBuffer.wrap(bytes), 0);
                file.commit();
            }
            assertEquals(
                    2,
                    extents(ScenarioServer.VOLUME, id).stream()
                            .map(Extent::getDevice)
                            .distinct()
                            .count(),
                    "the extents are split at the border of the devices");
            try (LayoutClient b = connect("b")) {
                assertContent(b, ScenarioServer.VOLUME, bytes);
            }
            // A second time it is in use.
            assertThrows(StatusRuntimeException.class, () -> addDevice(second.path()));
            server.restart();
            try (LayoutClient b = connect("b")) {
                assertContent(b, ScenarioServer.VOLUME, bytes);
            }

            // Its label is lost: nothing there is touched.
            long last = SECOND_BYTES - BLOCK;
            byte[] label = second.load(0, BLOCK);
            byte[] copy = second.load(last, BLOCK);
            second.store(0, new byte[BLOCK]);
            second.store(last, new byte[BLOCK]);
            try (LayoutClient c = connect("c")) {
                IOException refused =
                        assertThrows(
                                IOException.class,
                                () -> assertContent(c, ScenarioServer.VOLUME, bytes));
                boolean mismatch =
                        refused instanceof OutlayException e && e.is(Reason.DEVICE_MISMATCH);
                assertTrue(
                        mismatch || String.valueOf(refused.getMessage()).contains("label"),
                        refused::toString);
            }
            second.store(0, label);
            second.store(last, copy);
        }
    }

    @Test
    void scenario47FilesRotateOverTheDevicesOfAStripedVolume() throws Exception {
        ScenarioServer server = serve();
        try (DeviceFile first = DeviceFile.make(folder().resolve("s0"), SECOND_BYTES);
                DeviceFile second = DeviceFile.make(folder().resolve("s1"), SECOND_BYTES)) {
            long half = SECOND_BYTES / 2;
            var made =
                    server.admin()
                            .createVolume(
                                    CreateVolumeRequest.newBuilder()
                                            .setVolume("striped")
                                            .setStripeBytes(STRIPE)
                                            .addDevices(slice(first.path(), BLOCK, half - BLOCK))
                                            .addDevices(slice(second.path(), BLOCK, half - BLOCK))
                                            .build())
                            .getStatus();
            assertEquals(STRIPE, made.getStripeBytes());
            // Another volume on what is left of one of them.
            var _ =
                    server.admin()
                            .createVolume(
                                    CreateVolumeRequest.newBuilder()
                                            .setVolume("rest")
                                            .addDevices(slice(first.path(), half, half - BLOCK))
                                            .build());
            byte[] bytes = pattern(2, 6 * STRIPE);
            try (LayoutClient a = connect("a");
                    BlockFile file = a.open("striped", "/f", READ, WRITE, CREATE_NEW)) {
                file.write(ByteBuffer.wrap(bytes), 0);
                file.commit();
                List<Extent> extents = extents("striped", file.file().value());
                for (Extent extent : extents) {
                    if (extent.getFileOffset() < bytes.length) {
                        assertTrue(extent.getLength() <= STRIPE, () -> "split: " + extents);
                    }
                }
                assertEquals(
                        2,
                        extents.stream()
                                .filter(e -> e.getFileOffset() < 2 * STRIPE)
                                .map(Extent::getDevice)
                                .distinct()
                                .count());
            }
            try (LayoutClient b = connect("b")) {
                assertContent(b, "striped", bytes);
            }
            server.restart();
            try (LayoutClient b = connect("b")) {
                assertContent(b, "striped", bytes);
            }
        }
    }
}
