package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.state.ClientEntry;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 4: clients lapse, are revoked or superseded, or say that they end. */
class ClientEndTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void scenario42ByItsOwnWordEverythingIsFreeAtOnce() {
        a.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
        b.mapsRw(file, blocks(64), blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(0, kit.freeBlocks());
        a.ends();
        assertEquals(64, kit.freeBlocks());
        assertNull(kit.tables().client(a.id()));
        b.mapsRw(file, blocks(64), blocks(1)).ok();
        a.mapsRw(file, 0, blocks(1)).refused(Reason.EXPIRED);
        a.ends();
    }

    @Test
    void scenario42WithoutItsWordNothingIsFreed() {
        a.mapsRw(file, 0, blocks(64)).min(blocks(64)).ok();
        a.end(EndCause.REVOKED);
        b.mapsRw(file, 0, blocks(1)).refused(Reason.NO_SPACE);
        assertEquals(0, kit.freeBlocks());
        assertEquals(blocks(64), kit.space().quarantined());
    }

    @Test
    void scenario45TheFileGoesOnWithFreshBlocks() {
        a.truncates(file, blocks(2)).ok();
        Extent lost = a.mapsRw(file, 0, blocks(2)).ok().extents().getFirst();
        a.lapses();
        Mapped fresh = b.mapsRw(file, 0, blocks(2)).ok();
        assertNotEquals(lost.deviceOffset(), fresh.extents().getFirst().deviceOffset());
        assertEquals(blocks(2), kit.space().quarantined());
        b.commits(file, fresh).ok();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void blocksThatAllocatePromisedAreReplaced() {
        a.allocates(file, 0, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(4)).ok();
        a.end(EndCause.REVOKED);
        assertEquals("kk..", kit.picture(file, 4));
        assertEquals(blocks(4), kit.space().quarantined());
        assertEquals(58, kit.freeBlocks());
    }

    @Test
    void promisedBlocksAreHolesWhenThereIsNoSpaceToReplaceThem() {
        a.allocates(file, 0, blocks(60)).ok();
        a.mapsRw(file, 0, blocks(60)).min(blocks(60)).ok();
        a.end(EndCause.REVOKED);
        assertEquals(".".repeat(60), kit.picture(file, 60));
        assertEquals(4, kit.freeBlocks());
    }

    @Test
    void withoutSpaceCommittedBlocksAreReadInPlaceAtRiskAndNotWritten() {
        a.writes(file, 0, blocks(2));
        b.allocates(b.creates("leaves one"), 0, blocks(61)).ok();
        a.end(EndCause.REVOKED);
        assertEquals("RR", kit.picture(file, 2));
        assertEquals(blocks(2), kit.space().atRisk());
        Mapped seen = b.mapsRead(file, 0, blocks(2)).ok();
        assertTrue(seen.extents().getFirst().has(Extent.AT_RISK));
        assertTrue(seen.extents().getFirst().hasAddress());
        b.returnsAll(file).ok();
        b.mapsRw(file, 0, blocks(2)).refused(Reason.NO_SPACE);
        b.writesThrough(file, 0, 10).refused(Reason.NO_SPACE);
        assertEquals(1, kit.freeBlocks(), "what is kept for moving blocks is nobody else's");
        b.mapsRw(file, blocks(2), blocks(1)).refused(Reason.NO_SPACE);
        a.proven(Proof.OPERATOR);
        b.mapsRw(file, blocks(2), blocks(1)).ok();
    }

    @Test
    void aMappingThatNobodyCanCheckIsAtRiskToo() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(1)).mapped().ok();
        b.mapsRead(file, blocks(1), blocks(1)).ok();
        b.end(EndCause.REVOKED);
        assertEquals("RW", kit.picture(file, 2));
        a.punches(file, 0, blocks(1)).ok();
        assertEquals(BLOCK, kit.space().quarantined());
    }

    @Test
    void aTailUnderTheRevokedWriterIsZeroed() {
        a.writesBytes(file, 100);
        a.end(EndCause.REVOKED);
        assertEquals(1, kit.works().size());
        assertTrue(b.mapsRead(file, 0, blocks(1)).start().awaitedWork().isPresent());
        kit.completeAll();
        b.mapsRead(file, 0, blocks(1)).ok();
    }

    // ---- lapse

    @Test
    void scenario38ALapsedClientThatRenewsInTimeHasLostNothing() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.lapses();
        assertInstanceOf(Reply.Done.class, a.revives());
        a.commits(file, held).lastWrite(5).ok();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void scenario38OrItHasLostEverything() {
        FileId other = a.creates("other");
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        a.mapsRw(other, 0, blocks(2)).ok();
        a.mapsRead(other, 0, blocks(2)).ok();
        a.lapses();
        b.mapsRw(file, 0, blocks(1)).ok();
        assertEquals(Reason.EXPIRED, assertInstanceOf(Reply.Failure.class, a.revives()).reason());
        a.commits(file, held).refused(Reason.FENCED);
        assertEquals(List.of(), a.holds(other), "never half");
        assertEquals(blocks(4), kit.space().quarantined());
    }

    @Test
    void readingAroundALapsedWriterDoesNotRevokeIt() {
        a.truncates(file, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(1)).ok();
        a.lapses();
        b.mapsRead(file, 0, blocks(2)).ok();
        assertInstanceOf(Reply.Done.class, a.revives());
        assertEquals(1, a.holds(file).size());
    }

    @Test
    void aLapsedReaderIsForgottenWhenItIsInTheWay() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(1)).ok();
        b.lapses();
        a.mapsRw(file, 0, blocks(1)).ok();
        assertNull(kit.tables().client(b.id()));
        assertEquals("W", kit.picture(file, 1), "a reader puts nothing at risk");
    }

    @Test
    void severalLapsedHoldersAreAllRevoked() {
        Party c = kit.client("c");
        a.mapsRw(file, 0, blocks(1)).ok();
        b.mapsRw(file, blocks(1), blocks(1)).ok();
        a.lapses();
        b.lapses();
        c.mapsRw(file, 0, blocks(3)).min(blocks(3)).ok();
        assertEquals(blocks(2), kit.space().quarantined());
    }

    @Test
    void oneLapsedAndOneLiveHolder() {
        Party c = kit.client("c");
        a.mapsRw(file, 0, blocks(1)).ok();
        b.mapsRw(file, blocks(1), blocks(1)).ok();
        a.lapses();
        c.mapsRw(file, 0, blocks(2)).min(blocks(2)).refused(Reason.TRY_LATER);
        assertEquals(List.of(), a.holds(file));
        assertEquals(1, b.holds(file).size());
    }

    @Test
    void aClientThatHoldsNothingEndsWithItsLease() {
        b.lapses();
        assertNull(kit.tables().client(b.id()));
    }

    // ---- supersede

    @Test
    void scenario37ANewIncarnationGetsFreshBlocksTheOldOnesAreQuarantined() {
        Mapped held = a.mapsRw(file, 0, blocks(2)).ok();
        Party again = kit.client("a");
        a.end(EndCause.SUPERSEDED);
        again.mapsRw(file, 0, blocks(2)).ok();
        assertEquals(blocks(2), kit.space().quarantined());
        a.commits(file, held).refused(Reason.FENCED);
    }

    @Test
    void readGrantsOfASupersededIncarnationBarOthersUntilItsLeaseIsOver() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        Party again = kit.client("a");
        a.end(EndCause.SUPERSEDED);
        assertEquals(List.of(reading(0, blocks(2))), a.holds(file));
        b.mapsRw(file, 0, blocks(1)).refused(Reason.TRY_LATER);
        b.truncates(file, 0).refused(Reason.TRY_LATER);
        again.mapsRw(file, 0, blocks(1)).ok();
        assertEquals(List.of(writing(0, blocks(1))), again.holds(file));
        again.punches(file, 0, blocks(1)).refused(Reason.TRY_LATER);
        again.returnsAll(file).ok();
        a.lapses();
        assertNull(kit.tables().client(a.id()));
        b.mapsRw(file, 0, blocks(1)).ok();
    }

    @Test
    void aRemovedFileWaitsForTheLingeringReaders() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(2)).ok();
        a.end(EndCause.REVOKED);
        b.removes(FileId.ROOT, "file").ok();
        assertEquals(blocks(2), kit.space().pending());
        a.lapses();
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void aClientIsRememberedWhileItsBlocksAreInQuarantine() {
        a.mapsRw(file, 0, blocks(1)).ok();
        a.end(EndCause.SUPERSEDED);
        ClientEntry entry = Objects.requireNonNull(kit.tables().client(a.id()));
        assertEquals(EndCause.SUPERSEDED, entry.ended().orElseThrow());
        a.end(EndCause.EXPIRED);
        entry = Objects.requireNonNull(kit.tables().client(a.id()));
        assertEquals(EndCause.EXPIRED, entry.ended().orElseThrow());
        assertEquals(Reason.FENCED, assertInstanceOf(Reply.Failure.class, a.join()).reason());
        a.lapses();
        a.end(EndCause.REVOKED);
    }

    @Test
    void endedTwiceIsEndedOnce() {
        a.mapsRw(file, 0, blocks(1)).ok();
        a.end(EndCause.REVOKED);
        byte[] once = kit.state().image();
        a.end(EndCause.REVOKED);
        org.junit.jupiter.api.Assertions.assertArrayEquals(once, kit.state().image());
    }

    @Test
    void twoEndedMappingsOfTheSameBlocks() {
        Party c = kit.client("c");
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(2)).mapped().ok();
        c.mapsRead(file, blocks(1), blocks(1)).mapped().ok();
        b.end(EndCause.REVOKED);
        c.end(EndCause.REVOKED);
        assertEquals("RR", kit.picture(file, 2));
        a.removes(FileId.ROOT, "file").ok();
        assertEquals(blocks(2), kit.space().quarantined());
        assertTrue(kit.tables().quarantine().names(b.id()));
        assertTrue(kit.tables().quarantine().names(c.id()));
    }

    @Test
    void manyClientsAreALimit() {
        VolumeKit small = VolumeKit.ofBlocks(8, Limits.DEFAULT.with(2, 8));
        small.client("x");
        small.client("y");
        assertFalse(small.tables().clients().size() > 2);
        Party third = small.client("z");
        assertEquals(
                Reason.RESOURCE_EXHAUSTED,
                assertInstanceOf(Reply.Failure.class, third.join()).reason());
    }

    @Test
    void returningAPieceAtATimeEndsInTheSame() {
        a.mapsRw(file, 0, blocks(4)).ok();
        for (int i = 0; i < 4; i++) {
            a.returns(file, new ByteRange(blocks(i), blocks(i + 1L))).ok();
        }
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void whatTwoEndedClientsCouldTouchIsFreeOnlyWhenBothAreProven() {
        Party c = kit.client("c");
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(1)).mapped().ok();
        c.mapsRead(file, 0, blocks(1)).mapped().ok();
        b.end(EndCause.REVOKED);
        c.end(EndCause.REVOKED);
        a.removes(FileId.ROOT, "file").ok();
        c.proven(Proof.OPERATOR);
        assertEquals(BLOCK, kit.space().quarantined());
        assertEquals(63, kit.freeBlocks());
        b.proven(Proof.OPERATOR);
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void aPartOfSharedBlocksThatAnEndedClientReadsGoesToQuarantineAlone() {
        FileId copy = a.creates("copy");
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        a.clones(file, copy).ok();
        b.mapsRead(file, blocks(1), blocks(1)).mapped().ok();
        b.end(EndCause.REVOKED);
        a.removes(FileId.ROOT, "copy").ok();
        a.removes(FileId.ROOT, "file").ok();
        assertEquals(BLOCK, kit.space().quarantined());
        assertEquals(63, kit.freeBlocks());
    }

    @Test
    void quarantineForOneClientIsNoneForAnother() {
        FileId other = b.creates("other");
        a.mapsRw(file, 0, blocks(1)).ok();
        b.mapsRead(other, 0, blocks(1)).ok();
        a.end(EndCause.REVOKED);
        kit.takeNotices();
        b.end(EndCause.EXPIRED);
        assertEquals(List.of(), kit.takeNotices(), "nothing of it is to be fenced");
        assertEquals(null, kit.tables().client(b.id()));
        assertTrue(kit.tables().quarantine().names(a.id()));
    }

    @Test
    void theEndOfALeaseSaysWhetherTheClientIsRemembered() {
        a.mapsRw(file, 0, blocks(1)).ok();
        b.mapsRead(b.creates("other"), 0, blocks(1)).ok();
        a.end(EndCause.REVOKED);
        b.end(EndCause.REVOKED);
        assertInstanceOf(Reply.Remembered.class, a.end(EndCause.EXPIRED));
        assertInstanceOf(Reply.Remembered.class, lapse(a));
        assertEquals(Reason.EXPIRED, assertInstanceOf(Reply.Failure.class, lapse(b)).reason());
        assertEquals(Reason.EXPIRED, assertInstanceOf(Reply.Failure.class, lapse(b)).reason());
        Party c = kit.client("c");
        c.mapsRead(file, blocks(4), blocks(1)).ok();
        c.end(EndCause.REVOKED);
        assertInstanceOf(Reply.Done.class, c.end(EndCause.EXPIRED));
    }

    private Reply lapse(Party party) {
        return kit.answer(new Command.LapseClient(party.id()));
    }
}
