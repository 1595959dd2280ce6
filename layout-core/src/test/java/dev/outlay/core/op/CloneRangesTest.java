package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.writing;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply.Failure;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Section 3.6: which bytes a clone takes, and what of both files must be clear before. */
class CloneRangesTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId source = a.creates("source");
    private final FileId copy = a.creates("copy");

    private void written(FileId file, int blocks) {
        a.writes(file, 0, blocks(blocks));
        a.returnsAll(file).ok();
    }

    private List<DeviceRange> zeros() {
        return kit.works().getFirst().zero();
    }

    /** Where the bytes past the end of a file lie in its last block. */
    private DeviceRange tail(FileId file) {
        long size = kit.size(file);
        Extent last = kit.extents(file).getLast();
        return last.slice(new ByteRange(size, last.end())).deviceRange();
    }

    @Test
    void withoutALengthAllBehindTheOffset() {
        written(source, 4);
        a.clones(source, blocks(1), 0, copy, 0).ok();
        assertEquals("SSS.", kit.picture(copy, 4));
        assertEquals(blocks(3), kit.size(copy));
    }

    @Test
    void aLastBlockMayEndWhereTheDestinationEnds() {
        a.writesBytes(source, 100);
        a.returnsAll(source).ok();
        a.writesBytes(copy, 100);
        a.returnsAll(copy).ok();
        kit.completeAll();
        a.clones(source, copy).ok();
        assertEquals("S", kit.picture(copy, 1));
        a.truncates(copy, 101).ok();
        a.clones(source, 0, 100, copy, 0).refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void whatIsAllocatedBeforeTheDestinationStaysInIt() {
        written(source, 1);
        a.allocates(copy, 0, blocks(1)).ok();
        a.clones(source, 0, 0, copy, blocks(2)).ok();
        assertEquals("k.S", kit.picture(copy, 3));
    }

    @Test
    void whatTheCallerReadsOfTheSourceItGoesOnReading() {
        written(source, 2);
        a.mapsRw(source, 0, blocks(1)).ok();
        a.mapsRead(source, blocks(1), blocks(1)).ok();
        FileChanged cloned = a.clones(source, copy).ok();
        assertEquals(List.of(reading(blocks(1), blocks(2))), a.holds(source));
        assertEquals(List.of(new ByteRange(0, blocks(1))), cloned.returned().getFirst().ranges());
    }

    // ---- the old end of the destination

    @Test
    void aWriterOfTheDestinationsLastBlockGivesItBackBeforeTheFileGrows() {
        written(source, 1);
        b.writesBytes(copy, 100);
        Pending clone = a.clones(source, 0, blocks(1), copy, blocks(1)).ask();
        assertTrue(clone.waits(), "it may be storing behind the end that will be exposed");
        b.returnsAll(copy).ok();
        clone.reply(FileChanged.class);
        assertEquals("WS", kit.picture(copy, 2));
    }

    @Test
    void whatTheCallerMayHaveStoredBehindTheDestinationsEndIsZeroed() {
        written(source, 1);
        a.writesBytes(copy, 100);
        DeviceRange tail = tail(copy);
        Execution clone = a.clones(source, 0, blocks(1), copy, blocks(2)).start();
        assertTrue(clone.awaitedWork().isPresent());
        assertEquals(List.of(tail), zeros());
        kit.completeAll();
        assertEquals("W.S", kit.picture(copy, 3));
    }

    @Test
    void withinOneFileNobodyIsGrantedTheSourceWhileItsTailIsZeroed() {
        a.writesBytes(source, BLOCK + 100);
        a.returns(source, new ByteRange(0, BLOCK)).ok();
        DeviceRange tail = tail(source);
        Request<FileChanged> clone = a.clones(source, 0, BLOCK, source, blocks(3));
        assertTrue(clone.start().awaitedWork().isPresent());
        assertEquals(List.of(tail), zeros());
        Execution write = b.mapsRw(source, 0, BLOCK).min(BLOCK).start();
        assertTrue(write.awaitedWork().isPresent(), "it will be shared");
        kit.completeAll();
        clone.ok();
        assertEquals("SW.S", kit.picture(source, 4));
        assertEquals(List.of(), b.holds(source));
    }

    // ---- the source

    @Test
    void workOnTheSourceComesFirst() {
        written(source, 1);
        a.punches(source, 10, 20).start();
        assertTrue(b.clones(source, copy).start().awaitedWork().isPresent());
        assertTrue(b.snapshots(source, "snapshot").start().awaitedWork().isPresent());
        assertEquals(".", kit.picture(copy, 1));
        kit.completeAll();
    }

    @Test
    void whatAnEndedClientCouldStillOverwriteIsNotSharedEvenIfItCannotMove() {
        b.writes(source, 0, blocks(64));
        b.end(EndCause.REVOKED);
        assertEquals(0, kit.freeBlocks());
        a.clones(source, copy).refused(Reason.NO_SPACE);
        a.snapshots(source, "snapshot").refused(Reason.NO_SPACE);
        assertEquals(
                Reason.NOT_FOUND,
                kit.query(new Command.Lookup(FileId.ROOT, "snapshot"), Failure.class).reason());
        assertEquals("R", kit.picture(source, 1));
        assertEquals(".", kit.picture(copy, 1));
    }

    @Test
    void aPartOfASharedBlockIsNotZeroedWhereItIs() {
        written(source, 1);
        a.clones(source, copy).ok();
        FileId other = a.creates("other");
        a.writes(other, 0, blocks(63));
        assertEquals(0, kit.freeBlocks());
        a.truncates(copy, 100).refused(Reason.NO_SPACE);
        a.punches(copy, 0, 100).refused(Reason.NO_SPACE);
        assertEquals(List.of(), kit.works());
        assertEquals("S", kit.picture(source, 1));
        assertEquals(BLOCK, kit.size(copy));
    }

    @Test
    void aReaderOfAnotherPartOfTheDestinationStays() {
        written(source, 1);
        written(copy, 3);
        b.mapsRw(copy, blocks(2), blocks(1)).ok();
        a.clones(source, copy).ok();
        assertEquals(List.of(writing(blocks(2), blocks(3))), b.holds(copy));
        assertEquals("SWW", kit.picture(copy, 3));
    }

    @Test
    void ofARemovedFileWhatTheOtherGivesUpIsPending() {
        written(source, 2);
        a.clones(source, copy).ok();
        b.mapsRead(source, 0, blocks(2)).ok();
        a.removes(FileId.ROOT, "source").ok();
        assertEquals(0, kit.space().pending(), "the other maps them");
        a.truncates(copy, 0).ok();
        assertEquals(blocks(2), kit.space().pending());
        b.returnsAll(source).ok();
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void inASharedFileNobodyReadsWhatAnotherCopiesAndReplaces() {
        FileId shared = a.createsConcurrent("shared");
        written(shared, 1);
        a.clones(shared, copy).ok();
        a.mapsRw(shared, 0, blocks(1)).min(blocks(1)).ok();
        assertEquals("P", kit.picture(shared, 1));
        b.mapsRead(shared, 0, blocks(1)).min(blocks(1)).refused(Reason.TRY_LATER);
    }

    @Test
    void twoPartsOfSharedBlocksAreZeroedInOneGo() {
        written(source, 2);
        a.clones(source, copy).ok();
        a.punches(copy, 100, 2 * BLOCK - 200).start();
        Fact.Work work = kit.works().getFirst();
        DeviceRange fresh = work.fresh().getFirst().deviceRange();
        DeviceRange old = kit.extents(copy).getFirst().deviceRange();
        assertEquals(
                List.of(
                        new Fact.Task.Copy(old.slice(0, 100), fresh.slice(0, 100)),
                        new Fact.Task.Zero(fresh.slice(100, 2 * BLOCK - 200)),
                        new Fact.Task.Copy(
                                old.slice(2 * BLOCK - 100, 100),
                                fresh.slice(2 * BLOCK - 100, 100))),
                work.tasks());
        kit.completeAll();
        assertEquals("WW", kit.picture(source, 2));
    }

    /** Nobody reads past the end there, and what a late store puts there is its own file's. */
    @Test
    void aPartOfABlockAtRiskIsZeroedWhereItIsIfItCannotMove() {
        b.writes(source, 0, blocks(1));
        a.allocates(a.creates("full"), 0, blocks(63)).ok();
        b.end(EndCause.REVOKED);
        assertEquals(0, kit.freeBlocks());
        assertEquals("R", kit.picture(source, 1));
        a.truncates(source, 100).ok();
        assertEquals(100, kit.size(source));
        assertEquals("R", kit.picture(source, 1));
    }
}
