package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.ScenarioServer.VOLUME;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.ExtentState;
import dev.outlay.v1.IoMode;
import dev.outlay.v1.Layout;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Notice;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Recall;
import dev.outlay.v1.ShedLoadRequest;
import dev.outlay.v1.Stateid;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may hold what at the same time, and what MapBlocks refuses: scenarios 11, 12, 20, 21. */
final class SharingTest extends ScenarioTest {
    private static final int MEBIBYTE = 1 << 20;

    /**
     * That nothing was said unasked on these streams so far: what is said now is the first that
     * they hear.
     */
    private void assertNothingWasSaid(NoticeStream... streams) throws Exception {
        server().admin().shedLoad(ShedLoadRequest.newBuilder().setVolume(VOLUME).build());
        for (NoticeStream stream : streams) {
            Notice first = stream.next();
            assertTrue(first.hasShedLoad(), first::toString);
        }
    }

    // ---- 11

    @Test
    void scenario11AReaderOverAnUncommittedHoleGetsZerosAndNoLayout() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse mine = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mine.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            MapBlocksResponse before = b.map(file, READ, 0, 2 * BLOCK);
            assertEquals(List.of(), before.getRangesList(), "no layout range");
            assertFalse(before.hasStateid());
            assertTrue(
                    before.getExtentsList().stream()
                            .allMatch(e -> e.getState() != ExtentState.EXTENT_STATE_WRITTEN));
            assertNothingWasSaid(toA);

            var _ = a.committing(file).all(mine).last(2 * BLOCK - 1).send();
            var _ = a.giveBack(file);
            MapBlocksResponse after = b.map(file, READ, 0, 2 * BLOCK);
            assertEquals(1, after.getRangesCount());
            assertTrue(after.getMapEpoch() > before.getMapEpoch(), "the old picture is known old");
            assertArrayEquals(
                    pattern(1, 2 * BLOCK),
                    server.device().load(after.getExtents(0).getDeviceOffset(), 2 * BLOCK));
        }
    }

    @Test
    void scenario11AReaderOverAHoleIsRecalledBeforeAWriterIsServed() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse hole = b.map(file, READ, 0, 4 * BLOCK);
        assertEquals(4 * BLOCK, hole.getRanges(0).getLength(), "a hole that nobody writes is held");
        long free = server.space().getFreeBytes();
        try (NoticeStream toB = NoticeStream.attach(server, b.ref())) {
            var waiting = a.mapLater(a.mapping(file, RW, BLOCK, BLOCK));
            Recall recall = toB.recall();
            assertFalse(waiting.isDone());
            assertEquals(
                    free, server.space().getFreeBytes(), "first the conflict, then the blocks");
            toB.acknowledge(recall);
            var _ = b.answer(recall);
            assertEquals(BLOCK, TestClient.soon(waiting).getRanges(0).getLength());
            assertEquals(
                    3 * BLOCK,
                    b.layoutsHeld().getFirst().getRangesList().stream()
                            .mapToLong(range -> range.getLength())
                            .sum(),
                    "of the reader only what was needed");
        }
    }

    // ---- 12

    @Test
    void scenario12ReadersAndDisjointWritersAreNotRecalled() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long shared = a.create("shared");
        var _ = a.write(shared, 0, pattern(1, 4 * BLOCK));
        var _ = a.giveBack(shared);
        long parted = a.create("parted");
        try (NoticeStream toA = NoticeStream.attach(server, a.ref());
                NoticeStream toB = NoticeStream.attach(server, b.ref())) {
            for (TestClient reader : List.of(a, b)) {
                assertEquals(
                        4 * BLOCK, reader.map(shared, READ, 0, 4 * BLOCK).getRanges(0).getLength());
            }
            MapBlocksResponse first = a.map(parted, RW, 0, MEBIBYTE);
            MapBlocksResponse second = b.map(parted, RW, MEBIBYTE, MEBIBYTE);
            a.store(first.getExtentsList(), 0, pattern(2, MEBIBYTE));
            b.store(second.getExtentsList(), MEBIBYTE, pattern(3, MEBIBYTE));
            var _ = b.committing(parted).all(second).last(2 * MEBIBYTE - 1).send();
            var _ = a.committing(parted).all(first).last(MEBIBYTE - 1).send();
            assertEquals(2, a.layoutsHeld().size());
            assertEquals(2, b.layoutsHeld().size());
            assertNothingWasSaid(toA, toB);
        }
        var _ = a.giveBack(parted);
        var _ = b.giveBack(parted);
        TestClient c = client("c");
        assertArrayEquals(pattern(2, MEBIBYTE), c.read(parted, 0, MEBIBYTE));
        assertArrayEquals(pattern(3, MEBIBYTE), c.read(parted, MEBIBYTE, MEBIBYTE));
    }

    // ---- 20

    private static MapBlocksResponse mapUnder(TestClient client, long file, Stateid stateid) {
        return client.map(
                client.mapping(file, RW, 0, BLOCK)
                        .setStateid(stateid)
                        .setOperation(client.nextOperation())
                        .build());
    }

    @Test
    void scenario20Seqids() throws Exception {
        var _ = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        Stateid first = a.map(file, RW, 0, BLOCK).getStateid();
        Stateid second = a.map(file, RW, 0, 2 * BLOCK).getStateid();
        assertEquals(first.getSeqid() + 1, second.getSeqid());
        Stateid third = mapUnder(a, file, second).getStateid();
        assertEquals(second.getSeqid() + 1, third.getSeqid());
        assertRefused(Reason.REASON_OLD_STATEID, () -> mapUnder(a, file, first));
        Stateid zero = first.toBuilder().setSeqid(0).build();
        assertRefused(Reason.REASON_BAD_STATEID, () -> mapUnder(a, file, zero));
        Stateid never = third.toBuilder().setSeqid(third.getSeqid() + 1).build();
        assertRefused(Reason.REASON_BAD_STATEID, () -> mapUnder(a, file, never));
        assertRefused(Reason.REASON_BAD_STATEID, () -> mapUnder(b, file, third));
        var _ = mapUnder(a, file, third);
    }

    @Test
    void scenario20ASeqidOfAllOnesIsFollowedByOne() throws Exception {
        var server = serve();
        TestClient a = client("a");
        long file = a.create("f");
        Stateid now = a.map(file, RW, 0, BLOCK).getStateid();
        server.restart();
        // The server goes on above what is restated: two steps, each less than half of the circle.
        for (int jump : new int[] {Integer.MAX_VALUE, -2}) {
            var _ =
                    a.reattach(
                            Layout.newBuilder()
                                    .setFileId(file)
                                    .setStateid(now.toBuilder().setSeqid(jump))
                                    .addRanges(TestClient.range(RW, 0, BLOCK))
                                    .build());
            now = a.stateid(file).orElseThrow();
        }
        assertEquals(-1, now.getSeqid(), "0xFFFFFFFF");
        Await.until("grace is over", () -> !server.status().getInGrace());
        Stateid wrapped = mapUnder(a, file, now).getStateid();
        assertEquals(1, wrapped.getSeqid());
        var _ = mapUnder(a, file, wrapped);
        Stateid old = now;
        assertRefused(Reason.REASON_OLD_STATEID, () -> mapUnder(a, file, old));
    }

    // ---- 21

    private static void assertInvalid(TestClient client, MapBlocksRequest.Builder request) {
        assertRefused(
                Reason.REASON_INVALID_ARGUMENT,
                () -> client.map(request.setOperation(client.nextOperation()).build()));
    }

    @Test
    void scenario21ArgumentsThatCannotBeServed() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, BLOCK));
        long free = server.space().getFreeBytes();

        assertRefused(
                Reason.REASON_BAD_LAYOUT,
                () ->
                        a.map(
                                a.mapping(file, RW, 0, 3 * BLOCK)
                                        .setMinLength(2 * BLOCK)
                                        .setNoAllocate(true)
                                        .setOperation(a.nextOperation())
                                        .build()));
        for (IoMode iomode : List.of(READ, RW)) {
            assertRefused(
                    Reason.REASON_TRY_LATER,
                    () ->
                            b.map(
                                    b.mapping(file, iomode, 0, BLOCK)
                                            .setMinLength(0)
                                            .setOperation(b.nextOperation())
                                            .build()));
        }
        assertInvalid(a, a.mapping(file, RW, 0, BLOCK).setMinLength(2 * BLOCK));
        assertInvalid(a, a.mapping(file, IoMode.IO_MODE_UNSPECIFIED, 0, BLOCK));
        assertInvalid(a, a.mapping(file, RW, 0, 0));
        assertInvalid(a, a.mapping(file, RW, 1, BLOCK));
        assertInvalid(a, a.mapping(file, RW, 0, BLOCK + 1));
        assertInvalid(a, a.mapping(file, RW, Long.MAX_VALUE - BLOCK + 1, BLOCK));
        assertInvalid(a, a.mapping(file, RW, -BLOCK, BLOCK));
        assertInvalid(a, a.mapping(file, RW, 0, BLOCK).setMinLength(-1));
        assertEquals(free, server.space().getFreeBytes(), "a refused call leaks no block");
    }
}
