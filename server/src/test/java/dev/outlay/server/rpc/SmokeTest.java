package dev.outlay.server.rpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.CheckVolumeRequest;
import dev.outlay.v1.ChildName;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitRange;
import dev.outlay.v1.CreateRequest;
import dev.outlay.v1.DeviceIncarnation;
import dev.outlay.v1.Durability;
import dev.outlay.v1.EndClientRequest;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileKind;
import dev.outlay.v1.GetDevicesRequest;
import dev.outlay.v1.GetServerInfoRequest;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.ListVolumesRequest;
import dev.outlay.v1.LookupRequest;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.SessionRef;
import dev.outlay.v1.ShowVolumeRequest;
import dev.outlay.v1.TakeSnapshotRequest;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job over real gRPC: map, write directly, commit, read by another. */
class SmokeTest {
    private static final int BLOCK = TestServer.BLOCK;
    private static final int LENGTH = 4 * BLOCK;

    @TempDir Path directory;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        server = TestServer.withVolume(directory, Map.of());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void bytesWrittenDirectlyAreReadByAnother() throws Exception {
        SessionRef writer = server.open("writer");
        long file = create(writer, "f");
        var mapped = server.layouts().mapBlocks(map(writer, 2, file, IoMode.IO_MODE_RW).build());
        assertTrue(mapped.getLeaseRenewed());
        Extent fresh = mapped.getExtents(0);
        assertEquals(ExtentState.EXTENT_STATE_UNWRITTEN, fresh.getState());
        assertEquals(LENGTH, fresh.getLength());
        assertTrue(fresh.getIsNew());

        byte[] bytes = new byte[LENGTH];
        Arrays.fill(bytes, (byte) 0x42);
        try (FileChannel device = FileChannel.open(server.device(), StandardOpenOption.WRITE)) {
            device.write(ByteBuffer.wrap(bytes), fresh.getDeviceOffset());
            device.force(false);
        }
        var devices =
                server.devices()
                        .getDevices(
                                GetDevicesRequest.newBuilder()
                                        .setVolume(TestServer.VOLUME)
                                        .build());
        assertEquals(BLOCK, devices.getBlockSizeBytes());
        var committed =
                server.layouts()
                        .commitBlocks(
                                CommitBlocksRequest.newBuilder()
                                        .setSession(writer)
                                        .setOperation(TestServer.operation(3))
                                        .setFileId(file)
                                        .setStateid(mapped.getStateid())
                                        .addRanges(
                                                CommitRange.newBuilder()
                                                        .setLength(LENGTH)
                                                        .setDevice(fresh.getDevice())
                                                        .setDeviceOffset(fresh.getDeviceOffset()))
                                        .addDevices(
                                                DeviceIncarnation.newBuilder()
                                                        .setDevice(fresh.getDevice())
                                                        .setIncarnation(
                                                                devices.getDevices(0)
                                                                        .getIncarnation()))
                                        .setMapEpoch(mapped.getMapEpoch())
                                        .setDurability(Durability.DURABILITY_FORCED)
                                        .setLastWriteOffset(LENGTH - 1)
                                        .build());
        assertEquals(LENGTH, committed.getNewSizeBytes());
        server.sessions().endClient(EndClientRequest.newBuilder().setSession(writer).build());

        SessionRef reader = server.open("reader");
        long found =
                server.files()
                        .lookup(
                                LookupRequest.newBuilder()
                                        .setVolume(TestServer.VOLUME)
                                        .setPath("/f")
                                        .build())
                        .getAttributes()
                        .getFileId();
        var read = server.layouts().mapBlocks(map(reader, 1, found, IoMode.IO_MODE_READ).build());
        assertEquals(ExtentState.EXTENT_STATE_WRITTEN, read.getExtents(0).getState());
        assertEquals(LENGTH, read.getSizeBytes());
        assertArrayEquals(bytes, stored(read.getExtents(0)));
    }

    @Test
    void nobodyElseSeesWhatIsNotCommitted() {
        SessionRef writer = server.open("writer");
        long file = create(writer, "f");
        server.layouts().mapBlocks(map(writer, 2, file, IoMode.IO_MODE_RW).build());
        SessionRef reader = server.open("reader");
        var read = server.layouts().mapBlocks(map(reader, 1, file, IoMode.IO_MODE_READ).build());
        assertEquals(0, read.getExtentsCount(), "the file is empty: its size is 0");
    }

    @Test
    void administrationShowsTheVolume() {
        SessionRef writer = server.open("writer");
        long file = create(writer, "f");
        server.layouts().mapBlocks(map(writer, 2, file, IoMode.IO_MODE_RW).build());
        var shown =
                server.admin()
                        .showVolume(
                                ShowVolumeRequest.newBuilder()
                                        .setVolume(TestServer.VOLUME)
                                        .build());
        var space = shown.getStatus().getSpace();
        assertEquals(1, shown.getStatus().getFiles());
        assertTrue(space.getGrantedBytes() >= LENGTH);
        assertEquals(
                space.getTotalBytes(),
                space.getFreeBytes() + space.getGrantedBytes() + space.getMappedBytes());
        var listed = server.admin().listVolumes(ListVolumesRequest.getDefaultInstance());
        assertEquals(1, listed.getVolumesCount());
        var checked =
                server.admin()
                        .checkVolume(
                                CheckVolumeRequest.newBuilder()
                                        .setVolume(TestServer.VOLUME)
                                        .build());
        assertEquals(0, checked.getFindingsCount(), checked::toString);
        assertFalse(checked.getTruncated());
        var snapshot =
                server.admin()
                        .takeSnapshot(
                                TakeSnapshotRequest.newBuilder()
                                        .setVolume(TestServer.VOLUME)
                                        .build());
        assertTrue(snapshot.getSizeBytes() > 0);
        var info = server.admin().getServerInfo(GetServerInfoRequest.getDefaultInstance());
        assertEquals(1, info.getServerIncarnation());
        assertEquals(Fields.ID_BYTES, info.getServerId().size());
    }

    private long create(SessionRef session, String name) {
        return server.files()
                .create(
                        CreateRequest.newBuilder()
                                .setSession(session)
                                .setOperation(TestServer.operation(1))
                                .setAt(ChildName.newBuilder().setParentId(1).setName(name))
                                .setKind(FileKind.FILE_KIND_FILE)
                                .setMode(0644)
                                .build())
                .getAttributes()
                .getFileId();
    }

    private static MapBlocksRequest.Builder map(
            SessionRef session, long operation, long file, IoMode mode) {
        return MapBlocksRequest.newBuilder()
                .setSession(session)
                .setOperation(TestServer.operation(operation))
                .setFileId(file)
                .setLength(LENGTH)
                .setMinLength(LENGTH)
                .setIomode(mode);
    }

    private byte[] stored(Extent extent) throws Exception {
        try (FileChannel device = FileChannel.open(server.device(), StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) extent.getLength());
            while (bytes.hasRemaining()) {
                assertTrue(device.read(bytes, extent.getDeviceOffset() + bytes.position()) > 0);
            }
            return bytes.array();
        }
    }
}
