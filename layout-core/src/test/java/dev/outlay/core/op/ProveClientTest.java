package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.command.Command;
import dev.outlay.core.command.Command.QuarantineCursor;
import dev.outlay.core.notice.Notice;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.reply.Reply.Proven;
import dev.outlay.core.reply.Reply.Quarantined;
import dev.outlay.core.reply.Reply.QuarantinedClient;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 4: quarantine lasts until a proof, and ends with it. */
class ProveClientTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    private static Reason refused(Reply reply) {
        return assertInstanceOf(Failure.class, reply).reason();
    }

    @Test
    void scenario42SpaceIsFreeOnceTheEndIsProven() {
        a.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
        a.end(EndCause.REVOKED);
        b.mapsRw(file, 0, blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(0, kit.freeBlocks());
        assertEquals(new Proven(blocks(64), 0), a.proven(Proof.OPERATOR));
        assertEquals(64, kit.freeBlocks());
        assertNull(kit.tables().client(a.id()));
        b.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
    }

    @Test
    void scenario42TimeProvesNothingUnderStrict() {
        a.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
        a.end(EndCause.EXPIRED);
        assertEquals(Reason.INVALID_ARGUMENT, refused(a.proven(Proof.TIME)));
        b.mapsRw(file, 0, blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(blocks(64), kit.space().quarantined());
    }

    @Test
    void scenario42TimeIsAProofUnderTimed() {
        VolumeKit timed = VolumeKit.timed(64);
        Party writer = timed.client("a");
        Party other = timed.client("b");
        FileId full = writer.creates("file");
        writer.mapsRw(full, 0, blocks(64)).min(blocks(64)).ok();
        writer.end(EndCause.EXPIRED);
        assertEquals(new Proven(blocks(64), 0), writer.proven(Proof.TIME));
        other.mapsRw(full, 0, blocks(64)).min(blocks(64)).ok();
        timed.checkReplay();
    }

    @Test
    void scenario28FencedWhileRememberedThenExpired() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.end(EndCause.REVOKED);
        a.commits(file, held).refused(Reason.FENCED);
        a.mapsRead(file, 0, blocks(1)).refused(Reason.FENCED);
        assertEquals(Reason.FENCED, refused(a.join()));
        assertEquals(Reason.FENCED, refused(a.tryReattach()));
        a.proven(Proof.OPERATOR);
        a.commits(file, held).refused(Reason.EXPIRED);
        assertEquals("..", kit.picture(file, 2), "nothing was exposed");
    }

    @Test
    void committedBlocksAreNotAtRiskAnyMore() {
        a.writes(file, 0, blocks(3));
        b.allocates(b.creates("takes all"), 0, blocks(kit.freeBlocks())).ok();
        a.end(EndCause.REVOKED);
        Mapped seen = b.mapsRead(file, 0, blocks(3)).ok();
        long before = kit.attributes(file).mapEpoch();
        assertEquals(new Proven(0, blocks(3)), a.proven(Proof.FENCE_DRIVER));
        assertEquals("WWW", kit.picture(file, 3));
        assertEquals(0, kit.space().atRisk());
        assertTrue(kit.attributes(file).mapEpoch() > before, "I24");
        assertFalse(
                kit.node(file).changes().changedAfter(Grants.wholeFile(), seen.mapEpoch()),
                "a cached mapping still says where the bytes are");
        b.mapsRw(file, 0, blocks(3)).min(blocks(3)).ok();
    }

    /** The grant's end had the tail zeroed; a store that came later is zeroed by the proof. */
    @Test
    void theTailThatALateStoreMayHaveTouchedIsZeroedAgain() {
        a.writesBytes(file, 100);
        a.end(EndCause.REVOKED);
        kit.completeAll();
        a.proven(Proof.FENCE_DRIVER);
        assertEquals(1, kit.works().size());
        long block = kit.extents(file).getFirst().deviceOffset();
        assertEquals(
                List.of(new DeviceRange(0, block + 100, BLOCK - 100)),
                kit.works().getFirst().zero());
        kit.completeAll();
        assertEquals("W", kit.picture(file, 1));
    }

    /** Zeroed where it was, the block could be another file's by then. */
    @Test
    void aLastBlockThatIsJustMovedIsWaitedFor() {
        a.writesBytes(file, 100);
        a.end(EndCause.REVOKED);
        kit.completeAll();
        assertTrue(b.mapsRead(file, 0, blocks(1)).start().awaitedWork().isPresent());
        assertEquals(1, kit.works().size(), "the block is being moved");
        Execution early = kit.execute(new Command.ProveClient(a.id(), Proof.FENCE_DRIVER));
        assertEquals(kit.works().getFirst().id(), early.awaitedWork().orElseThrow());
        kit.completeAll();
        assertInstanceOf(Proven.class, a.proven(Proof.FENCE_DRIVER));
        assertEquals(List.of(), kit.works());
        assertEquals("W", kit.picture(file, 1));
        assertEquals(63, kit.freeBlocks());
    }

    @Test
    void whatAnotherEndedClientCouldTouchStays() {
        Party c = kit.client("c");
        a.writes(file, 0, blocks(3));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(2)).mapped().ok();
        c.mapsRead(file, blocks(1), blocks(2)).mapped().ok();
        b.end(EndCause.REVOKED);
        c.end(EndCause.REVOKED);
        assertEquals("RRR", kit.picture(file, 3));
        assertEquals(new Proven(0, blocks(1)), b.proven(Proof.OPERATOR));
        assertEquals("WRR", kit.picture(file, 3));
        a.removes(FileId.ROOT, "file").ok();
        assertEquals(blocks(2), kit.space().quarantined());
        assertEquals(new Proven(blocks(2), 0), c.proven(Proof.OPERATOR));
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void scenario31AFreedBlockAtRiskIsFreeOnlyAfterTheProof() {
        a.writes(file, 0, blocks(2));
        a.end(EndCause.REVOKED);
        b.punches(file, 0, blocks(2)).ok();
        assertEquals(62, kit.freeBlocks());
        b.mapsRw(file, 0, blocks(62)).min(blocks(62)).ok();
        b.mapsRw(file, blocks(62), blocks(1)).refused(Reason.NO_SPACE);
        a.proven(Proof.FENCE_DRIVER);
        b.mapsRw(file, blocks(62), blocks(2)).min(blocks(2)).ok();
    }

    @Test
    void aRevokedClientsOwnWordIsAProof() {
        a.mapsRw(file, 0, blocks(2)).ok();
        a.end(EndCause.REVOKED);
        assertInstanceOf(Proven.class, a.end(EndCause.OWN_WORD));
        assertEquals(64, kit.freeBlocks());
        assertNull(kit.tables().client(a.id()));
    }

    @Test
    void i13ProvenTwiceIsProvenOnce() {
        a.mapsRw(file, 0, blocks(2)).ok();
        a.end(EndCause.REVOKED);
        a.proven(Proof.OPERATOR);
        byte[] once = kit.state().image();
        assertEquals(Reason.NOT_FOUND, refused(a.proven(Proof.FENCE_DRIVER)));
        org.junit.jupiter.api.Assertions.assertArrayEquals(once, kit.state().image());
    }

    @Test
    void whoseLeaseRunsIsNotProvenByAMistake() {
        a.mapsRw(file, 0, blocks(2)).ok();
        assertEquals(Reason.INVALID_ARGUMENT, refused(a.proven(Proof.OPERATOR)));
        assertEquals(1, a.holds(file).size());
    }

    @Test
    void courtesyOfAClientThatIsProvenGoneIsReturned() {
        a.mapsRw(file, 0, blocks(2)).ok();
        a.lapses();
        a.proven(Proof.FENCE_DRIVER);
        assertEquals(64, kit.freeBlocks());
        assertNull(kit.tables().client(a.id()));
    }

    @Test
    void lingeringReadGrantsEndWithTheProof() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        FileId other = a.creates("other");
        a.mapsRw(other, 0, blocks(1)).ok();
        a.end(EndCause.SUPERSEDED);
        b.removes(FileId.ROOT, "file").ok();
        assertEquals(blocks(2), kit.space().pending());
        a.proven(Proof.FENCE_DRIVER);
        assertEquals(64, kit.freeBlocks());
        assertNull(kit.tables().client(a.id()));
    }

    @Test
    void proofOutlivesACrashAndQuarantineDoesToo() {
        FileId other = b.creates("other");
        a.mapsRw(file, 0, blocks(2)).ok();
        b.mapsRw(other, 0, blocks(3)).min(blocks(3)).ok();
        a.end(EndCause.REVOKED);
        b.end(EndCause.REVOKED);
        a.proven(Proof.OPERATOR);
        kit.crash();
        assertEquals(blocks(3), kit.space().quarantined());
        b.proven(Proof.OPERATOR);
        kit.crash();
        assertEquals(64, kit.freeBlocks());
    }

    // ---- who is told

    @Test
    void anEndWithQuarantineAsksForAFenceAndItsProofIsTold() {
        a.mapsRw(file, 0, blocks(2)).ok();
        Execution ended = kit.execute(new Command.EndClient(a.id(), EndCause.REVOKED));
        assertEquals(List.of(new Notice.NeedsFence(a.id())), ended.notices());
        assertInstanceOf(Reply.Remembered.class, ended.reply().orElseThrow());
        Execution proven = kit.execute(new Command.ProveClient(a.id(), Proof.OPERATOR));
        assertEquals(List.of(new Notice.ClientProven(a.id())), proven.notices());
    }

    @Test
    void anEndWithoutQuarantineNeedsNoFence() {
        a.mapsRw(file, 0, blocks(2)).ok();
        a.returnsAll(file).ok();
        Execution ended = kit.execute(new Command.EndClient(a.id(), EndCause.EXPIRED));
        assertEquals(List.of(), ended.notices());
        assertInstanceOf(Reply.Done.class, ended.reply().orElseThrow());
    }

    @Test
    void aConflictThatRevokesAsksForAFence() {
        a.mapsRw(file, 0, blocks(2)).ok();
        a.lapses();
        Execution mapped = b.mapsRw(file, 0, blocks(1)).start();
        assertEquals(List.of(new Notice.NeedsFence(a.id())), mapped.notices());
    }

    // ---- the list

    @Test
    void theListSaysWhoAndWhat() {
        a.writes(file, 0, blocks(1));
        FileId other = b.creates("other");
        a.mapsRw(other, 0, blocks(2)).min(blocks(2)).ok();
        a.end(EndCause.REVOKED);
        Quarantined all = list(Optional.empty(), 0);
        assertFalse(all.more());
        QuarantinedClient listed = all.clients().getFirst();
        assertEquals(a.id(), listed.record().id());
        assertEquals("a", listed.record().owner());
        assertEquals(EndCause.REVOKED, listed.ended());
        assertEquals(blocks(2), listed.quarantinedBytes());
        assertEquals(BLOCK, listed.atRiskBytes());
        assertEquals(2, listed.ranges().size());
    }

    @Test
    void theListGoesOnWhereItEnded() {
        FileId second = b.creates("second");
        for (int i = 0; i < 3; i++) {
            a.mapsRw(file, blocks(2L * i), blocks(1)).min(blocks(1)).ok();
            b.mapsRw(second, blocks(2L * i), blocks(1)).min(blocks(1)).ok();
        }
        a.end(EndCause.REVOKED);
        b.end(EndCause.REVOKED);
        List<String> whole = ranges(list(Optional.empty(), 0));
        List<String> pieces = new ArrayList<>();
        Optional<QuarantineCursor> after = Optional.empty();
        Quarantined page = list(after, 1);
        while (true) {
            pieces.addAll(ranges(page));
            if (!page.more()) {
                break;
            }
            QuarantinedClient last = page.clients().getLast();
            after =
                    Optional.of(
                            new QuarantineCursor(
                                    last.record().id(),
                                    last.ranges().getLast().range().device(),
                                    last.ranges().getLast().range().start()));
            page = list(after, 1);
        }
        assertEquals(whole, pieces);
        assertTrue(whole.size() >= 2);
    }

    private static List<String> ranges(Quarantined page) {
        List<String> all = new ArrayList<>();
        page.clients()
                .forEach(c -> c.ranges().forEach(r -> all.add(c.record().id() + " " + r.range())));
        return all;
    }

    private Quarantined list(Optional<QuarantineCursor> after, int max) {
        return kit.query(
                new Command.ListQuarantine(Optional.empty(), after, max), Quarantined.class);
    }

    @Test
    void aPageOfTheListHoldsSeveralClientsAndGoesOnInsideOne() {
        for (int i = 0; i < 2; i++) {
            // In turns, so that the blocks of each do not lie side by side.
            a.mapsRw(file, blocks(2L * i), blocks(1)).min(blocks(1)).ok();
            b.mapsRw(file, blocks(2L * i + 1), blocks(1)).min(blocks(1)).ok();
        }
        a.end(EndCause.REVOKED);
        b.end(EndCause.REVOKED);
        List<String> whole = ranges(list(Optional.empty(), 0));
        assertEquals(4, whole.size());
        Quarantined page = list(Optional.empty(), 3);
        assertTrue(page.more());
        assertEquals(whole.subList(0, 3), ranges(page));
        assertEquals(whole.subList(3, 4), ranges(list(Optional.of(behind(page)), 3)));
        Quarantined ofA = list(Optional.empty(), 2);
        assertTrue(ofA.more(), "the next client's are still to come");
        assertEquals(whole.subList(0, 2), ranges(ofA));
        assertEquals(whole.subList(2, 4), ranges(list(Optional.of(behind(ofA)), 2)));
        Quarantined ofB =
                kit.query(
                        new Command.ListQuarantine(Optional.of(b.id()), Optional.empty(), 0),
                        Quarantined.class);
        assertEquals(whole.subList(2, 4), ranges(ofB));
    }

    private static QuarantineCursor behind(Quarantined page) {
        QuarantinedClient last = page.clients().getLast();
        return new QuarantineCursor(
                last.record().id(),
                last.ranges().getLast().range().device(),
                last.ranges().getLast().range().start());
    }

    @Test
    void theProofOfOneLeavesWhatAnotherCouldOverwriteAtRisk() {
        FileId other = b.creates("other");
        a.writes(file, 0, blocks(1));
        b.writes(other, 0, blocks(1));
        a.end(EndCause.REVOKED);
        b.end(EndCause.REVOKED);
        a.proven(Proof.OPERATOR);
        assertEquals("W", kit.picture(file, 1));
        assertEquals("R", kit.picture(other, 1));
        assertTrue(kit.tables().quarantine().names(b.id()));
        b.proven(Proof.OPERATOR);
        assertEquals("W", kit.picture(other, 1));
    }
}
