package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.ExtentState;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.GrantKind;
import dev.outlay.core.value.LayoutId;
import dev.outlay.core.value.LayoutRange;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.1: where bytes belong, and who may hold what at the same time (3.7). */
class MapBlocksTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final Party c = kit.client("c");
    private final FileId file = a.creates("file");

    @Test
    void aWriterGetsFreshUnwrittenBlocksUnderHoles() {
        Mapped mapped = a.mapsRw(file, 0, blocks(4)).ok();
        assertEquals(1, mapped.extents().size());
        Extent extent = mapped.extents().getFirst();
        assertEquals(ExtentState.UNWRITTEN, extent.state());
        assertTrue(extent.hasAddress());
        assertTrue(extent.has(Extent.NEW));
        assertEquals(List.of(writing(0, blocks(4))), mapped.granted());
        assertEquals(blocks(4), mapped.nextOffset());
        assertEquals(1, mapped.stateid().orElseThrow().seqid());
        assertEquals(kit.attributes(file).mapEpoch(), mapped.mapEpoch());
        assertEquals(60, kit.freeBlocks());
        assertEquals(blocks(4), kit.space().granted());

        Extent again = a.mapsRw(file, 0, blocks(4)).ok().extents().getFirst();
        assertEquals(extent.deviceOffset(), again.deviceOffset());
        assertFalse(again.has(Extent.NEW), "only the call that allocated says so");
    }

    @Test
    void scenario1UncommittedBytesAreZerosWithoutAddress() {
        a.truncates(file, blocks(4)).ok();
        a.mapsRw(file, 0, blocks(4)).ok();
        Mapped seen = b.mapsRead(file, 0, blocks(4)).ok();
        assertEquals(List.of(), seen.granted(), "good for one read, not to be cached");
        assertEquals(Optional.empty(), seen.stateid());
        seen.extents().forEach(e -> assertFalse(e.hasAddress()));
        assertEquals(blocks(4), seen.nextOffset());
    }

    @Test
    void scenario2AfterARestartUncommittedBytesAreStillZeros() {
        a.truncates(file, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(2)).ok();
        kit.crash();
        b.reattaches();
        Mapped seen = b.mapsRead(file, 0, blocks(2)).ok();
        seen.extents().forEach(e -> assertFalse(e.hasAddress()));
        assertEquals(blocks(2), kit.size(file));
    }

    @Test
    void scenario11AReadOfAnUncommittedRangeIsDetectablyOldAfterTheCommit() {
        a.truncates(file, blocks(1)).ok();
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        Mapped seen = b.mapsRead(file, 0, blocks(1)).ok();
        a.commits(file, held).lastWrite(10).ok();
        a.returnsAll(file).ok();
        Mapped then = b.mapsRead(file, 0, blocks(1)).ok();
        assertEquals(ExtentState.WRITTEN, then.extents().getFirst().state());
        assertTrue(then.extents().getFirst().hasAddress());
        assertTrue(seen.mapEpoch() < then.mapEpoch());
    }

    @Test
    void scenario11AReaderOverAHoleIsInTheWayOfAWriter() {
        a.truncates(file, blocks(2)).ok();
        Mapped hole = b.mapsRead(file, 0, blocks(2)).ok();
        assertEquals(List.of(reading(0, blocks(2))), hole.granted());
        a.mapsRw(file, 0, blocks(2)).refused(Reason.TRY_LATER);
        assertEquals(64, kit.freeBlocks(), "a refused call allocates nothing");
        b.returnsAll(file).ok();
        a.mapsRw(file, 0, blocks(2)).ok();
    }

    @Test
    void scenario12ReadersShareAndWritersOfDisjointRangesDoNotConflict() {
        a.writes(file, 0, blocks(4));
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(4)).ok();
        c.mapsRead(file, 0, blocks(4)).ok();
        a.mapsRw(file, blocks(4), blocks(4)).ok();
        b.mapsRw(file, blocks(8), blocks(4)).ok();
    }

    @Test
    void scenario13OnlyTheOverlapConflicts() {
        a.writes(file, 0, blocks(4));
        a.returns(file, new ByteRange(0, blocks(2))).ok();
        Mapped first = b.mapsRead(file, 0, blocks(4)).ok();
        assertEquals(blocks(2), first.nextOffset(), "the answer ends where the writer begins");
        b.mapsRead(file, 0, blocks(4)).min(blocks(4)).refused(Reason.TRY_LATER);
        b.mapsRead(file, blocks(2), blocks(2)).refused(Reason.TRY_LATER);
        a.returnsAll(file).ok();
        assertEquals(
                List.of(reading(0, blocks(4))),
                b.mapsRead(file, 0, blocks(4)).min(blocks(4)).ok().granted());
    }

    @Test
    void scenario20Seqids() {
        Stateid first = a.mapsRw(file, 0, blocks(1)).ok().stateid().orElseThrow();
        Stateid second = a.mapsRw(file, 0, blocks(2)).under(first).ok().stateid().orElseThrow();
        assertEquals(first.seqid() + 1, second.seqid());
        a.mapsRw(file, 0, blocks(1)).under(second).ok();
        a.mapsRw(file, 0, blocks(1)).under(first).refused(Reason.OLD_STATEID);
        a.mapsRw(file, 0, blocks(1)).under(new Stateid(first.id(), 0)).refused(Reason.BAD_STATEID);
        a.mapsRw(file, 0, blocks(1)).under(new Stateid(first.id(), 77)).refused(Reason.BAD_STATEID);
        a.mapsRw(file, 0, blocks(1))
                .under(new Stateid(new LayoutId(5, 5), 1))
                .refused(Reason.BAD_STATEID);
        b.mapsRw(file, blocks(9), blocks(1)).under(first).refused(Reason.BAD_STATEID);
    }

    @Test
    void scenario20TheSeqidSkipsZeroWhenItWraps() {
        a.mapsRw(file, 0, blocks(1)).ok();
        Stateid high = a.stateid(file);
        for (int jump : new int[] {Integer.MAX_VALUE, -2}) {
            high = new Stateid(high.id(), jump);
            a.reattaches(Party.restated(file, high, writing(0, blocks(1))));
        }
        assertEquals(-1, a.stateid(file).seqid());
        Mapped wrapped = a.mapsRw(file, 0, blocks(1)).under(a.stateid(file)).ok();
        assertEquals(1, wrapped.stateid().orElseThrow().seqid());
        a.commits(file, wrapped).ok();
        a.mapsRw(file, 0, blocks(1)).under(wrapped.stateid().orElseThrow()).ok();
        a.mapsRw(file, 0, blocks(1)).under(new Stateid(high.id(), -1)).refused(Reason.OLD_STATEID);
    }

    @Test
    void scenario21Lengths() {
        a.mapsRw(file, 0, blocks(1)).min(blocks(2)).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, 0, blocks(1)).min(-1).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, 0, 0).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, -BLOCK, BLOCK).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, 1, BLOCK).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, 0, BLOCK + 1).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, Long.MAX_VALUE - BLOCK + 1, BLOCK).refused(Reason.INVALID_ARGUMENT);
        a.mapsRw(file, Limits.DEFAULT.fileBytes(), BLOCK).refused(Reason.TOO_LARGE);
    }

    @Test
    void scenario21MinLengthThatCannotBeMetIsABadLayout() {
        a.mapsRw(file, 0, blocks(1)).ok();
        a.mapsRw(file, 0, blocks(3)).noAllocate().min(blocks(2)).refused(Reason.BAD_LAYOUT);
        Mapped some = a.mapsRw(file, 0, blocks(3)).noAllocate().min(blocks(1)).ok();
        assertEquals(List.of(writing(0, blocks(1))), some.granted());
    }

    @Test
    void scenario21MinLengthZeroWithNothingReadyIsTriedLater() {
        a.writes(file, 0, blocks(1));
        b.mapsRead(file, 0, blocks(1)).min(0).refused(Reason.TRY_LATER);
        b.mapsRw(file, 0, blocks(1)).min(0).refused(Reason.TRY_LATER);
    }

    @Test
    void noAllocateShowsHolesAndGrantsNothingThere() {
        Mapped nothing = a.mapsRw(file, 0, blocks(2)).noAllocate().ok();
        assertEquals(List.of(), nothing.granted());
        assertEquals(Optional.empty(), nothing.stateid());
        assertTrue(nothing.extents().getFirst().isHole());
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void readStopsAtEndOfFileAndAnswersNothingPastIt() {
        a.writes(file, 0, blocks(2));
        a.mapsRw(file, blocks(2), blocks(2)).ok();
        Mapped mapped = a.mapsRead(file, 0, blocks(8)).min(blocks(8)).ok();
        assertEquals(blocks(2), mapped.nextOffset());
        Mapped past = b.mapsRead(file, blocks(2), blocks(8)).min(blocks(1)).ok();
        assertEquals(List.of(), past.extents());
        assertEquals(List.of(), past.granted());
        assertEquals(blocks(2), past.sizeBytes());
    }

    @Test
    void tooFewExtentsForMinLengthIsTooSmall() {
        for (int i = 0; i < 8; i += 2) {
            a.writes(file, blocks(i), blocks(1));
        }
        a.returnsAll(file).ok();
        b.mapsRead(file, 0, blocks(7)).maxExtents(0).refused(Reason.TOO_SMALL);
        b.mapsRead(file, 0, blocks(7)).maxExtents(2).min(blocks(3)).refused(Reason.TOO_SMALL);
        Mapped part = b.mapsRead(file, 0, blocks(7)).maxExtents(2).min(blocks(2)).ok();
        assertEquals(2, part.extents().size());
        assertEquals(blocks(2), part.nextOffset());
        b.returnsAll(file).ok();
        a.mapsRw(file, 0, blocks(8)).maxExtents(1).min(blocks(2)).refused(Reason.TOO_SMALL);
        long free = kit.freeBlocks();
        Mapped few = a.mapsRw(file, 0, blocks(8)).maxExtents(2).ok();
        assertEquals(2, few.extents().size());
        assertEquals(free - 1, kit.freeBlocks(), "what is not in the answer is not allocated");
    }

    @Test
    void mappedGrantsAreDurableOverWrittenBlocksOnly() {
        a.truncates(file, blocks(3)).ok();
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        Mapped mapped = b.mapsRead(file, 0, blocks(3)).mapped().ok();
        assertEquals(
                List.of(
                        new LayoutRange(new ByteRange(0, blocks(1)), GrantKind.READ_MAPPED),
                        reading(blocks(1), blocks(3))),
                mapped.granted());
        a.mapsRw(file, 0, blocks(1)).mapped().refused(Reason.INVALID_ARGUMENT);
        kit.crash();
        assertEquals(
                List.of(new LayoutRange(new ByteRange(0, blocks(1)), GrantKind.READ_MAPPED)),
                b.holds(file),
                "a plain READ is not remembered, even if one call granted both");
    }

    @Test
    void aWriterMayReadWhatItHoldsAndKeepsIt() {
        a.writes(file, 0, blocks(2));
        Mapped read = a.mapsRead(file, 0, blocks(2)).ok();
        assertEquals(List.of(writing(0, blocks(2))), read.granted());
        assertEquals(List.of(writing(0, blocks(2))), a.holds(file));
    }

    @Test
    void aReaderBecomesAWriterOfItsOwnRange() {
        a.writes(file, 0, blocks(3));
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(3)).ok();
        a.mapsRw(file, blocks(1), blocks(1)).ok();
        assertEquals(
                List.of(
                        reading(0, blocks(1)),
                        writing(blocks(1), blocks(2)),
                        reading(blocks(2), blocks(3))),
                a.holds(file));
    }

    @Test
    void withoutSpaceForAllAWriterGetsAGoodPartAndNotJustTheLeast() {
        FileId big = a.creates("big");
        a.mapsRw(big, 0, blocks(52)).min(blocks(52)).ok();
        var some = b.mapsRw(file, 0, blocks(16)).min(1).ok();
        assertEquals(blocks(8), some.nextOffset());
    }

    @Test
    void scenario43NoSpaceLeavesEverythingAsItWas() {
        FileId big = a.creates("big");
        a.mapsRw(big, 0, blocks(60)).min(blocks(60)).ok();
        b.mapsRw(file, 0, blocks(5)).min(blocks(5)).refused(Reason.NO_SPACE);
        assertEquals(4, kit.freeBlocks());
        Mapped less = b.mapsRw(file, 0, blocks(5)).min(blocks(3)).ok();
        assertTrue(less.nextOffset() >= blocks(3));
        b.returnsAll(file).ok();
        assertEquals(4, kit.freeBlocks());
    }

    @Test
    void unknownRemovedAndWrongInodes() {
        a.mapsRw(new FileId(999), 0, BLOCK).refused(Reason.NOT_FOUND);
        a.mapsRw(FileId.ROOT, 0, BLOCK).refused(Reason.IS_DIRECTORY);
        a.removes(FileId.ROOT, "file").ok();
        a.mapsRw(file, 0, BLOCK).refused(Reason.STALE_FILE);
        a.mapsRead(file, 0, BLOCK).refused(Reason.STALE_FILE);
    }

    @Test
    void scenario51PipelinedMapsUnderOneStateidAreNotOld() {
        Stateid first = a.mapsRw(file, 0, blocks(1)).ok().stateid().orElseThrow();
        for (int i = 1; i <= 10; i++) {
            a.mapsRw(file, blocks(i), blocks(1)).under(first).ok();
        }
    }

    @Test
    void filesWrittenSideBySideDoNotInterleave() {
        FileId other = b.creates("other");
        for (int i = 0; i < 4; i++) {
            a.mapsRw(file, blocks(i), blocks(1)).ok();
            b.mapsRw(other, blocks(i), blocks(1)).ok();
        }
        assertEquals(1, kit.extents(file).size());
        assertEquals(1, kit.extents(other).size());
        assertNotEquals(
                kit.extents(file).getFirst().deviceOffset(),
                kit.extents(other).getFirst().deviceOffset());
    }

    @Test
    void theAnswerNeverShowsThatBlocksAreKept() {
        a.allocates(file, 0, blocks(2)).ok();
        Mapped mapped = a.mapsRw(file, 0, blocks(2)).ok();
        assertEquals(0, mapped.extents().getFirst().flags());
        a.truncates(file, blocks(2)).ok();
        kit.query(new Command.ListExtents(file, 0, 10), dev.outlay.core.reply.Reply.Extents.class)
                .extents()
                .forEach(e -> assertEquals(0, e.flags()));
    }
}
