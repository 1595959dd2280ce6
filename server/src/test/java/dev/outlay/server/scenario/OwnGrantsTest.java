package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.FileRange;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.Reply;
import dev.outlay.v1.Request;
import dev.outlay.v1.ReturnedLayout;
import dev.outlay.v1.Stateid;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A client is never in its own way, and two that work side by side are not in each other's. */
class OwnGrantsTest extends ScenarioTest {

    @Test
    void scenario50TruncateOfWhatIsHeld() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, 8 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(50, 8 * BLOCK));
        var _ = a.committing(file).part(mapped, 0, 4 * BLOCK).last(4 * BLOCK - 1).send();

        var shrunk = a.truncate(file, 2 * BLOCK);
        assertReturned(shrunk.getReturnedList(), file, 2 * BLOCK, 6 * BLOCK);
        assertTrue(shrunk.getReturned(0).hasStateid(), "the rest of the layout is held");
        assertRefused(
                Reason.REASON_BAD_LAYOUT,
                () -> a.committing(file).part(mapped, 2 * BLOCK, BLOCK).send());
        var _ = a.committing(file).part(mapped, 0, 2 * BLOCK).send();

        var emptied = a.truncate(file, 0);
        assertReturned(emptied.getReturnedList(), file, 0, 2 * BLOCK);
        assertFalse(emptied.getReturned(0).hasStateid(), "nothing of the layout is left");
        assertEquals(List.of(), a.layoutsHeld());
        assertEquals(0, server().space().getMappedBytes());
    }

    /** Shrinking into a block that the client holds itself: the tail is zeroed all the same. */
    @Test
    void scenario50TruncateToMidBlock() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(50, 2 * BLOCK));
        var shrunk = a.truncate(file, 100);
        assertReturned(shrunk.getReturnedList(), file, 0, 2 * BLOCK);
        var _ = a.truncate(file, BLOCK);
        byte[] whole = a.read(file);
        assertArrayEquals(Arrays.copyOf(pattern(50, BLOCK), 100), Arrays.copyOf(whole, 100));
        assertZeros(Arrays.copyOfRange(whole, 100, BLOCK));
    }

    @Test
    void scenario50PunchOfWhatIsHeld() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(50, 6 * BLOCK));
        // The edges are cut within blocks: those are zeroed in part, and their grants end, too.
        var punched = a.deallocate(file, BLOCK + 10, 3 * BLOCK);
        assertReturned(punched.getReturnedList(), file, BLOCK, 4 * BLOCK);
        var _ = a.giveBack(file);
        byte[] expected = pattern(50, 6 * BLOCK);
        Arrays.fill(expected, BLOCK + 10, 4 * BLOCK + 10, (byte) 0);
        assertArrayEquals(expected, client("b").read(file));
    }

    @Test
    void scenario50RemoveOfWhatIsHeld() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        long free = server.space().getFreeBytes();
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(50, 2 * BLOCK));
        var _ = a.map(file, RW, 4 * BLOCK, BLOCK);
        var removed = a.remove("f");
        assertEquals(1, removed.getReturnedCount());
        assertEquals(file, removed.getReturned(0).getFileId());
        assertEquals(
                List.of(
                        FileRange.newBuilder().setOffset(0).setLength(2 * BLOCK).build(),
                        FileRange.newBuilder().setOffset(4 * BLOCK).setLength(BLOCK).build()),
                removed.getReturned(0).getRangesList());
        assertFalse(removed.getReturned(0).hasStateid());
        assertEquals(List.of(), a.layoutsHeld());
        assertEquals(free, server.space().getFreeBytes());
        assertRefused(Reason.REASON_STALE_FILE, () -> a.map(file, RW, 0, BLOCK));
    }

    private static void assertReturned(
            List<ReturnedLayout> returned, long file, long offset, long length) {
        assertEquals(1, returned.size());
        assertEquals(file, returned.getFirst().getFileId());
        long at = offset;
        for (FileRange range : returned.getFirst().getRangesList()) {
            assertEquals(at, range.getOffset());
            at += range.getLength();
        }
        assertEquals(offset + length, at);
    }

    @Test
    void scenario51TwoClientsCommitWithTheEpochsTheyWereGiven() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        MapBlocksResponse left = a.map(file, RW, 0, 4 * BLOCK);
        MapBlocksResponse right = b.map(file, RW, 4 * BLOCK, 4 * BLOCK);
        a.store(left.getExtentsList(), 0, pattern(1, 4 * BLOCK));
        b.store(right.getExtentsList(), 4 * BLOCK, pattern(2, 4 * BLOCK));
        // The other's commit raised the epoch in between: of other bytes, so it does not matter.
        for (long half = 0; half < 2; half++) {
            var _ =
                    a.committing(file)
                            .part(left, half * 2 * BLOCK, 2 * BLOCK)
                            .last((half + 1) * 2 * BLOCK - 1)
                            .send();
            var _ =
                    b.committing(file)
                            .part(right, (4 + half * 2) * BLOCK, 2 * BLOCK)
                            .last((6 + half * 2) * BLOCK - 1)
                            .send();
        }
        var _ = a.giveBack(file);
        var _ = b.giveBack(file);
        byte[] whole = client("c").read(file);
        assertEquals(8 * BLOCK, whole.length);
        assertArrayEquals(pattern(1, 4 * BLOCK), Arrays.copyOf(whole, 4 * BLOCK));
        assertArrayEquals(pattern(2, 4 * BLOCK), Arrays.copyOfRange(whole, 4 * BLOCK, 8 * BLOCK));
    }

    @Test
    void scenario51TenPipelinedMapsWithOneStateid() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        Stateid stateid = a.map(file, RW, 0, BLOCK).getStateid();
        try (PipelinedStream stream = PipelinedStream.attach(server().channel(), a.ref())) {
            Request.Builder[] requests = new Request.Builder[10];
            for (int i = 0; i < requests.length; i++) {
                MapBlocksRequest.Builder map =
                        a.mapping(file, RW, (i + 1) * (long) BLOCK, BLOCK)
                                .clearSession()
                                .setStateid(stateid)
                                .setOperation(a.nextOperation());
                requests[i] = Request.newBuilder().setMapBlocks(map);
            }
            List<Reply> replies = stream.send(requests);
            Set<Integer> seqids = new HashSet<>();
            for (Reply reply : replies) {
                assertTrue(reply.hasMapBlocks(), reply::toString);
                assertEquals(stateid.getId(), reply.getMapBlocks().getStateid().getId());
                assertTrue(seqids.add(reply.getMapBlocks().getStateid().getSeqid()));
            }
            for (int i = 1; i <= 10; i++) {
                assertTrue(seqids.contains(stateid.getSeqid() + i), "I11: seqids rise by one");
            }
        }
    }
}
