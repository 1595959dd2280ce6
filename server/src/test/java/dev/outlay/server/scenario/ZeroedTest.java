package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.client.WriteMode;
import dev.outlay.v1.Allocation;
import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.RevokeClientRequest;
import dev.outlay.v1.ShowVolumeRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A volume that hands out zeros: nobody meets what the last owner of a block left there. */
class ZeroedTest extends ScenarioTest {

    private LayoutClient connect(String owner) throws IOException {
        return LayoutClient.connect(
                ClientOptions.to(server().address(), owner)
                        .withMaxIoMillis(1000)
                        .withDeadlineMillis(20_000));
    }

    private byte[] loadAll(MapBlocksResponse mapped) {
        int length = (int) mapped.getExtentsList().stream().mapToLong(Extent::getLength).sum();
        ByteBuffer all = ByteBuffer.allocate(length);
        for (Extent extent : mapped.getExtentsList()) {
            all.put(
                    server().device()
                            .load(extent.getDeviceOffset(), Math.toIntExact(extent.getLength())));
        }
        return all.array();
    }

    private static List<ExtentState> states(List<Extent> extents) {
        return extents.stream().map(Extent::getState).distinct().toList();
    }

    @Test
    void aPartlyWrittenBlockIsZerosElsewhere() throws Exception {
        ScenarioServer server = serveZeros();
        assertEquals(
                Allocation.ALLOCATION_ZEROED,
                server.admin()
                        .showVolume(
                                ShowVolumeRequest.newBuilder()
                                        .setVolume(ScenarioServer.VOLUME)
                                        .build())
                        .getStatus()
                        .getAllocation());
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.truncate(file, 2 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        assertEquals(List.of(ExtentState.EXTENT_STATE_WRITTEN), states(mapped.getExtentsList()));
        assertZeros(loadAll(mapped));
        a.store(mapped.getExtentsList(), 100, pattern(1, 50));

        MapBlocksResponse seen = b.map(file, READ, 0, 2 * BLOCK);
        assertEquals(List.of(ExtentState.EXTENT_STATE_UNWRITTEN), states(seen.getExtentsList()));
        assertEquals(List.of(), seen.getRangesList(), "not to be cached");
        assertZeros(b.read(file));

        var _ = a.committing(file).part(mapped, 0, BLOCK).send();
        var _ = a.giveBack(file);
        byte[] expected = new byte[2 * BLOCK];
        System.arraycopy(pattern(1, 50), 0, expected, 100, 50);
        assertArrayEquals(expected, b.read(file));
    }

    @Test
    void blocksOfAllocateAreZerosAgainForTheNextWriter() throws Exception {
        serveZeros();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.allocate(file, 0, 2 * BLOCK);
        MapBlocksResponse first = a.map(file, RW, 0, 2 * BLOCK);
        a.store(first.getExtentsList(), 0, pattern(2, 2 * BLOCK));
        var _ = a.giveBack(file);
        MapBlocksResponse second = b.map(file, RW, 0, 2 * BLOCK);
        assertEquals(first.getExtents(0).getDeviceOffset(), second.getExtents(0).getDeviceOffset());
        assertZeros(loadAll(second));
    }

    @Test
    void aRevokedWritersBlocksAreQuarantined() throws Exception {
        ScenarioServer server = serveZeros();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        var _ =
                server.admin()
                        .revokeClient(
                                RevokeClientRequest.newBuilder().setClientId(a.clientId()).build());
        assertEquals(2 * BLOCK, server.space().getQuarantinedBytes());
        MapBlocksResponse next = b.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(3, 2 * BLOCK));
        assertZeros(loadAll(next));
    }

    /** The library stores in place, and its commit makes the blocks the file's own. */
    @Test
    void theLibraryCommitsWhatItWasToldIsWritten() throws Exception {
        serveZeros();
        TestClient observer = client("observer");
        byte[] expected = new byte[3 * BLOCK];
        long id;
        try (LayoutClient a = connect("a");
                BlockFile file = a.open(ScenarioServer.VOLUME, "/f", WRITE, CREATE_NEW)) {
            id = file.file().value();
            put(file, expected, 100, pattern(4, 50));
            put(file, expected, BLOCK + 10, pattern(5, 20));
            put(file, expected, 3 * BLOCK - 1, pattern(7, 1));
            file.commit();
        }
        assertEquals(List.of(ExtentState.EXTENT_STATE_WRITTEN), states(observer.extents(id)));
        assertArrayEquals(expected, observer.read(id));
    }

    /** What is to be seen at once may go into blocks of zeros that are held already. */
    @Test
    void theLibraryStoresAtOnceWhereItHoldsBlocksOfZeros() throws Exception {
        serveZeros();
        TestClient observer = client("observer");
        byte[] expected = new byte[3 * BLOCK];
        long id;
        try (LayoutClient a = connect("a");
                BlockFile file = a.open(ScenarioServer.VOLUME, "/f", WRITE, CREATE_NEW);
                BlockFile atOnce = a.open(ScenarioServer.VOLUME, "/f", WRITE, WriteMode.ATOMIC)) {
            id = file.file().value();
            put(file, expected, 0, pattern(8, 10));
            put(atOnce, expected, 20, pattern(9, 10));
            put(atOnce, expected, BLOCK + 7, pattern(10, 2 * BLOCK - 7));
            assertEquals(10, observer.attributes(id).getSizeBytes(), "not yet to be seen");
            atOnce.commit();
            put(file, expected, 2 * BLOCK, pattern(11, 10));
            put(atOnce, expected, 2 * BLOCK + 100, pattern(12, 10));
            atOnce.commit();
        }
        assertArrayEquals(expected, observer.read(id));
    }

    private static void put(BlockFile file, byte[] expected, int offset, byte[] bytes)
            throws IOException {
        System.arraycopy(bytes, 0, expected, offset, bytes.length);
        file.write(ByteBuffer.wrap(bytes), offset);
    }
}
