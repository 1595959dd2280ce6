package dev.outlay.core.op;

import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.reply.Reply.ReturnedLayout;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import dev.outlay.core.value.Stateid;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.3: given back. */
class ReturnLayoutTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void scenario17TheMiddleThirdGoesTheOuterOnesStay() {
        a.mapsRw(file, 0, blocks(3)).ok();
        ReturnedLayout returned =
                a.returns(file, new ByteRange(blocks(1), blocks(2))).ok().layouts().getFirst();
        assertEquals(List.of(new ByteRange(blocks(1), blocks(2))), returned.ranges());
        assertEquals(Optional.of(a.stateid(file)), returned.remaining());
        assertEquals(2, a.stateid(file).seqid());
        assertEquals(List.of(writing(0, blocks(1)), writing(blocks(2), blocks(3))), a.holds(file));
        assertEquals("u.u", kit.picture(file, 3));
    }

    @Test
    void scenario44ReturnedUnusedTheSpaceIsAsBefore() {
        a.mapsRw(file, 0, blocks(10)).ok();
        assertEquals(54, kit.freeBlocks());
        ReturnedLayout returned = a.returnsAll(file).ok().layouts().getFirst();
        assertEquals(Optional.empty(), returned.remaining());
        assertEquals(64, kit.freeBlocks());
        assertEquals(0, kit.space().granted());
    }

    @Test
    void whatWasCommittedStays() {
        Mapped held = a.mapsRw(file, 0, blocks(4)).ok();
        a.commits(file, held.stateid().orElseThrow())
                .of(held, new ByteRange(blocks(1), blocks(2)))
                .ok();
        a.returnsAll(file).ok();
        assertEquals(".W..", kit.picture(file, 4));
    }

    @Test
    void blocksFromAllocateStay() {
        a.allocates(file, 0, blocks(2)).ok();
        a.mapsRw(file, 0, blocks(4)).ok();
        a.returnsAll(file).ok();
        assertEquals("kk..", kit.picture(file, 4));
    }

    @Test
    void nothingHeldIsNoError() {
        assertEquals(List.of(), a.returnsAll(file).ok().layouts(), "it is not named");
        assertEquals(List.of(), a.returnsAll(new FileId(12345)).ok().layouts());
        a.mapsRw(file, 0, blocks(1)).ok();
        Stateid before = a.stateid(file);
        assertEquals(
                List.of(),
                a.returns(file, new ByteRange(blocks(5), blocks(6))).ok().layouts(),
                "nothing was held there");
        assertEquals(before, a.stateid(file));
    }

    @Test
    void returnedTwiceUnderAnotherOperationChangesNothingMore() {
        a.mapsRw(file, 0, blocks(2)).ok();
        a.returnsAll(file).ok();
        byte[] once = kit.state().image();
        a.returnsAll(file).ok();
        org.junit.jupiter.api.Assertions.assertArrayEquals(once, kit.state().image());
    }

    @Test
    void everythingOnAllFiles() {
        FileId other = a.creates("other");
        a.mapsRw(file, 0, blocks(1)).ok();
        a.mapsRw(other, 0, blocks(1)).ok();
        b.mapsRw(other, blocks(1), blocks(1)).ok();
        assertEquals(2, a.returns(new ReturnScope.Everything()).ok().layouts().size());
        assertEquals(63, kit.freeBlocks());
        assertEquals(1, b.holds(other).size());
    }

    @Test
    void whatLiesOnOneDevice() {
        a.mapsRw(file, 0, blocks(1)).ok();
        assertEquals(0, a.returns(new ReturnScope.WholeDevice(7)).ok().layouts().size());
        assertEquals(1, a.returns(new ReturnScope.WholeDevice(0)).ok().layouts().size());
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void stateidsAreCheckedWhereGiven() {
        a.mapsRw(file, 0, blocks(1)).ok();
        Stateid good = a.stateid(file);
        a.returns(new ReturnScope.WholeFile(file, Optional.of(new Stateid(good.id(), 9))))
                .refused(Reason.BAD_STATEID);
        a.returns(new ReturnScope.WholeFile(file, Optional.of(good))).ok();
        a.returns(new ReturnScope.WholeFile(file, Optional.of(good))).ok();
    }

    @Test
    void aReturnNamesWholeBlocksAndAtLeastOne() {
        a.returns(file).refused(Reason.INVALID_ARGUMENT);
        a.returns(file, new ByteRange(1, BLOCK)).refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void endOfTheLastWriteGrantZeroesTheTailOfTheLastBlock() {
        Mapped held = a.mapsRw(file, 0, blocks(1)).ok();
        a.commits(file, held).lastWrite(99).ok();
        a.returnsAll(file).ok();
        Work work = kit.works().getFirst();
        Extent extent = held.extents().getFirst();
        assertEquals(extent.deviceOffset() + 100, work.zero().getFirst().start());
        assertEquals(BLOCK - 100, work.zero().getFirst().length());
        assertTrue(b.mapsRead(file, 0, blocks(1)).start().awaitedWork().isPresent());
        assertTrue(b.mapsRw(file, 0, blocks(1)).start().awaitedWork().isPresent());
        b.mapsRead(file, 0, blocks(1)).ok();
        assertEquals(List.of(), kit.works());
    }

    @Test
    void aTailOutsideTheReturnIsLeftAlone() {
        a.writesBytes(file, blocks(2) - 50);
        a.returns(file, new ByteRange(0, blocks(1))).ok();
        assertEquals(List.of(), kit.works());
    }

    @Test
    void aTailStillToBeZeroedIsZeroedAfterARestart() {
        a.writesBytes(file, 100);
        a.returnsAll(file).ok();
        kit.crash();
        assertEquals(1, kit.works().size());
        b.reattaches();
        assertTrue(b.mapsRead(file, 0, blocks(1)).start().awaitedWork().isPresent());
        kit.completeAll();
        b.mapsRead(file, 0, blocks(1)).ok();
        a.reattaches();
        kit.endGrace();
    }
}
