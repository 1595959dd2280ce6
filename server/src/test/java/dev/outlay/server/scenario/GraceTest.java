package dev.outlay.server.scenario;

import static dev.outlay.server.scenario.Refused.assertRefused;
import static dev.outlay.server.scenario.TestClient.READ;
import static dev.outlay.server.scenario.TestClient.RW;
import static dev.outlay.server.scenario.TestClient.range;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.outlay.v1.Layout;
import dev.outlay.v1.MapBlocksResponse;
import dev.outlay.v1.Reason;
import dev.outlay.v1.ReattachResponse;
import dev.outlay.v1.Stateid;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * After a restart: clients re-attach, and until they have, nobody gets what they may still hold.
 */
class GraceTest extends ScenarioTest {

    @Test
    void graceLastsUntilAllHaveReattached() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, 4 * BLOCK));
        var _ = a.giveBack(file);
        var _ = b.map(file, READ, 2 * BLOCK, BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, BLOCK);

        server.restart();
        assertTrue(server.status().getInGrace());
        assertRefused(Reason.REASON_NO_SESSION, () -> a.map(file, RW, 0, BLOCK));
        TestClient c = client("c");
        var grace = assertRefused(Reason.REASON_GRACE, () -> c.map(file, RW, 3 * BLOCK, BLOCK));
        assertTrue(grace.getRetryAfterMillis() > 0);
        assertRefused(Reason.REASON_GRACE, () -> c.truncate(file, BLOCK));
        assertRefused(Reason.REASON_GRACE, () -> c.deallocate(file, 3 * BLOCK, BLOCK));
        // Nobody can restate what lies past the end, and reading is no danger.
        var _ = c.map(file, RW, 4 * BLOCK, BLOCK);
        var _ = c.map(file, READ, BLOCK, BLOCK);

        ReattachResponse.VolumeResult back = a.reattach(a.layout(file, range(RW, 0, BLOCK)));
        assertFalse(back.getLayouts(0).hasError());
        assertEquals(range(RW, 0, BLOCK), back.getLayouts(0).getLayout().getRanges(0));
        assertRefused(Reason.REASON_GRACE, () -> c.map(file, RW, 3 * BLOCK, BLOCK));
        var _ = a.map(file, RW, 0, BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(2, BLOCK));
        var _ = a.committing(file).all(mapped).send();

        assertTrue(server.status().getInGrace());
        var _ = b.reattach(b.layout(file, range(READ, 2 * BLOCK, BLOCK)));
        assertFalse(server.status().getInGrace());
        var _ = c.map(file, RW, 3 * BLOCK, BLOCK);
        assertRefused(Reason.REASON_TRY_LATER, () -> c.map(file, RW, 2 * BLOCK, BLOCK));
        var _ = a.giveBack(file);
        assertArrayEquals(
                pattern(2, BLOCK), Arrays.copyOf(client("d").read(file, 0, BLOCK), BLOCK));
    }

    @Test
    void whoDoesNotComeBackHasExpiredWhole() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a", SHORT_LEASE_MILLIS);
        long file = a.create("f");
        var _ = a.truncate(file, 2 * BLOCK);
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        var _ = a.committing(file).part(mapped, 0, BLOCK).send();

        server.restart();
        Await.until("grace is over", () -> !server.status().getInGrace());
        assertEquals(BLOCK, server.space().getQuarantinedBytes());
        assertEquals(BLOCK, server.space().getAtRiskBytes());
        Refused gone = refusalOf(() -> a.reattach(a.layout(file, range(RW, 0, 2 * BLOCK))));
        assertTrue(
                gone.reason() == Reason.REASON_FENCED || gone.reason() == Reason.REASON_EXPIRED,
                gone::getMessage);
        TestClient b = client("b");
        assertArrayEquals(pattern(1, BLOCK), Arrays.copyOf(b.read(file, 0, BLOCK), BLOCK));
        assertZeros(b.read(file, BLOCK, BLOCK));
        // What was read has been moved first: a late store of the old client lands in quarantine.
        assertEquals(2 * BLOCK, server.space().getQuarantinedBytes());
        assertEquals(0, server.space().getAtRiskBytes());
        MapBlocksResponse anew = b.map(file, RW, 0, BLOCK);
        assertNotEquals(
                mapped.getExtents(0).getDeviceOffset(), anew.getExtents(0).getDeviceOffset());
        var _ = b.map(file, RW, BLOCK, BLOCK);
    }

    private static Refused refusalOf(Runnable call) {
        try {
            call.run();
        } catch (Refused refused) {
            return refused;
        }
        throw new AssertionError("it was not refused");
    }

    @Test
    void reclaimOfWhatWasNeverGrantedIsBad() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        long held = a.create("held");
        long other = a.create("other");
        var _ = a.map(held, RW, 0, BLOCK);

        server.restart();
        Layout invented =
                Layout.newBuilder()
                        .setFileId(other)
                        .setStateid(
                                Stateid.newBuilder()
                                        .setId(ByteString.copyFrom(new byte[16]))
                                        .setSeqid(1))
                        .addRanges(range(RW, 0, BLOCK))
                        .build();
        ReattachResponse.VolumeResult back =
                a.reattach(a.layout(held, range(RW, 0, BLOCK)), invented);
        assertFalse(back.getLayouts(0).hasError(), "the others are settled all the same");
        assertEquals(Reason.REASON_RECLAIM_BAD, back.getLayouts(1).getError().getReason());
        assertFalse(back.getLayouts(1).hasLayout());

        // More of a layout than was granted is as bad.
        server.restart();
        back = a.reattach(a.layout(held, range(RW, 0, 2 * BLOCK)));
        assertEquals(Reason.REASON_RECLAIM_BAD, back.getLayouts(0).getError().getReason());
        assertEquals(range(RW, 0, BLOCK), back.getLayouts(0).getLayout().getRanges(0));
    }

    /** READ is not journaled: restated in grace it stands, after grace it is gone. */
    @Test
    void readIsRestatedInGraceOnly() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, 2 * BLOCK));
        var _ = a.giveBack(file);
        var _ = a.map(file, READ, 0, 2 * BLOCK);
        Layout layout = a.layout(file, range(READ, 0, 2 * BLOCK));

        server.restart();
        var back = a.reattach(layout);
        assertFalse(back.getLayouts(0).hasError());
        assertEquals(
                layout.getStateid().getId(), back.getLayouts(0).getLayout().getStateid().getId());
        assertTrue(
                back.getLayouts(0).getLayout().getStateid().getSeqid()
                        > layout.getStateid().getSeqid());
        TestClient b = client("b");
        assertRefused(Reason.REASON_TRY_LATER, () -> b.map(file, RW, 0, BLOCK));
        b.end();

        server.restart();
        var _ = a.reattach();
        assertFalse(server.status().getInGrace());
        var late = a.reattach(layout);
        assertEquals(Reason.REASON_NO_GRACE, late.getLayouts(0).getError().getReason());
    }

    /** A removed file's blocks are not freed under somebody who may still come back. */
    @Test
    void nothingIsFreedInGrace() throws Exception {
        ScenarioServer server = serve();
        long free = server.space().getFreeBytes();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = a.write(file, 0, pattern(1, 2 * BLOCK));
        var _ = a.giveBack(file);
        var _ = b.map(file, READ, 0, BLOCK);
        server.restart();
        var _ = a.reattach();
        var _ = a.remove("f");
        assertEquals(free - 2 * BLOCK, server.space().getFreeBytes());
        assertEquals(2 * BLOCK, server.space().getPendingBytes());
        var late = b.reattach(b.layout(file, range(READ, 0, BLOCK)));
        assertFalse(late.getLayouts(0).hasError(), () -> "it may go on reading: " + late);
        assertFalse(server.status().getInGrace());
        assertEquals(2 * BLOCK, server.space().getPendingBytes());
        var _ = b.giveBack(file);
        assertEquals(free, server.space().getFreeBytes());
    }

    /**
     * Before it has restated anything a client may commit what the journal knows it was granted.
     */
    @Test
    void aReclaimCommitIsHeldAgainstTheJournal() throws Exception {
        ScenarioServer server = serve();
        TestClient a = client("a");
        TestClient b = client("b");
        long file = a.create("f");
        var _ = b.create("g");
        MapBlocksResponse mapped = a.map(file, RW, 0, 2 * BLOCK);
        a.store(mapped.getExtentsList(), 0, pattern(1, 2 * BLOCK));
        server.restart();
        assertRefused(
                Reason.REASON_NO_SESSION,
                () -> a.committing(file).part(mapped, 0, BLOCK).last(BLOCK - 1).send());
        var _ = a.committing(file).part(mapped, 0, BLOCK).last(BLOCK - 1).reclaim().send();
        assertArrayEquals(
                pattern(1, BLOCK),
                Arrays.copyOf(
                        server.device().load(mapped.getExtents(0).getDeviceOffset(), BLOCK),
                        BLOCK));
        assertEquals(BLOCK, a.attributes(file).getSizeBytes());

        // Blocks the journal never granted to it, and a layout it knows nothing of.
        assertRefused(
                Reason.REASON_RECLAIM_BAD,
                () ->
                        a.committing(file)
                                .range(
                                        2 * BLOCK,
                                        BLOCK,
                                        0,
                                        mapped.getExtents(0).getDeviceOffset() + 2 * BLOCK)
                                .epoch(mapped.getMapEpoch())
                                .reclaim()
                                .send());
        Stateid invented =
                Stateid.newBuilder().setId(ByteString.copyFrom(new byte[16])).setSeqid(1).build();
        assertRefused(
                Reason.REASON_RECLAIM_BAD,
                () ->
                        a.committing(file)
                                .part(mapped, BLOCK, BLOCK)
                                .stateid(invented)
                                .reclaim()
                                .send());
        // A wrong address is as wrong as ever.
        assertRefused(
                Reason.REASON_BAD_LAYOUT,
                () ->
                        a.committing(file)
                                .range(BLOCK, BLOCK, 0, mapped.getExtents(0).getDeviceOffset())
                                .epoch(mapped.getMapEpoch())
                                .reclaim()
                                .send());
        assertTrue(server.status().getInGrace(), "a reclaim is no re-attach");
        b.end();
        var _ = a.reattach(a.layout(file, range(RW, 0, 2 * BLOCK)));
        assertFalse(server.status().getInGrace());
        a.end();
        assertRefused(
                Reason.REASON_NO_GRACE,
                () ->
                        a.committing(file)
                                .stateid(invented)
                                .part(mapped, BLOCK, BLOCK)
                                .reclaim()
                                .send());
    }
}
