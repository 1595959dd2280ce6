package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.ScenarioServer.VOLUME;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.client.BlockFile;
import dev.outlay.client.ClientOptions;
import dev.outlay.client.LayoutClient;
import dev.outlay.server.ServerSeams;
import dev.outlay.server.engine.ManualClock;
import dev.outlay.v1.ClientInfo;
import dev.outlay.v1.ClientState;
import dev.outlay.v1.LayoutHolding;
import dev.outlay.v1.ListAllLayoutsRequest;
import dev.outlay.v1.ListClientsRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.RenewResponse;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * What time does to leases: scenarios 35, 38, 39. The server's clocks are played, so that a moment
 * before the end of a lease and the end itself are told apart without waiting.
 */
final class ClockTest extends ScenarioTest {
    private static final int LEASE_MILLIS = 5_000;
    private static final int MAX_IO_MILLIS = 20;
    private static final long HOUR_MILLIS = 3_600_000;

    private final ManualClock clock = new ManualClock();
    private final AtomicReference<Instant> wall =
            new AtomicReference<>(Instant.ofEpochSecond(1_800_000_000));

    private ScenarioServer servePlayed(Map<String, String> settings) throws Exception {
        return serveOn(
                new ServerSeams(clock, wall::get, ServerSeams.system().journals()), settings);
    }

    /** What the server says of a client; empty once it is forgotten. */
    private Optional<ClientInfo> info(TestClient client) {
        return server()
                .admin()
                .listClients(ListClientsRequest.getDefaultInstance())
                .getClientsList()
                .stream()
                .filter(info -> info.getClientId() == client.clientId())
                .findFirst();
    }

    private Optional<ClientState> state(TestClient client) {
        return info(client).map(ClientInfo::getState);
    }

    /** A client whose lease is over a moment before that of others opened at the same time. */
    private TestClient witness(String file) {
        TestClient witness = client("witness of " + file, LEASE_MILLIS - 1);
        var _ = witness.map(witness.create(file), RW, 0, BLOCK);
        return witness;
    }

    /** Lets time pass; returns when the server has acted on it. */
    private void passUntilLapsed(TestClient witness, long millis) {
        clock.advanceMillis(millis);
        Await.until(
                "the witness has lapsed",
                () -> state(witness).equals(Optional.of(ClientState.CLIENT_STATE_LAPSED)));
    }

    // ---- 35

    @Test
    void scenario35ALostRecallLeadsToNoGrantInsideTheLease() throws Exception {
        var server = servePlayed(Map.of("recall.deadline", "20ms"));
        TestClient b = client("b");
        TestClient a = client("a", LEASE_MILLIS);
        long file = a.create("f");
        MapBlocksResponse held = a.map(file, RW, 0, 2 * BLOCK);
        clock.advanceMillis(2_000);
        assertTrue(a.renew());
        TestClient witness = witness("watched");

        // A has no stream, and does not look what its renewals say: the recall is lost on the way.
        var waiting = b.mapLater(b.mapping(file, RW, 0, 2 * BLOCK));
        Await.until("A is not renewed any more", () -> !a.renew());
        clock.advanceMillis(3_000);
        assertFalse(a.renew());
        assertFalse(a.attributes(file).getSizeBytes() > 0, "nor by anything else");

        passUntilLapsed(witness, LEASE_MILLIS + MAX_IO_MILLIS - 3_000 - 1);
        assertEquals(Optional.of(ClientState.CLIENT_STATE_LIVE), state(a));
        assertFalse(waiting.isDone(), "A may still store what it had begun");
        a.store(held.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        var _ = a.committing(file).all(held).last(2 * BLOCK - 1).send();
        assertFalse(waiting.isDone());

        clock.advanceMillis(1);
        MapBlocksResponse granted = TestClient.soon(waiting);
        a.store(held.getExtentsList(), 0, pattern(2, 2 * BLOCK));
        assertNotEquals(
                held.getExtents(0).getDeviceOffset(), granted.getExtents(0).getDeviceOffset());
        var _ = b.giveBack(file);
        assertArrayEquals(pattern(1, 2 * BLOCK), b.read(file), "committed within the lease");
        assertEquals(2 * BLOCK, server.space().getQuarantinedBytes());
    }

    @Test
    void scenario35CutOffFromTheServerAClientStopsByItsOwnClock() throws Exception {
        long leaseMillis = 1_000;
        var server = serve();
        TestClient maker = client("maker");
        long file = maker.create("f");
        LayoutClient a =
                LayoutClient.connect(
                        ClientOptions.to(server.address(), "a")
                                .withLeaseMillis((int) leaseMillis)
                                .withMaxIoMillis(MAX_IO_MILLIS)
                                .withDeadlineMillis(300));
        BlockFile byA = a.open(VOLUME, "/f", StandardOpenOption.READ, StandardOpenOption.WRITE);
        byA.write(MemorySegment.ofArray(pattern(0, BLOCK)), 0);
        byA.commit();
        long at = maker.extents(file).getFirst().getDeviceOffset();
        server.stop();
        long cut = System.nanoTime();

        Stores stores = new Stores(byA);
        Await.until("A stops", () -> !stores.another());
        assertTrue(stores.count > 0, "in its lease it goes on");
        assertTrue(
                stores.lastNanos - cut < TimeUnit.MILLISECONDS.toNanos(leaseMillis),
                () -> "still stored " + (stores.lastNanos - cut) + " ns after it was heard last");
        byte[] last = pattern(stores.count, BLOCK);
        assertArrayEquals(last, server.device().load(at, BLOCK));
        assertFalse(stores.another());
        assertThrows(IOException.class, a::close);
        assertArrayEquals(last, server.device().load(at, BLOCK), "nor by its end");
    }

    /** Overwrites one block, again and again. */
    private static final class Stores {
        private final BlockFile file;
        private int count;
        private long lastNanos;

        Stores(BlockFile file) {
            this.file = file;
        }

        /** Whether it was stored; when it was begun is noted. */
        boolean another() {
            long begun = System.nanoTime();
            try {
                file.write(MemorySegment.ofArray(pattern(count + 1, BLOCK)), 0);
            } catch (IOException e) {
                return false;
            }
            count++;
            lastNanos = begun;
            return true;
        }
    }

    // ---- 38

    @Test
    void scenario38ALapsedClientThatRenewsHasAllOrNothing() throws Exception {
        var server = servePlayed(Map.of());
        TestClient b = client("b");
        TestClient a = client("a", LEASE_MILLIS);
        long first = a.create("first");
        long second = a.create("second");
        MapBlocksResponse held = a.map(first, RW, 0, 4 * BLOCK);
        a.store(held.getExtentsList(), 0, pattern(1, 4 * BLOCK));
        var _ = a.map(second, RW, 0, 2 * BLOCK);
        var before = a.layoutsHeld();

        passUntilLapsed(a, LEASE_MILLIS + MAX_IO_MILLIS);
        assertTrue(a.renew());
        assertEquals(Optional.of(ClientState.CLIENT_STATE_LIVE), state(a));
        assertEquals(before, a.layoutsHeld(), "whole");
        var _ = a.committing(first).part(held, 0, BLOCK).last(BLOCK - 1).send();

        // Somebody needs one block of one file: all of both is gone.
        passUntilLapsed(a, LEASE_MILLIS + MAX_IO_MILLIS);
        var _ = b.map(first, RW, 3 * BLOCK, BLOCK);
        Await.until("A is told", () -> isGone(a));
        assertEquals(
                List.of("b"),
                server
                        .admin()
                        .listAllLayouts(
                                ListAllLayoutsRequest.newBuilder().setVolume(VOLUME).build())
                        .getLayoutsList()
                        .stream()
                        .map(LayoutHolding::getOwner)
                        .toList());
        var _ = b.map(second, RW, 0, 2 * BLOCK);
        assertArrayEquals(pattern(1, BLOCK), b.read(first, 0, BLOCK));
    }

    /** Whether the client is told that it has ended; until then nothing renews it. */
    private static boolean isGone(TestClient client) {
        try {
            assertFalse(client.renew());
            return false;
        } catch (Refused refused) {
            assertTrue(
                    refused.reason() == Reason.REASON_FENCED
                            || refused.reason() == Reason.REASON_EXPIRED,
                    refused::getMessage);
            return true;
        }
    }

    @Test
    void scenario38WhoOwesARecallIsNotRenewedAfterItsLapseEither() throws Exception {
        var _ = servePlayed(Map.of("recall.deadline", "20ms"));
        TestClient b = client("b");
        TestClient a = client("a", LEASE_MILLIS);
        long file = a.create("f");
        var _ = a.map(file, RW, 0, BLOCK);
        assertRefused(Reason.REASON_TRY_LATER, () -> b.map(file, RW, 0, BLOCK));
        Await.until("A is not renewed any more", () -> !a.renew());
        passUntilLapsed(a, LEASE_MILLIS + MAX_IO_MILLIS);
        RenewResponse answer = a.renewal();
        assertFalse(answer.getLeaseRenewed());
        assertEquals(Optional.of(ClientState.CLIENT_STATE_LAPSED), state(a));

        // Once it has answered, it is renewed again.
        var _ = a.answer(answer.getRecalls(0));
        Await.until("A is renewed again", a::renew);
        var _ = b.map(file, RW, 0, BLOCK);
    }

    // ---- 39

    @Test
    void scenario39AWallClockThatJumpsEndsNoLeaseEarly() throws Exception {
        var server = servePlayed(Map.of());
        TestClient a = client("a", LEASE_MILLIS);
        long file = a.create("f");
        var _ = a.map(file, RW, 0, 2 * BLOCK);
        long modified = 0;
        int jumps = 0;
        for (long hours : new long[] {1, -2, 1}) {
            assertTrue(a.renew());
            TestClient witness = witness("watched-" + jumps++);
            wall.updateAndGet(now -> now.plusMillis(hours * HOUR_MILLIS));
            passUntilLapsed(witness, LEASE_MILLIS + MAX_IO_MILLIS - 1);
            assertEquals(Optional.of(ClientState.CLIENT_STATE_LIVE), state(a));
            assertEquals(1, a.layoutsHeld().size());
            var _ = a.write(file, 0, pattern(jumps, BLOCK));
            long after = a.attributes(file).getModifiedMillis();
            assertTrue(after >= modified, "a commit never moves the time back");
            modified = after;
        }
        // Nor does it late.
        passUntilLapsed(a, LEASE_MILLIS + MAX_IO_MILLIS);

        // Grace is counted on the other clock as well.
        assertTrue(a.renew());
        wall.updateAndGet(now -> now.plusMillis(HOUR_MILLIS));
        server.restart();
        assertTrue(server.status().getInGrace());
        var back = a.reattach(a.layout(file, TestClient.range(RW, 0, 2 * BLOCK)));
        assertTrue(back.getLayouts(0).hasLayout(), back::toString);
    }
}
