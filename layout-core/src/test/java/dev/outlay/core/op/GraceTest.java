package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.restated;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command.RestatedLayout;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.reply.Reply.ReattachedLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 4, server restart: clients re-attach and restate, and until then nothing conflicts. */
class GraceTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void withoutClientsThereIsNoGrace() {
        a.ends();
        b.ends();
        kit.crash();
        assertFalse(kit.tables().isInGrace());
    }

    @Test
    void nothingIsDoneForAClientThatHasNotReattached() {
        kit.crash();
        assertTrue(kit.tables().isInGrace());
        a.mapsRead(file, 0, blocks(1)).refused(Reason.NO_SESSION);
        a.reattaches();
        a.mapsRead(file, 0, blocks(1)).ok();
    }

    @Test
    void aReaderRestatesWhatItHoldsAndIsHeldToIt() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Stateid held = b.mapsRead(file, 0, blocks(2)).ok().stateid().orElseThrow();
        kit.crash();
        ReattachedLayout stands =
                b.reattaches(restated(file, held, reading(0, blocks(2)))).layouts().getFirst();
        assertEquals(Optional.empty(), stands.failure());
        assertEquals(held.seqid() + 1, stands.stateid().orElseThrow().seqid());
        assertEquals(List.of(reading(0, blocks(2))), stands.ranges());
        a.reattaches();
        kit.endGrace();
        a.mapsRw(file, 0, blocks(1)).refused(Reason.TRY_LATER);
    }

    @Test
    void untilReadersHaveRestatedNothingConflictsInsideEndOfFile() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        kit.crash();
        a.reattaches();
        a.mapsRw(file, 0, blocks(1)).refused(Reason.GRACE);
        a.truncates(file, 0).refused(Reason.GRACE);
        a.punches(file, 0, blocks(1)).refused(Reason.GRACE);
        a.mapsRead(file, 0, blocks(2)).ok();
        Mapped past = a.mapsRw(file, blocks(2), blocks(1)).ok();
        a.commits(file, past).lastWrite(blocks(3) - 1).ok();
        kit.endGrace();
        a.mapsRw(file, 0, blocks(1)).ok();
    }

    @Test
    void theJournaledHolderGoesOnInGrace() {
        a.writes(file, 0, blocks(2));
        Mapped more = a.mapsRw(file, 0, blocks(4)).ok();
        kit.crash();
        a.reattaches(restated(file, more.stateid().orElseThrow(), writing(0, blocks(4))));
        Mapped again = a.mapsRw(file, 0, blocks(4)).ok();
        a.commits(file, again).lastWrite(blocks(4) - 1).ok();
        assertEquals("WWWW", kit.picture(file, 4));
    }

    /** Found by the simulator with seeds 13180, 35957 and 37685: I22. */
    @Test
    void whoReplacesBlocksBesideReadersIsNotGrantedThemInPlaceInGrace() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        a.mapsRw(file, 0, blocks(2)).atomic().ok();
        Stateid held = b.mapsRead(file, 0, blocks(1)).ok().stateid().orElseThrow();
        kit.crash();
        a.reattaches();
        a.mapsRw(file, 0, blocks(2)).refused(Reason.GRACE);
        a.mapsRw(file, 0, blocks(2)).atomic().ok();
        ReattachedLayout stands =
                b.reattaches(restated(file, held, reading(0, blocks(1)))).layouts().getFirst();
        assertEquals(Optional.empty(), stands.failure());
        kit.endGrace();
        a.mapsRw(file, 0, blocks(1)).refused(Reason.TRY_LATER);
        b.returnsAll(file).ok();
        a.mapsRw(file, 0, blocks(1)).ok();
    }

    @Test
    void ofARangePartlyItsOwnAWriterGetsItsOwnPart() {
        a.writes(file, 0, blocks(4));
        a.returns(file, new ByteRange(blocks(2), blocks(4))).ok();
        kit.crash();
        a.reattaches();
        Mapped part = a.mapsRw(file, 0, blocks(4)).ok();
        assertEquals(blocks(2), part.nextOffset());
        a.mapsRw(file, 0, blocks(4)).min(blocks(3)).refused(Reason.GRACE);
    }

    @Test
    void removedFilesKeepTheirBlocksUntilGraceIsOver() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        kit.crash();
        a.reattaches();
        a.removes(FileId.ROOT, "file").ok();
        assertEquals(blocks(2), kit.space().pending());
        assertEquals(62, kit.freeBlocks());
        b.reattaches();
        kit.endGrace();
        assertEquals(64, kit.freeBlocks());
        assertEquals(null, kit.tables().file(file));
    }

    /** Found by crash.sh with seed 2026: it was refused for want of space, for good. */
    @Test
    void whatARevokedWriterCouldOverwriteWaitsForTheEndOfGraceAndIsMoved() {
        a.writes(file, 0, blocks(2));
        kit.crash();
        a.end(EndCause.REVOKED);
        b.reattaches();
        if (!kit.tables().isInGrace()) {
            throw new AssertionError("grace is over");
        }
        b.mapsRw(file, 0, blocks(1)).refused(Reason.GRACE);
        kit.endGrace();
        b.mapsRw(file, 0, blocks(1)).ok();
    }

    @Test
    void whatAHolderReturnsItselfIsFreeEvenInGrace() {
        a.mapsRw(file, 0, blocks(2)).ok();
        kit.crash();
        a.reattaches();
        a.returnsAll(file).ok();
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void whoDidNotReattachInTimeHasExpiredWhole() {
        a.mapsRw(file, 0, blocks(2)).ok();
        FileId other = b.creates("other");
        a.writes(other, 0, blocks(1));
        kit.crash();
        b.reattaches();
        kit.endGrace();
        assertFalse(kit.tables().isInGrace());
        assertEquals(blocks(2), kit.space().quarantined());
        assertEquals("R", kit.picture(other, 1));
        a.mapsRw(file, 0, blocks(1)).refused(Reason.FENCED);
        assertEquals(
                Reason.FENCED, assertInstanceOf(Reply.Failure.class, a.tryReattach()).reason());
        b.mapsRw(file, 0, blocks(1)).ok();
    }

    @Test
    void aSupersededClientsReadersAreOverWithGrace() {
        a.mapsRw(file, 0, blocks(1)).ok();
        a.mapsRead(file, 0, blocks(1)).ok();
        a.end(EndCause.SUPERSEDED);
        kit.crash();
        assertTrue(kit.tables().isInGrace());
        b.reattaches();
        assertFalse(kit.tables().isEverybodyBack());
        kit.endGrace();
        assertFalse(kit.tables().isInGrace());
        kit.crash();
        b.reattaches();
        assertTrue(kit.tables().isEverybodyBack());
        kit.endGrace();
    }

    @Test
    void whoIsSupersededAfterItsReattachOutlivesGraceUntilItsLeaseIsOver() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        Stateid held = a.mapsRead(file, 0, blocks(1)).ok().stateid().orElseThrow();
        kit.crash();
        a.reattaches(restated(file, held, reading(0, blocks(1))));
        b.reattaches();
        a.end(EndCause.SUPERSEDED);
        kit.endGrace();
        assertFalse(kit.tables().isInGrace());
        assertEquals(List.of(reading(0, blocks(1))), a.holds(file), "it may read still");
        b.mapsRw(file, 0, blocks(1)).refused(Reason.TRY_LATER);
        a.lapses();
        assertEquals(List.of(), a.holds(file));
        b.mapsRw(file, 0, blocks(1)).ok();
    }

    // ---- what is wrong with a restatement

    @Test
    void rwThatWasNeverGrantedIsReclaimBad() {
        Stateid held = a.mapsRw(file, 0, blocks(2)).ok().stateid().orElseThrow();
        kit.crash();
        assertEquals(Reason.RECLAIM_BAD, failure(a, restated(file, held, writing(0, blocks(3)))));
        assertEquals(List.of(writing(0, blocks(2))), a.holds(file));
        assertEquals(
                Reason.RECLAIM_BAD,
                failure(b, restated(file, new Stateid(new LayoutId(1, 1), 3), writing(0, BLOCK))));
    }

    @Test
    void aMappingThatWasNeverGrantedIsReclaimBad() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        Stateid held = b.mapsRead(file, 0, blocks(1)).ok().stateid().orElseThrow();
        kit.crash();
        assertEquals(
                Reason.RECLAIM_BAD,
                failure(
                        b,
                        restated(
                                file,
                                held,
                                new LayoutRange(
                                        new ByteRange(0, blocks(1)), GrantKind.READ_MAPPED))));
    }

    @Test
    void readsUnderAnotherClientsWriteGrantAreReclaimBad() {
        a.truncates(file, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(2)).ok();
        kit.crash();
        Stateid invented = new Stateid(new LayoutId(1, 1), 3);
        assertEquals(
                Reason.RECLAIM_BAD, failure(b, restated(file, invented, reading(0, blocks(1)))));
        assertEquals(List.of(), b.holds(file));
    }

    @Test
    void readsPastEndOfFileAreReclaimBad() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        kit.crash();
        Stateid invented = new Stateid(new LayoutId(1, 1), 3);
        assertEquals(
                Reason.RECLAIM_BAD, failure(b, restated(file, invented, reading(0, blocks(2)))));
        assertEquals(
                Optional.empty(),
                b.reattaches(restated(file, invented, reading(0, blocks(1))))
                        .layouts()
                        .getFirst()
                        .failure());
    }

    /** Found by the simulator, seed 13501: its return had arrived, and was not answered. */
    @Test
    void readsRestatedBesideRwThatIsNoMoreStand() {
        a.writes(file, 0, blocks(4));
        a.returns(file, new ByteRange(blocks(2), blocks(4))).ok();
        a.mapsRead(file, blocks(2), blocks(2)).ok();
        Stateid held = a.stateid(file);
        a.returns(file, new ByteRange(blocks(1), blocks(2))).ok();
        kit.crash();
        b.reattaches();
        ReattachedLayout part =
                a.reattaches(
                                restated(
                                        file,
                                        held,
                                        writing(0, blocks(2)),
                                        reading(blocks(2), blocks(4))))
                        .layouts()
                        .getFirst();
        List<LayoutRange> stands = List.of(writing(0, blocks(1)), reading(blocks(2), blocks(4)));
        assertEquals(Reason.RECLAIM_BAD, part.failure().orElseThrow().reason());
        assertEquals(stands, part.ranges());
        assertEquals(stands, a.holds(file));
        assertEquals(a.stateid(file), part.stateid().orElseThrow());
        kit.endGrace();
        b.mapsRw(file, blocks(2), blocks(1)).refused(Reason.TRY_LATER);
    }

    @Test
    void ofRestatedReadsWhatNothingSpeaksAgainstStands() {
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        Stateid held = b.mapsRead(file, 0, blocks(4)).ok().stateid().orElseThrow();
        b.returns(file, new ByteRange(blocks(1), blocks(2))).ok();
        a.mapsRw(file, blocks(1), blocks(1)).ok();
        b.truncates(file, blocks(3)).ok();
        kit.crash();
        ReattachedLayout part =
                b.reattaches(restated(file, held, reading(0, blocks(4)))).layouts().getFirst();
        List<LayoutRange> stands = List.of(reading(0, blocks(1)), reading(blocks(2), blocks(3)));
        assertEquals(Reason.RECLAIM_BAD, part.failure().orElseThrow().reason());
        assertEquals(stands, part.ranges());
        assertEquals(stands, b.holds(file));
    }

    @Test
    void readsBesideOnesOwnRwThatOneHasNotHeardOfAreNamedOnce() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Stateid held = a.mapsRead(file, 0, blocks(2)).ok().stateid().orElseThrow();
        a.mapsRw(file, 0, blocks(1)).ok();
        kit.crash();
        ReattachedLayout stands =
                a.reattaches(restated(file, held, reading(0, blocks(2)))).layouts().getFirst();
        assertEquals(Optional.empty(), stands.failure());
        assertEquals(
                List.of(writing(0, blocks(1)), reading(blocks(1), blocks(2))), stands.ranges());
        assertEquals(stands.ranges(), a.holds(file));
    }

    @Test
    void aReaderRestatesWhereAnotherOneHasBegunToAnswerARecall() {
        Party c = kit.client("c");
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Stateid ofB = b.mapsRead(file, 0, blocks(2)).ok().stateid().orElseThrow();
        Stateid ofC = c.mapsRead(file, 0, blocks(2)).ok().stateid().orElseThrow();
        kit.crash();
        a.reattaches();
        b.reattaches(restated(file, ofB, reading(0, blocks(2))));
        Pending write = a.mapsRw(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        assertTrue(write.waits());
        b.returns(file, new ByteRange(0, blocks(1))).ok();
        ReattachedLayout stands =
                c.reattaches(restated(file, ofC, reading(0, blocks(2)))).layouts().getFirst();
        assertEquals(Optional.empty(), stands.failure());
        assertEquals(List.of(reading(0, blocks(2))), c.holds(file));
        b.returns(file, new ByteRange(0, blocks(2))).ok();
        kit.endGrace();
        assertTrue(write.waits(), "a reader holds it");
        c.returnsAll(file).ok();
        assertFalse(write.waits());
    }

    /** Found by the simulator, seeds 92 and 185: its punch had ended them, and was not answered. */
    @Test
    void readsThatOnesOwnRequestUnderWayHasEndedAreLeftOut() {
        a.writes(file, 0, blocks(3));
        a.returnsAll(file).ok();
        Stateid held = a.mapsRead(file, 0, blocks(3)).ok().stateid().orElseThrow();
        Request<FileChanged> punch = a.punches(file, blocks(1) + 100, BLOCK - 200);
        punch.start();
        kit.crash();
        assertEquals(1, kit.works().size(), "the zeros are written again");
        ReattachedLayout stands =
                a.reattaches(restated(file, held, reading(0, blocks(3)))).layouts().getFirst();
        List<LayoutRange> beside = List.of(reading(0, blocks(1)), reading(blocks(2), blocks(3)));
        assertEquals(Optional.empty(), stands.failure());
        assertEquals(beside, stands.ranges());
        assertEquals(beside, a.holds(file));
        kit.completeAll();
        assertEquals(
                List.of(new ByteRange(blocks(1), blocks(2))),
                punch.ok().returned().getFirst().ranges());
    }

    @Test
    void readsThatSomebodyElsesCutUnderWayHadGivenBackAreLeftOut() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Stateid held = b.mapsRead(file, 0, blocks(2)).ok().stateid().orElseThrow();
        b.returnsAll(file).ok();
        a.truncates(file, 100).start();
        kit.crash();
        ReattachedLayout nothing =
                b.reattaches(restated(file, held, reading(0, blocks(2)))).layouts().getFirst();
        assertEquals(Optional.empty(), nothing.failure());
        assertEquals(Optional.empty(), nothing.stateid());
        assertEquals(List.of(), b.holds(file));
        a.reattaches();
        kit.completeAll();
    }

    @Test
    void whoReadsBesideAnExtensionUnderWayGoesOn() {
        FileId shared = a.createsConcurrent("shared");
        a.writesBytes(shared, 100);
        Stateid reads = b.mapsRead(shared, 0, BLOCK).ok().stateid().orElseThrow();
        a.truncates(shared, blocks(2)).start();
        kit.crash();
        assertEquals(1, kit.works().size(), "the zeros are written again");
        assertEquals(
                List.of(reading(0, BLOCK)),
                b.reattaches(restated(shared, reads, reading(0, BLOCK)))
                        .layouts()
                        .getFirst()
                        .ranges());
        a.reattaches();
        kit.completeAll();
        assertEquals(List.of(reading(0, BLOCK)), b.holds(shared));
    }

    @Test
    void outsideGraceNothingNewIsRestated() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Stateid held = b.mapsRead(file, 0, blocks(1)).ok().stateid().orElseThrow();
        assertEquals(Reason.NO_GRACE, failure(b, restated(file, held, reading(0, blocks(2)))));
        ReattachedLayout known =
                b.reattaches(restated(file, held, reading(0, blocks(1)))).layouts().getFirst();
        assertEquals(Optional.empty(), known.failure());
        assertEquals(List.of(reading(0, blocks(1))), known.ranges());
    }

    @Test
    void restatementsOutOfShape() {
        Stateid held = a.mapsRw(file, 0, blocks(2)).ok().stateid().orElseThrow();
        kit.crash();
        LayoutRange mine = writing(0, blocks(1));
        assertEquals(
                Reason.BAD_STATEID, failure(a, restated(file, new Stateid(held.id(), 0), mine)));
        assertEquals(
                Reason.BAD_STATEID,
                failure(a, restated(file, new Stateid(new LayoutId(7, 7), 1), mine)));
        assertEquals(Reason.INVALID_ARGUMENT, failure(a, restated(file, held, reading(1, BLOCK))));
        assertEquals(Reason.INVALID_ARGUMENT, failure(a, restated(file, held, mine, mine)));
        assertEquals(Reason.STALE_FILE, failure(a, restated(new FileId(99), held, mine)));
        assertEquals(Reason.STALE_FILE, failure(a, restated(FileId.ROOT, held, mine)));
        Reply twice = a.tryReattach(restated(file, held, mine), restated(file, held, mine));
        assertEquals(
                Reason.INVALID_ARGUMENT, assertInstanceOf(Reply.Failure.class, twice).reason());
    }

    @Test
    void restatingNothingHoldsNothing() {
        kit.crash();
        Stateid old = new Stateid(new LayoutId(4, 4), 9);
        ReattachedLayout nothing = a.reattaches(restated(file, old)).layouts().getFirst();
        assertEquals(Optional.empty(), nothing.stateid());
        assertEquals(List.of(), a.holds(file));
    }

    @Test
    void theAnswerNamesAllThatTheServerKnows() {
        FileId other = a.creates("other");
        a.mapsRw(file, 0, blocks(1)).ok();
        a.mapsRw(other, 0, blocks(1)).ok();
        kit.crash();
        Reply.Reattached all = a.reattaches();
        assertEquals(2, all.layouts().size());
        assertEquals(List.of(writing(0, blocks(1))), all.layouts().getFirst().ranges());
    }

    @Test
    void theServerGoesOnAboveBothSeqids() {
        a.writes(file, 0, blocks(2));
        a.mapsRead(file, 0, blocks(2)).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        Stateid held = a.stateid(file);
        kit.crash();
        assertEquals(1, a.stateid(file).seqid(), "grants without blocks are not journaled");
        a.reattaches(restated(file, held, writing(0, blocks(2))));
        assertEquals(held.seqid() + 1, a.stateid(file).seqid());
        kit.crash();
        a.reattaches(restated(file, a.stateid(file), writing(0, blocks(2))));
        b.reattaches();
        kit.endGrace();
        a.mapsRw(file, 0, blocks(2)).ok();
    }

    @Test
    void aBrokenConnectionSettlesWithoutGrace() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        Reply.Reattached settled =
                a.reattaches(restated(file, held.stateid().orElseThrow(), writing(0, blocks(2))));
        assertEquals(2, settled.layouts().getFirst().stateid().orElseThrow().seqid());
        a.commits(file, held).ok();
    }

    private static Reason failure(Party party, RestatedLayout layout) {
        return party.reattaches(layout).layouts().getFirst().failure().orElseThrow().reason();
    }
}
