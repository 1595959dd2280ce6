package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.server.ServerSeams;
import dev.outlay.server.engine.ManualClock;
import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.Extent;
import dev.outlay.v1.FencePolicy;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Recall;
import dev.outlay.v1.ReturnLayoutRequest;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks are taken away under those who hold them: scenarios 30, 32, 33. */
final class TakenAwayTest extends ScenarioTest {
    private static final int LEASE_MILLIS = 1000;
    private static final int MAX_IO_MILLIS = 20;

    /** What takes all blocks of a file of eight away. */
    enum Taking {
        TRUNCATE {
            @Override
            void run(TestClient client, long file) {
                var _ = client.truncate(file, 0);
            }
        },
        PUNCH {
            @Override
            void run(TestClient client, long file) {
                var _ = client.deallocate(file, 0, 8L * BLOCK);
            }
        },
        REMOVE {
            @Override
            void run(TestClient client, long file) {
                var _ = client.remove("f");
            }
        };

        abstract void run(TestClient client, long file);
    }

    /** Eight blocks held for RW, four of them committed. */
    private static MapBlocksResponse halfWritten(TestClient holder, long file) {
        MapBlocksResponse held = holder.map(file, RW, 0, 8 * BLOCK);
        holder.store(held.getExtentsList(), 0, pattern(1, 8 * BLOCK));
        var _ = holder.committing(file).part(held, 0, 4 * BLOCK).last(4 * BLOCK - 1).send();
        return held;
    }

    // ---- 30

    @ParameterizedTest
    @EnumSource(Taking.class)
    void scenario30TheHolderIsRecalledFirst(Taking taking) throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        long free = server.space().getFreeBytes();
        var _ = halfWritten(b, file);
        try (NoticeStream toB = NoticeStream.attach(server, b.ref())) {
            var taken = CompletableFuture.runAsync(() -> taking.run(a, file), TestClient.ASIDE);
            Recall recall = toB.recall();
            toB.acknowledge(recall);
            assertEquals(file, recall.getFile().getFileId());
            if (taking == Taking.REMOVE) {
                TestClient.soon(taken);
                assertRefused(Reason.REASON_STALE_FILE, () -> a.map(file, RW, 0, BLOCK));
            } else {
                assertFalse(taken.isDone(), "it waits for the holder");
                assertEquals(4 * BLOCK, a.attributes(file).getSizeBytes());
            }
            assertEquals(free - 8 * BLOCK, server.space().getFreeBytes(), "not freed early");
            var _ = b.answer(recall);
            TestClient.soon(taken);
            Await.until("all is free", () -> server.space().getFreeBytes() == free);
            assertEquals(0, server.space().getQuarantinedBytes());
        }
    }

    @ParameterizedTest
    @EnumSource(Taking.class)
    void scenario30ASilentHolderIsRevokedAndItsBlocksQuarantined(Taking taking) throws Exception {
        ManualClock clock = new ManualClock();
        var server =
                serveOn(
                        new ServerSeams(
                                clock, InstantSource.system(), ServerSeams.system().journals()),
                        Map.of());
        TestClient a = client("a");
        TestClient b = client("b", LEASE_MILLIS);
        long file = a.create("f");
        long free = server.space().getFreeBytes();
        MapBlocksResponse held = halfWritten(b, file);
        try (NoticeStream toB = NoticeStream.attach(server, b.ref())) {
            var taken = CompletableFuture.runAsync(() -> taking.run(a, file), TestClient.ASIDE);
            var _ = toB.recall();
            clock.advanceMillis(LEASE_MILLIS + MAX_IO_MILLIS - 1);
            assertEquals(free - 8 * BLOCK, server.space().getFreeBytes(), "its lease still runs");
            assertEquals(0, server.space().getQuarantinedBytes());
            clock.advanceMillis(1);
            TestClient.soon(taken);
        }
        Await.until(
                "all it could store to is in quarantine",
                () -> server.space().getQuarantinedBytes() == 8 * BLOCK);
        assertEquals(free - 8 * BLOCK, server.space().getFreeBytes(), "never freed early");
        b.store(held.getExtentsList(), 0, pattern(2, 8 * BLOCK));
        assertRefused(
                Reason.REASON_FENCED,
                () -> b.committing(file).all(held).last(8 * BLOCK - 1).send());
        server.restart();
        assertEquals(8 * BLOCK, server.space().getQuarantinedBytes(), "quarantine is durable");
    }

    // ---- 32

    @Test
    void scenario32WhatIsHeldOfARemovedFileReachesNobody() throws Exception {
        int blocks = 32;
        var server = serve(blocks, Map.of(), FencePolicy.FENCE_POLICY_STRICT);
        TestClient a = client("a");
        TestClient b = client("b");
        TestClient c = client("c");
        long file = b.create("f");
        MapBlocksResponse held = halfWritten(a, file);
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            var _ = b.remove("f");
            Recall recall = toA.recall();

            int rest = (blocks - 8) * BLOCK;
            long full = c.create("full");
            var _ = c.write(full, 0, pattern(2, rest));
            assertEquals(0, server.space().getFreeBytes());
            assertRefused(Reason.REASON_NO_SPACE, () -> c.map(full, RW, rest, BLOCK));
            a.store(held.getExtentsList(), 0, pattern(3, 8 * BLOCK));
            // What is under recall may be committed, and is dropped.
            var dropped = a.committing(file).all(held).last(8 * BLOCK - 1).send();
            assertEquals(0, dropped.getAttributes().getParentId());
            var _ = c.giveBack(full);
            assertArrayEquals(pattern(2, rest), c.read(full));
            assertEquals(0, server.space().getFreeBytes());

            var _ = a.answer(recall);
            Await.until("the blocks are free", () -> server.space().getFreeBytes() == 8 * BLOCK);
            long next = c.create("next");
            var _ = c.truncate(next, 8 * BLOCK);
            MapBlocksResponse granted = c.map(next, RW, 0, 8 * BLOCK);
            assertEquals(
                    8 * BLOCK,
                    granted.getExtentsList().stream().mapToLong(Extent::getLength).sum());
            var _ = c.giveBack(next);
            assertZeros(c.read(next));
        }
    }

    // ---- 33

    private enum Order {
        COMMIT_FIRST,
        RETURN_FIRST,
        COMMIT_WITH_TRUNCATE,
        COMMIT_WITH_RETURN
    }

    @Test
    void scenario33ATruncateRacesACommitOfTheCutRange() throws Exception {
        var server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long free = server.space().getFreeBytes();
        Map<Order, Integer> committed = new EnumMap<>(Order.class);
        try (NoticeStream toA = NoticeStream.attach(server, a.ref())) {
            for (int round = 0; round < 60; round++) {
                Order order = Order.values()[round % Order.values().length];
                if (race(a, b, toA, order, round)) {
                    committed.merge(order, 1, Integer::sum);
                }
                assertEquals(free, server.space().getFreeBytes(), "round " + round);
                assertEquals(List.of(), server.findings(), "round " + round);
            }
        }
        assertEquals(15, committed.get(Order.COMMIT_FIRST));
        assertFalse(committed.containsKey(Order.RETURN_FIRST), committed::toString);
    }

    /** One round on a file of its own, which is gone afterwards; whether the commit succeeded. */
    private boolean race(TestClient a, TestClient b, NoticeStream toA, Order order, int round)
            throws Exception {
        long file = b.create("f");
        var _ = b.truncate(file, 4 * BLOCK);
        MapBlocksResponse held = a.map(file, RW, 0, 4 * BLOCK);
        byte[] bytes = pattern(round, 4 * BLOCK);
        a.store(held.getExtentsList(), 0, bytes);
        CommitBlocksRequest commit = a.committing(file).all(held).last(4 * BLOCK - 1).build();
        ReturnLayoutRequest whole = a.returning(file, 0, 0);

        @Nullable CompletableFuture<Boolean> early =
                order == Order.COMMIT_WITH_TRUNCATE ? committed(a, commit) : null;
        var cut = CompletableFuture.runAsync(() -> b.truncate(file, 2L * BLOCK), TestClient.ASIDE);
        var _ = toA.recall();
        CompletableFuture<Boolean> late =
                switch (order) {
                    case COMMIT_FIRST, COMMIT_WITH_RETURN -> committed(a, commit);
                    case RETURN_FIRST -> {
                        var _ = a.giveBack(whole);
                        yield committed(a, commit);
                    }
                    case COMMIT_WITH_TRUNCATE -> Objects.requireNonNull(early);
                };
        boolean success = order != Order.COMMIT_WITH_RETURN && TestClient.soon(late);
        if (order != Order.RETURN_FIRST) {
            var _ = a.giveBack(whole);
        }
        success |= TestClient.soon(late);
        TestClient.soon(cut);
        assertEquals(2 * BLOCK, b.attributes(file).getSizeBytes(), "round " + round);
        assertTrue(
                b.extents(file).stream()
                        .allMatch(e -> e.getFileOffset() + e.getLength() <= 2 * BLOCK),
                () -> "what was cut stays cut: " + b.extents(file));
        var _ = b.truncate(file, 4 * BLOCK);
        byte[] seen = b.read(file);
        byte[] expected = new byte[4 * BLOCK];
        if (success) {
            System.arraycopy(bytes, 0, expected, 0, 2 * BLOCK);
        }
        assertArrayEquals(expected, seen, "round " + round + ", " + order);
        var _ = b.remove("f");
        return success;
    }

    /** Whether a commit that is sent now succeeds; it is too late once the range was given back. */
    private static CompletableFuture<Boolean> committed(TestClient a, CommitBlocksRequest commit) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        var _ = a.commit(commit);
                        return true;
                    } catch (Refused refused) {
                        assertTrue(
                                refused.reason() == Reason.REASON_BAD_STATEID
                                        || refused.reason() == Reason.REASON_BAD_LAYOUT,
                                refused::getMessage);
                        return false;
                    }
                },
                TestClient.ASIDE);
    }
}
