package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outlay.v1.CommitBlocksRequest;
import dev.outlay.v1.CommitBlocksResponse;
import dev.outlay.v1.FileAttributes;
import dev.outlay.v1.MapBlocksRequest;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The server's process is killed, and started again over the same folder. */
class CrashTest extends ScenarioTest {

    @Test
    void scenario02UncommittedBytesAreZerosAfterACrash() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(2, BLOCK));
        var _ = a.truncate(file, 4 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, BLOCK, 3 * BLOCK);
        a.store(mapped.getExtentsList(), BLOCK, pattern(3, 3 * BLOCK));
        FileAttributes before = a.attributes(file);

        server.crashAndRestart();
        TestClient b = client("b");
        assertZeros(b.read(file, BLOCK, 3 * BLOCK));
        assertEquals(before, b.attributes(file));

        // In grace, and after it; and when the writer has come back.
        assertRefused(Reason.REASON_NO_SESSION, () -> a.map(file, RW, BLOCK, BLOCK));
        var _ = a.reattach(a.layout(file, TestClient.range(RW, 0, 4 * BLOCK)));
        assertZeros(b.read(file, BLOCK, 3 * BLOCK));
        var _ = a.committing(file).part(mapped, BLOCK, BLOCK).send();
        var _ = a.giveBack(file);
        byte[] whole = b.read(file);
        assertArrayEquals(pattern(2, BLOCK), Arrays.copyOf(whole, BLOCK));
        assertArrayEquals(
                Arrays.copyOf(pattern(3, 3 * BLOCK), BLOCK),
                Arrays.copyOfRange(whole, BLOCK, 2 * BLOCK));
        assertZeros(Arrays.copyOfRange(whole, 2 * BLOCK, 4 * BLOCK));
    }

    @Test
    void scenario03WhatWasAnsweredIsThereAfterACrash() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient a = client("a");
        long file = a.create("f");
        byte[] bytes = pattern(3, 3 * BLOCK + 17);
        CommitBlocksResponse answer = a.write(file, 0, bytes);

        server.crashAndRestart();
        TestClient b = client("b");
        assertEquals(answer.getAttributes(), b.attributes(file));
        var _ = a.reattach();
        var _ = a.giveBack(file);
        assertArrayEquals(bytes, b.read(file));
    }

    @Test
    void scenario04CommitAfterTheCrash() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient a = client("a");
        long file = a.create("f");
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(4, 2 * BLOCK));

        server.crashAndRestart();
        var _ = a.reattach(a.layout(file, TestClient.range(RW, 0, 2 * BLOCK)));
        var _ = a.committing(file).all(mapped).last(2 * BLOCK - 1).send();
        var _ = a.giveBack(file);
        assertArrayEquals(pattern(4, 2 * BLOCK), client("b").read(file));
    }

    /** The answers were lost with the server; each retry has the answer of the first try. */
    @Test
    void scenario22RetriesAfterACrash() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient a = client("a").holdAnswers();
        long file = a.create("f");
        MapBlocksRequest map =
                a.mapping(file, RW, 0, 2 * BLOCK).setOperation(a.nextOperation()).build();
        MapBlocksResponse mapped = a.map(map);
        a.store(mapped.getExtentsList(), 0, pattern(22, 2 * BLOCK));
        CommitBlocksRequest commit = a.committing(file).all(mapped).last(2 * BLOCK - 1).build();
        CommitBlocksResponse committed = a.commit(commit);

        server.crashAndRestart();
        var _ = a.reattach();
        long journaled = server.status().getJournalPosition();
        assertEquals(committed, a.commit(commit));
        assertEquals(mapped, a.map(map));
        assertEquals(journaled, server.status().getJournalPosition(), "nothing is done again");
        var _ = a.giveBack(file);
        assertRefused(Reason.REASON_EXPIRED, () -> a.map(map));
        assertEquals(committed, a.commit(commit), "a fact stays a fact");
    }

    /** A snapshot in between: the journal before it is not needed, and loses nothing. */
    @Test
    void scenario03AfterASnapshot() throws Exception {
        ScenarioServer server = serveFromProcess();
        TestClient a = client("a");
        long before = a.create("before");
        var _ = a.write(before, 0, pattern(1, BLOCK));
        assertEquals(
                server.status().getJournalPosition(), server.takeSnapshot().getJournalPosition());
        long after = a.create("after");
        var _ = a.write(after, 0, pattern(2, BLOCK));

        server.crashAndRestart();
        assertEquals(true, server.status().getSnapshotPosition() > 0);
        var _ = a.reattach();
        var _ = a.giveBack(before);
        var _ = a.giveBack(after);
        TestClient b = client("b");
        assertArrayEquals(pattern(1, BLOCK), b.read(before));
        assertArrayEquals(pattern(2, BLOCK), b.read(after));
    }
}
