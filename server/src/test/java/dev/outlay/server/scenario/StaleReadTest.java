package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.v1.Extent;
import dev.outlay.v1.ExtentState;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nobody reads bytes that were not committed to the file: not junk, not another's, not early. */
class StaleReadTest extends ScenarioTest {

    @Test
    void scenario01UncommittedBytesReadAsZeros() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 4 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 2 * BLOCK));

        MapBlocksResponse seen = b.map(file, READ, 0, 4 * BLOCK);
        assertEquals(List.of(), seen.getRangesList(), "not to be cached: A may commit any moment");
        assertZeros(b.read(file));
    }

    @Test
    void scenario01WaitsWhereTheWriterOverwritesCommittedBytes() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, BLOCK));

        var conflict = assertRefused(Reason.REASON_TRY_LATER, () -> b.read(file));
        assertEquals(true, conflict.getRetryAfterMillis() > 0, "a hint when to come back");
        var _ = a.giveBack(file);
        assertArrayEquals(pattern(1, BLOCK), b.read(file));
    }

    @Test
    void scenario06CommitOfHalfSplitsTheExtent() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 4 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(6, 4 * BLOCK));
        var _ = a.committing(file).part(mapped, 0, 2 * BLOCK).send();

        assertEquals(
                List.of(ExtentState.EXTENT_STATE_WRITTEN, ExtentState.EXTENT_STATE_UNWRITTEN),
                b.extents(file).stream().map(Extent::getState).toList());
        assertZeros(b.read(file, 2 * BLOCK, 2 * BLOCK));
        var _ = a.giveBack(file, 0, 2 * BLOCK);
        byte[] whole = b.read(file);
        assertArrayEquals(pattern(6, 2 * BLOCK), Arrays.copyOf(whole, 2 * BLOCK));
        assertZeros(Arrays.copyOfRange(whole, 2 * BLOCK, 4 * BLOCK));
    }

    @Test
    void scenario07CommitOfWhatWasNotGranted() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse own = a.map(file, RW, 0, BLOCK);
        MapBlocksResponse others = b.map(file, RW, BLOCK, BLOCK);
        Extent first = own.getExtents(0);
        a.store(own.getExtentsList(), 0, pattern(7, BLOCK));

        assertRefused(Reason.REASON_BAD_LAYOUT, () -> a.committing(file).all(others).send());
        assertRefused(
                Reason.REASON_BAD_LAYOUT,
                () -> a.committing(file).all(own).all(others).last(2 * BLOCK - 1).send());
        assertRefused(
                Reason.REASON_BAD_LAYOUT,
                () ->
                        a.committing(file)
                                .range(2 * BLOCK, BLOCK, 0, first.getDeviceOffset() + BLOCK)
                                .epoch(own.getMapEpoch())
                                .send());
        assertRefused(
                Reason.REASON_BAD_LAYOUT,
                () ->
                        a.committing(file)
                                .range(0, BLOCK, 0, first.getDeviceOffset() + 8 * BLOCK)
                                .epoch(own.getMapEpoch())
                                .send());
        TestClient c = client("c");
        assertZeros(c.read(file));
        assertEquals(
                true,
                c.extents(file).stream()
                        .noneMatch(e -> e.getState() == ExtentState.EXTENT_STATE_WRITTEN));
    }

    @Test
    void scenario07CommitOfWhatWasGrantedRead() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(7, BLOCK));
        var _ = a.giveBack(file);
        var _ = a.truncate(file, 2 * BLOCK);
        MapBlocksResponse readable = a.map(file, READ, 0, 2 * BLOCK);
        assertRefused(
                Reason.REASON_BAD_IOMODE, () -> a.committing(file).part(readable, 0, BLOCK).send());
        assertRefused(
                Reason.REASON_BAD_IOMODE,
                () ->
                        a.committing(file)
                                .range(BLOCK, BLOCK, 0, readable.getExtents(0).getDeviceOffset())
                                .epoch(readable.getMapEpoch())
                                .send());
        byte[] whole = client("b").read(file);
        assertArrayEquals(pattern(7, BLOCK), Arrays.copyOf(whole, BLOCK));
        assertZeros(Arrays.copyOfRange(whole, BLOCK, 2 * BLOCK));
    }

    @Test
    void scenario08UnalignedCommit() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.truncate(file, 2 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(8, 2 * BLOCK));
        Extent extent = mapped.getExtents(0);
        FileAttributes before = a.attributes(file);
        List<Extent> map = a.extents(file);

        for (long[] range : new long[][] {{1, BLOCK}, {0, BLOCK - 1}, {512, 512}, {0, 0}}) {
            assertRefused(
                    Reason.REASON_INVALID_ARGUMENT,
                    () ->
                            a.committing(file)
                                    .range(
                                            range[0],
                                            range[1],
                                            0,
                                            extent.getDeviceOffset() + range[0])
                                    .epoch(mapped.getMapEpoch())
                                    .send());
        }
        assertEquals(before, a.attributes(file));
        assertEquals(map, a.extents(file));
        assertZeros(client("b").read(file));
    }

    /** The client leaves junk past the end of file, which a later extension must not show. */
    @Test
    void scenario09JunkPastTheEnd() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        byte[] block = pattern(9, BLOCK);
        for (boolean byItself : new boolean[] {true, false}) {
            long file = a.create("extended-" + byItself);
            MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
            a.store(mapped.getExtentsList(), 0, pattern(9, 2 * BLOCK));
            // The second block is committed, too, though it lies past the end altogether.
            var _ = a.committing(file).all(mapped).last(99).send();
            if (!byItself) {
                var _ = a.giveBack(file);
            }
            var _ = (byItself ? a : b).truncate(file, 3 * BLOCK);
            byte[] whole = client("c").read(file);
            assertArrayEquals(Arrays.copyOf(block, 100), Arrays.copyOf(whole, 100));
            assertZeros(Arrays.copyOfRange(whole, 100, 3 * BLOCK));
        }
    }

    /** As above, and the file is extended by another client's commit further out. */
    @Test
    void scenario09JunkPastTheEndBeforeACommitOfAnother() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(9, BLOCK));
        var _ = a.committing(file).all(mapped).last(99).send();
        var _ = a.giveBack(file);
        var _ = b.write(file, 2 * BLOCK, pattern(10, BLOCK));
        var _ = b.giveBack(file);

        byte[] whole = a.read(file);
        assertArrayEquals(Arrays.copyOf(pattern(9, BLOCK), 100), Arrays.copyOf(whole, 100));
        assertZeros(Arrays.copyOfRange(whole, 100, 2 * BLOCK));
        assertArrayEquals(pattern(10, BLOCK), Arrays.copyOfRange(whole, 2 * BLOCK, 3 * BLOCK));
    }

    @Test
    void scenario10ShrinkToMidBlockThenExtend() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        byte[] bytes = pattern(10, 3 * BLOCK);
        for (boolean held : new boolean[] {true, false}) {
            long file = a.create("held-" + held);
            var _ = a.write(file, 0, bytes);
            if (!held) {
                var _ = a.giveBack(file);
            }
            TestClient cutter = held ? a : b;
            var shrunk = cutter.truncate(file, BLOCK + 100);
            assertEquals(BLOCK + 100, shrunk.getAttributes().getSizeBytes());
            var _ = a.giveBack(file);
            assertArrayEquals(Arrays.copyOf(bytes, BLOCK + 100), b.read(file));
            var _ = cutter.truncate(file, 3 * BLOCK);
            byte[] whole = b.read(file);
            assertArrayEquals(Arrays.copyOf(bytes, BLOCK + 100), Arrays.copyOf(whole, BLOCK + 100));
            assertZeros(Arrays.copyOfRange(whole, BLOCK + 100, 3 * BLOCK));
        }
    }
}
