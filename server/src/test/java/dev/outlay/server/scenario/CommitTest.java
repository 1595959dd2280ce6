package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.Extent;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** CommitBlocks: once, all or nothing, what was granted, never back in time. */
class CommitTest extends ScenarioTest {

    @Test
    void scenario22SameCommitTwice() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a").holdAnswers();
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, 4 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(22, 4 * BLOCK));
        CommitBlocksRequest commit = a.committing(file).all(mapped).last(4 * BLOCK - 1).build();
        CommitBlocksResponse first = a.commit(commit);
        long journaled = server.status().getJournalPosition();

        assertEquals(first, a.commit(commit), "the answer that was lost");
        assertEquals(journaled, server.status().getJournalPosition(), "one journal record");

        CommitBlocksResponse again = a.committing(file).all(mapped).last(4 * BLOCK - 1).send();
        assertFalse(again.hasNewSizeBytes());
        assertEquals(first.getMapEpoch(), again.getMapEpoch(), "the map is as it was");
        assertTrue(
                again.getAttributes().getChangeCounter()
                        > first.getAttributes().getChangeCounter());
        var _ = a.giveBack(file);
        assertArrayEquals(pattern(22, 4 * BLOCK), client("b").read(file));
    }

    /** Blocks of a grant that has been returned are somebody else's by now. */
    @Test
    void scenario22MapRetriedAfterItsGrantWasReturned() throws Exception {
        serve();
        TestClient a = client("a").holdAnswers();
        long file = a.create("f");
        MapBlocksRequest map =
                a.mapping(file, RW, 0, 4 * BLOCK).setOperation(a.nextOperation()).build();
        MapBlocksResponse mapped = a.map(map);
        assertEquals(mapped, a.map(map), "while it stands, the same grant");
        var _ = a.giveBack(file);
        assertRefused(Reason.REASON_EXPIRED, () -> a.map(map));

        // Held anew, over other blocks or the same ones: still not the grant of that answer.
        var _ = a.map(file, RW, 0, 4 * BLOCK);
        assertRefused(Reason.REASON_EXPIRED, () -> a.map(map));
    }

    @Test
    void scenario22RetryOfAnAcknowledgedOperation() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, BLOCK);
        CommitBlocksRequest commit = a.committing(file).all(mapped).build();
        var _ = a.commit(commit);
        var _ = a.create("g");
        assertRefused(Reason.REASON_EXPIRED, () -> a.commit(commit));
    }

    @Test
    void scenario23UnsortedOrOverlappingRanges() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 4 * BLOCK);
        FileAttributes before = a.attributes(file);
        List<Extent> map = a.extents(file);

        assertRefused(
                Reason.REASON_INVALID_ARGUMENT,
                () ->
                        a.committing(file)
                                .part(mapped, 2 * BLOCK, BLOCK)
                                .part(mapped, 0, BLOCK)
                                .send());
        assertRefused(
                Reason.REASON_INVALID_ARGUMENT,
                () ->
                        a.committing(file)
                                .part(mapped, 0, 2 * BLOCK)
                                .part(mapped, BLOCK, 2 * BLOCK)
                                .send());
        assertRefused(
                Reason.REASON_INVALID_ARGUMENT,
                () -> a.committing(file).part(mapped, 0, BLOCK).part(mapped, 0, BLOCK).send());
        assertEquals(before, a.attributes(file));
        assertEquals(map, a.extents(file), "nothing was converted");
    }

    @Test
    void scenario25LastWriteOffset() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, 4 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(25, 4 * BLOCK));

        CommitBlocksResponse without = a.committing(file).part(mapped, 0, BLOCK).send();
        assertFalse(without.hasNewSizeBytes());
        assertEquals(0, without.getAttributes().getSizeBytes());

        for (long outside : new long[] {2 * BLOCK, 4 * BLOCK, Long.MAX_VALUE}) {
            assertRefused(
                    Reason.REASON_INVALID_ARGUMENT,
                    () -> a.committing(file).part(mapped, 0, 2 * BLOCK).last(outside).send());
        }
        assertEquals(0, a.attributes(file).getSizeBytes());

        CommitBlocksResponse grown =
                a.committing(file).part(mapped, 0, 3 * BLOCK).last(2 * BLOCK + 9).send();
        assertEquals(2 * BLOCK + 10, grown.getNewSizeBytes());
        CommitBlocksResponse below = a.committing(file).part(mapped, 0, BLOCK).last(5).send();
        assertFalse(below.hasNewSizeBytes());
        assertEquals(2 * BLOCK + 10, below.getAttributes().getSizeBytes());
        var _ = a.giveBack(file);
        assertArrayEquals(
                Arrays.copyOf(pattern(25, 4 * BLOCK), 2 * BLOCK + 10), client("b").read(file));
    }

    @Test
    void scenario26TwoClientsGrowOneFileInEitherOrder() throws Exception {
        serve();
        TestClient a = client("a");
        TestClient b = client("b");
        for (boolean shortFirst : new boolean[] {true, false}) {
            long file = a.create("short-first-" + shortFirst);
            MapBlocksResponse near = a.map(file, RW, 0, 10 * BLOCK);
            MapBlocksResponse far = b.map(file, RW, 10 * BLOCK, 10 * BLOCK);
            a.store(near.getExtentsList(), 0, pattern(1, 10 * BLOCK));
            b.store(far.getExtentsList(), 10 * BLOCK, pattern(2, 10 * BLOCK));
            CommitCall nearCommit = a.committing(file).all(near).last(10 * BLOCK - 1);
            CommitCall farCommit = b.committing(file).all(far).last(20 * BLOCK - 1);
            var _ = (shortFirst ? nearCommit : farCommit).send();
            var _ = (shortFirst ? farCommit : nearCommit).send();

            assertEquals(20 * BLOCK, a.attributes(file).getSizeBytes());
            var _ = a.giveBack(file);
            var _ = b.giveBack(file);
            byte[] whole = client("c").read(file);
            assertArrayEquals(pattern(1, 10 * BLOCK), Arrays.copyOf(whole, 10 * BLOCK));
            assertArrayEquals(
                    pattern(2, 10 * BLOCK), Arrays.copyOfRange(whole, 10 * BLOCK, 20 * BLOCK));
        }
    }

    @Test
    void scenario27CommitAfterTheReturn() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.truncate(file, BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(27, BLOCK));
        var _ = a.giveBack(file);
        assertRefused(
                Reason.REASON_BAD_STATEID,
                () -> a.committing(file).stateid(mapped.getStateid()).all(mapped).send());
        assertZeros(a.read(file));
    }

    @Test
    void scenario28CommitFromASupersededIncarnation() throws Exception {
        serve();
        TestClient first = client("a");
        long file = first.create("f");
        var _ = first.truncate(file, 2 * BLOCK);
        MapBlocksResponse mapped = first.map(file, RW, 0, 2 * BLOCK);
        first.store(mapped.getExtentsList(), 0, pattern(28, 2 * BLOCK));
        CommitBlocksRequest commit = first.committing(file).all(mapped).build();

        TestClient second = client("a");
        assertRefused(Reason.REASON_FENCED, () -> first.commit(commit));
        assertRefused(Reason.REASON_FENCED, () -> first.map(file, READ, 0, BLOCK));
        assertRefused(Reason.REASON_FENCED, first::renew);
        assertZeros(client("b").read(file));

        // What the fenced one stores now lands where nobody looks.
        MapBlocksResponse fresh = second.map(file, RW, 0, 2 * BLOCK);
        second.store(fresh.getExtentsList(), 0, pattern(29, 2 * BLOCK));
        first.store(mapped.getExtentsList(), 0, pattern(30, 2 * BLOCK));
        var _ = second.committing(file).all(fresh).send();
        var _ = second.giveBack(file);
        assertArrayEquals(pattern(29, 2 * BLOCK), client("c").read(file));
    }

    @Test
    void scenario29TimesDoNotGoBack() throws Exception {
        serve();
        TestClient a = client("a");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, BLOCK);
        long created = a.attributes(file).getModifiedMillis();

        FileAttributes older =
                a.committing(file).all(mapped).modified(created - 5000).send().getAttributes();
        assertEquals(created, older.getModifiedMillis());
        long later = created + 3_600_000;
        FileAttributes newer =
                a.committing(file).all(mapped).modified(later).send().getAttributes();
        assertEquals(later, newer.getModifiedMillis());
        FileAttributes byTheServersClock = a.committing(file).all(mapped).send().getAttributes();
        assertEquals(later, byTheServersClock.getModifiedMillis());
        assertTrue(byTheServersClock.getChangeCounter() > newer.getChangeCounter());
    }
}
