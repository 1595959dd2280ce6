package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.6: holes are punched, and blocks laid out that stay. */
class DeallocateTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    @Test
    void wholeBlocksAreFreedAtOnce() {
        a.writes(file, 0, blocks(4));
        long counter = kit.attributes(file).changeCounter();
        FileChanged punched = a.punches(file, blocks(1), blocks(2)).ok();
        assertEquals("W..W", kit.picture(file, 4));
        assertEquals(blocks(4), punched.attributes().sizeBytes());
        assertTrue(punched.attributes().changeCounter() > counter);
        assertEquals(62, kit.freeBlocks());
    }

    @Test
    void edgesOfWrittenBlocksAreZeroedFirst() {
        a.writes(file, 0, blocks(4));
        long at = kit.extents(file).getFirst().deviceOffset();
        a.punches(file, 100, blocks(2)).start();
        Work work = kit.works().getFirst();
        assertEquals(
                List.of(
                        new DeviceRange(0, at + 100, BLOCK - 100),
                        new DeviceRange(0, at + blocks(2), 100)),
                work.zero());
        assertEquals("WWWW", kit.picture(file, 4));
        kit.completeAll();
        assertEquals("W.WW", kit.picture(file, 4));
    }

    @Test
    void aPieceOfOneBlockIsZeroedInPlace() {
        a.writes(file, 0, blocks(1));
        a.punches(file, 10, 20).start();
        assertEquals(20, kit.works().getFirst().zero().getFirst().length());
        assertEquals(1, kit.works().getFirst().zero().size());
        kit.completeAll();
        assertEquals("W", kit.picture(file, 1));
    }

    @Test
    void edgesThatAreNotWrittenAreZerosAlready() {
        a.allocates(file, 0, blocks(2)).ok();
        a.punches(file, 100, blocks(1)).ok();
        assertEquals(List.of(), kit.works());
        assertEquals("kk", kit.picture(file, 2));
    }

    @Test
    void scenario50OwnGrantsEndWithTheReplyAndOthersAreInTheWay() {
        a.writes(file, 0, blocks(4));
        FileChanged punched = a.punches(file, 0, blocks(4)).ok();
        assertEquals(1, punched.returned().size());
        assertTrue(punched.returned().getFirst().remaining().isEmpty());
        assertEquals(64, kit.freeBlocks());
        b.mapsRw(file, blocks(1), blocks(1)).ok();
        a.punches(file, 0, blocks(4)).refused(Reason.TRY_LATER);
        a.punches(file, blocks(2), blocks(2)).ok();
    }

    @Test
    void scenario33ACommitAfterThePunchFindsNothing() {
        var held = a.mapsRw(file, 0, blocks(2)).ok();
        a.punches(file, 0, blocks(1)).ok();
        a.commits(file, held).refused(Reason.BAD_LAYOUT);
        assertEquals(".u", kit.picture(file, 2));
    }

    @Test
    void punchingAHoleMovesOnlyTimes() {
        long epoch = kit.attributes(file).mapEpoch();
        assertEquals(epoch, a.punches(file, 0, blocks(9)).ok().attributes().mapEpoch());
    }

    @Test
    void rangesOutOfRange() {
        a.punches(file, 0, 0).refused(Reason.INVALID_ARGUMENT);
        a.punches(file, -1, 5).refused(Reason.INVALID_ARGUMENT);
        a.punches(file, 5, Long.MAX_VALUE).refused(Reason.INVALID_ARGUMENT);
        a.allocates(file, 0, Limits.DEFAULT.fileBytes() + 1).refused(Reason.TOO_LARGE);
    }

    // ---- Allocate

    @Test
    void allocatedBlocksStayUnwrittenAndReadAsZeros() {
        FileChanged allocated = a.allocates(file, 100, blocks(2)).ok();
        assertEquals("kkk", kit.picture(file, 3));
        assertEquals(0, allocated.attributes().sizeBytes(), "Allocate never changes the size");
        assertEquals(blocks(3), allocated.attributes().allocatedBytes());
        assertEquals(blocks(3), kit.space().mapped());
        a.truncates(file, blocks(3)).ok();
        b.mapsRead(file, 0, blocks(3))
                .ok()
                .extents()
                .forEach(e -> assertTrue(!e.hasAddress() && e.flags() == 0));
    }

    @Test
    void allocateFillsHolesAndKeepsWhatIsThere() {
        a.writes(file, 0, blocks(1));
        a.mapsRw(file, blocks(2), blocks(1)).ok();
        b.allocates(file, 0, blocks(4)).ok();
        assertEquals("Wkkk", kit.picture(file, 4));
        a.returnsAll(file).ok();
        assertEquals("Wkkk", kit.picture(file, 4));
    }

    @Test
    void allocatedTwiceIsAllocatedOnce() {
        a.allocates(file, 0, blocks(4)).ok();
        long epoch = kit.attributes(file).mapEpoch();
        assertEquals(epoch, a.allocates(file, 0, blocks(4)).ok().attributes().mapEpoch());
        assertEquals(60, kit.freeBlocks());
    }

    @Test
    void scenario43AllocateIsWholeOrNoSpace() {
        a.allocates(file, 0, blocks(65)).refused(Reason.NO_SPACE);
        assertEquals(64, kit.freeBlocks());
        a.allocates(file, 0, blocks(64)).ok();
        assertEquals(0, kit.freeBlocks());
    }
}
