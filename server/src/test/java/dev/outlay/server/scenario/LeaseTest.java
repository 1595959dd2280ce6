package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.Extent;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Clients that end without their own word: what they could still store to is never handed out
 * again, and the file goes on at once.
 */
class LeaseTest extends ScenarioTest {

    /** Both ways to end without one's own word leave the same behind. */
    private enum Ending {
        SUPERSEDED,
        LAPSED
    }

    @Test
    void supersededClientsBlocksAreQuarantined() throws Exception {
        endsWithoutItsWord(Ending.SUPERSEDED);
    }

    @Test
    void lapsedClientsBlocksAreQuarantinedOnConflict() throws Exception {
        endsWithoutItsWord(Ending.LAPSED);
    }

    private void endsWithoutItsWord(Ending ending) throws Exception {
        ScenarioServer server = serve();
        TestClient b = client("b");
        long file = b.create("f");
        var _ = b.truncate(file, 8 * BLOCK);
        TestClient a = client("a", ending == Ending.LAPSED ? SHORT_LEASE_MILLIS : 0);
        MapBlocksResponse mapped = a.map(file, RW, 0, 8 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 8 * BLOCK));
        var _ = a.committing(file).part(mapped, 0, 4 * BLOCK).send();
        CommitBlocksRequest late = a.committing(file).part(mapped, 4 * BLOCK, BLOCK).build();

        if (ending == Ending.SUPERSEDED) {
            var _ = client("a");
        }
        // The file goes on with fresh blocks where nothing had been committed.
        MapBlocksResponse fresh = onceGranted(b, file, 4 * BLOCK, 4 * BLOCK);
        assertEquals(4 * BLOCK, server.space().getQuarantinedBytes());
        assertEquals(4 * BLOCK, server.space().getAtRiskBytes());
        assertNotOverlapping(mapped.getExtents(0), fresh.getExtents(0));
        b.store(fresh.getExtentsList(), 4 * BLOCK, pattern(2, 4 * BLOCK));
        var _ = b.committing(file).all(fresh).send();

        // What was committed has been moved before anybody reads it or is granted it.
        MapBlocksResponse readable = b.map(file, READ, 0, 4 * BLOCK);
        assertEquals(4 * BLOCK, readable.getExtents(0).getLength());
        assertFalse(readable.getExtents(0).getAtRisk());
        assertNotOverlapping(mapped.getExtents(0), readable.getExtents(0));
        assertEquals(0, server.space().getAtRiskBytes());
        assertEquals(8 * BLOCK, server.space().getQuarantinedBytes());
        MapBlocksResponse over = b.map(file, RW, 0, BLOCK);
        assertNotOverlapping(mapped.getExtents(0), over.getExtents(0));
        b.store(over.getExtentsList(), 0, pattern(4, BLOCK));
        var _ = b.committing(file).all(over).send();

        // The old holder stores late, and says so: it is fenced, and nobody sees the bytes.
        a.store(mapped.getExtentsList(), 0, pattern(3, 8 * BLOCK));
        Refused fenced = refusal(() -> a.commit(late));
        assertTrue(
                fenced.reason() == Reason.REASON_FENCED || fenced.reason() == Reason.REASON_EXPIRED,
                fenced::getMessage);
        var _ = b.giveBack(file);
        byte[] whole = b.read(file);
        assertArrayEquals(pattern(4, BLOCK), Arrays.copyOf(whole, BLOCK));
        assertArrayEquals(
                Arrays.copyOfRange(pattern(1, 8 * BLOCK), BLOCK, 4 * BLOCK),
                Arrays.copyOfRange(whole, BLOCK, 4 * BLOCK));
        assertArrayEquals(pattern(2, 4 * BLOCK), Arrays.copyOfRange(whole, 4 * BLOCK, 8 * BLOCK));

        // Freed later they are not free: a late store would hit their next owner.
        var _ = b.remove("f");
        assertEquals(8 * BLOCK, server.space().getQuarantinedBytes());
        assertEquals(server.space().getTotalBytes() - 8 * BLOCK, server.space().getFreeBytes());
        server.restart();
        assertEquals(8 * BLOCK, server.space().getQuarantinedBytes(), "quarantine is durable");
    }

    private static Refused refusal(Runnable call) {
        try {
            call.run();
        } catch (Refused refused) {
            return refused;
        }
        throw new AssertionError("it was not refused");
    }

    private static void assertNotOverlapping(Extent one, Extent other) {
        assertTrue(
                one.getDeviceOffset() + one.getLength() <= other.getDeviceOffset()
                        || other.getDeviceOffset() + other.getLength() <= one.getDeviceOffset(),
                () -> one + " overlaps " + other);
    }

    /** Maps for RW as soon as whoever is in the way has gone. */
    private static MapBlocksResponse onceGranted(
            TestClient client, long file, long offset, long length) {
        AwaitGrant grant = new AwaitGrant(client, file, offset, length);
        Await.until("the range is granted", grant::tryOnce);
        return grant.granted.orElseThrow();
    }

    private static final class AwaitGrant {
        private final TestClient client;
        private final long file;
        private final long offset;
        private final long length;
        private Optional<MapBlocksResponse> granted = Optional.empty();

        AwaitGrant(TestClient client, long file, long offset, long length) {
            this.client = client;
            this.file = file;
            this.offset = offset;
            this.length = length;
        }

        boolean tryOnce() {
            try {
                granted = Optional.of(client.map(file, RW, offset, length));
                return true;
            } catch (Refused refused) {
                assertEquals(Reason.REASON_TRY_LATER, refused.reason(), refused.getMessage());
                assertTrue(refused.detail().getRetryAfterMillis() > 0, "a hint when to come back");
                return false;
            }
        }
    }

    /** Silent past its lease, but nobody minded: renewed, it still has all of it. */
    @Test
    void lapsedLeaseIsRenewedWholeIfNobodyConflicted() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a", SHORT_LEASE_MILLIS);
        TestClient witness = client("witness", SHORT_LEASE_MILLIS);
        TestClient b = client("b");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        // The witness was heard of later, so once it has lapsed the first has, too.
        long watched = b.create("watched");
        var _ = witness.map(watched, RW, 0, BLOCK);
        var _ = onceGranted(b, watched, 0, BLOCK);

        assertTrue(a.renew());
        var _ = a.committing(file).all(mapped).last(2 * BLOCK - 1).send();
        var _ = a.giveBack(file);
        assertArrayEquals(pattern(1, 2 * BLOCK), b.read(file));
        assertEquals(BLOCK, server.space().getQuarantinedBytes(), "the witness's");
    }

    /** By its own word a client gives everything back: nothing is quarantined. */
    @Test
    void endedClientsBlocksAreFree() throws Exception {
        ScenarioServer server = serve();
        long free = server.space().getFreeBytes();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.truncate(file, 2 * BLOCK);
        var _ = a.map(file, RW, 0, 2 * BLOCK);
        assertNotEquals(free, server.space().getFreeBytes());
        a.end();
        assertEquals(free, server.space().getFreeBytes());
        assertEquals(0, server.space().getQuarantinedBytes());
        assertRefused(Reason.REASON_EXPIRED, () -> a.map(file, RW, 0, BLOCK));
        assertZeros(client("b").read(file));
    }

    /** A reader that lapsed is no danger to the blocks, only to be waited for. */
    @Test
    void lapsedReaderMakesWayWithoutQuarantine() throws Exception {
        ScenarioServer server = serve();
        TestClient b = client("b");
        long file = b.create("f");
        var _ = b.write(file, 0, pattern(1, BLOCK));
        var _ = b.giveBack(file);
        TestClient reader = client("reader", SHORT_LEASE_MILLIS);
        var _ = reader.map(file, READ, 0, BLOCK);
        MapBlocksResponse mapped = onceGranted(b, file, 0, BLOCK);
        assertEquals(0, server.space().getAtRiskBytes());
        b.store(mapped.getExtentsList(), 0, pattern(2, BLOCK));
        var _ = b.committing(file).all(mapped).send();
        var _ = b.giveBack(file);
        assertArrayEquals(pattern(2, BLOCK), b.read(file));
    }

    /**
     * One that holds a mapping can still look at the blocks: they may go on, but not to another.
     */
    @Test
    void lapsedReaderWithAMappingLeavesTheBlocksAtRisk() throws Exception {
        ScenarioServer server = serve();
        TestClient b = client("b");
        long file = b.create("f");
        var _ = b.write(file, 0, pattern(1, BLOCK));
        var _ = b.giveBack(file);
        TestClient reader = client("reader", SHORT_LEASE_MILLIS);
        var _ =
                reader.map(
                        reader.mapping(file, READ, 0, BLOCK)
                                .setMapped(true)
                                .setOperation(reader.nextOperation())
                                .build());
        Await.until("the reader is out of the way", () -> isCut(b, file));
        assertEquals(BLOCK, server.space().getQuarantinedBytes());
    }

    private static boolean isCut(TestClient by, long file) {
        try {
            var _ = by.truncate(file, 0);
            return true;
        } catch (Refused refused) {
            assertEquals(Reason.REASON_TRY_LATER, refused.reason(), refused.getMessage());
            return false;
        }
    }
}
