package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.VolumeState.Execution;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Blocks written anew elsewhere: relocation, Write and Read through the server, edges. */
class RewriteTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private Party a;
    private Party b;
    private FileId file;

    @BeforeEach
    void someClients() {
        a = kit.client("a");
        b = kit.client("b");
        file = a.creates("file");
    }

    private Extent first() {
        return kit.extents(file).getFirst();
    }

    // ---- relocation

    @Test
    void scenario34AWrittenRangeOfARevokedWriterIsMovedBeforeItIsGranted() {
        a.writes(file, 0, blocks(2));
        Extent old = first();
        a.end(EndCause.REVOKED);
        Execution waiting = b.mapsRw(file, 0, blocks(2)).min(blocks(2)).start();
        assertTrue(waiting.awaitedWork().isPresent());
        assertEquals(blocks(2), kit.space().reserved());
        Work move = kit.works().getFirst();
        assertEquals(
                List.of(new Task.Copy(old.deviceRange(), move.fresh().getFirst().deviceRange())),
                move.tasks());
        kit.completeAll();
        assertEquals(0, kit.space().reserved());
        assertEquals(blocks(2), kit.space().quarantined());
        Mapped granted = b.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        assertNotEquals(old.deviceOffset(), granted.extents().getFirst().deviceOffset());
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void aReaderWaitsForTheMoveToo() {
        a.writes(file, 0, blocks(2));
        Extent old = first();
        a.end(EndCause.REVOKED);
        Mapped seen = b.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        assertFalse(seen.extents().getFirst().has(Extent.AT_RISK));
        assertNotEquals(old.deviceOffset(), seen.extents().getFirst().deviceOffset());
        assertEquals(0, kit.space().atRisk());
    }

    @Test
    void whoReadsThemAlreadyIsAskedToGiveThemBackBeforeItMayWrite() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        a.mapsRead(file, 0, blocks(1)).mapped().ok();
        b.mapsRead(file, 0, blocks(1)).ok();
        a.end(EndCause.REVOKED);
        assertEquals("RW", kit.picture(file, 2));
        assertTrue(b.mapsRead(file, 0, blocks(1)).ok().extents().getFirst().has(Extent.AT_RISK));
        MapRequest write = b.mapsRw(file, 0, blocks(1)).min(blocks(1)).waiting(1_000);
        assertTrue(write.start().awaitedTurn().isPresent());
        b.returnsAll(file).ok();
        write.ok();
        assertEquals("WW", kit.picture(file, 2));
        assertEquals(BLOCK, kit.space().quarantined());
    }

    @Test
    void whatTheServerWorksOnBehindTheAskedBytesIsNotWaitedFor() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        assertTrue(a.truncates(file, blocks(1) + 100).start().awaitedWork().isPresent());
        Execution granted = b.mapsRw(file, 0, blocks(2)).min(blocks(1)).waiting(1_000).start();
        assertEquals(blocks(1), ((Mapped) granted.reply().orElseThrow()).nextOffset());
        kit.completeAll();
    }

    @Test
    void whatIsReadyIsAnsweredWithoutMovingTheRest() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        a.writes(file, blocks(1), blocks(1));
        a.end(EndCause.REVOKED);
        Mapped seen = b.mapsRead(file, 0, blocks(2)).ok();
        assertEquals(blocks(1), seen.nextOffset());
        assertEquals("WR", kit.picture(file, 2));
    }

    @Test
    void aMoveEndsWithTheServerAndNothingHasHappened() {
        a.writes(file, 0, blocks(2));
        a.end(EndCause.REVOKED);
        long free = kit.freeBlocks();
        Work move = kit.works().isEmpty() ? start() : kit.works().getFirst();
        assertFalse(move.durable());
        kit.crash();
        assertEquals(List.of(), kit.works());
        assertEquals(free, kit.freeBlocks());
        assertEquals("RR", kit.picture(file, 2));
        b.reattaches();
        Mapped inGrace = b.mapsRead(file, 0, blocks(2)).ok();
        assertTrue(inGrace.extents().getFirst().has(Extent.AT_RISK), "no map changes in grace");
    }

    private Work start() {
        b.mapsRead(file, 0, blocks(2)).min(blocks(2)).start();
        return kit.works().getFirst();
    }

    @Test
    void aRemovedFileGoesWhenTheMoveIsOver() {
        a.writes(file, 0, blocks(2));
        a.end(EndCause.REVOKED);
        Work move = start();
        b.removes(FileId.ROOT, "file").ok();
        kit.complete(move.id());
        assertEquals(blocks(2), kit.space().quarantined());
        assertEquals(62, kit.freeBlocks());
    }

    @Test
    void anEdgeAtRiskIsZeroedElsewhere() {
        a.writes(file, 0, blocks(2));
        Extent old = first();
        a.end(EndCause.REVOKED);
        b.punches(file, 100, 200).start();
        Work work = kit.works().getFirst();
        DeviceRange to = work.fresh().getFirst().deviceRange();
        assertEquals(
                List.of(
                        new Task.Copy(old.deviceRange().slice(0, 100), to.slice(0, 100)),
                        new Task.Zero(to.slice(100, 200)),
                        new Task.Copy(
                                old.deviceRange().slice(300, BLOCK - 300),
                                to.slice(300, BLOCK - 300))),
                work.tasks());
        kit.completeAll();
        assertEquals("WR", kit.picture(file, 2));
        assertEquals(BLOCK, kit.space().quarantined());
    }

    @Test
    void aTailAtRiskIsZeroedElsewhereWhenTheFileIsCut() {
        a.writes(file, 0, blocks(2));
        a.end(EndCause.REVOKED);
        b.truncates(file, BLOCK + 10).ok();
        assertEquals("RW", kit.picture(file, 2));
        assertEquals(BLOCK + 10, kit.size(file));
    }

    /** Seeds 16422 and 17368 of the simulator: they would go on reading what is somebody else's. */
    @Test
    void readersOfALastBlockAtRiskGiveItBackBeforeAnExtensionMovesIt() {
        Party c = kit.client("c");
        a.writesBytes(file, 5_000);
        a.returnsAll(file).ok();
        kit.completeAll();
        a.mapsRead(file, blocks(1), blocks(1)).mapped().ok();
        b.mapsRead(file, 0, blocks(2)).ok();
        a.end(EndCause.REVOKED);
        VolumeKit.Pending extension = c.truncates(file, 6_000).ask();
        assertTrue(extension.waits());
        assertEquals(List.of(), kit.works());
        assertEquals(b.id(), kit.takeRecalls().getFirst().client());
        b.returns(file, ByteRange.ofLength(blocks(1), blocks(1))).ok();
        assertEquals(6_000, kit.size(file));
        assertEquals("WW", kit.picture(file, 2));
        assertEquals(BLOCK, kit.space().quarantined());
        assertEquals(List.of(reading(0, blocks(1))), b.holds(file), "nobody needs the first");
    }

    // ---- Write

    @Test
    void aWriteGoesToFreshBlocksAndFillsTheRestFromTheOldOnes() {
        a.writesBytes(file, 5_000);
        Extent old = first();
        a.returnsAll(file).ok();
        kit.completeAll();
        Execution waiting = b.writesThrough(file, 1_000, 6_000).start();
        Work work = kit.works().getFirst();
        DeviceRange to = work.fresh().getFirst().deviceRange();
        assertEquals(
                List.of(
                        new Task.Copy(old.deviceRange().slice(0, 1_000), to.slice(0, 1_000)),
                        new Task.Fill(to.slice(1_000, 6_000), 0),
                        new Task.Zero(to.slice(7_000, 2 * BLOCK - 7_000))),
                work.tasks());
        assertEquals(5_000, kit.size(file), "nothing is seen before the device has it");
        assertEquals(work.id(), waiting.awaitedWork().orElseThrow());
        kit.completeAll();
        assertEquals(7_000, kit.size(file));
        assertEquals("WW", kit.picture(file, 2));
        assertNotEquals(old.deviceOffset(), first().deviceOffset());
        assertEquals(62, kit.freeBlocks());
    }

    @Test
    void whereAWriteEndsTheFileWhatWasCommittedPastItIsZeros() {
        Mapped mapped = a.mapsRw(file, 0, blocks(2)).min(blocks(2)).ok();
        a.commits(file, mapped).ok();
        a.returnsAll(file).ok();
        assertEquals(0, kit.size(file));
        b.writesThrough(file, 0, 5_000).start();
        Work work = kit.works().getFirst();
        DeviceRange to = work.fresh().getFirst().deviceRange();
        assertEquals(
                List.of(
                        new Task.Fill(to.slice(0, 5_000), 0),
                        new Task.Zero(to.slice(5_000, 2 * BLOCK - 5_000))),
                work.tasks());
        kit.completeAll();
    }

    @Test
    void aWriteHasOneEffectAndOneAnswer() {
        Request<Reply.FileChanged> write = b.writesThrough(file, 10, 20);
        write.start();
        assertEquals(kit.works().getFirst().id(), write.start().awaitedWork().orElseThrow());
        Reply.FileChanged first = write.ok();
        assertEquals(first, write.ok());
        assertEquals(30, kit.size(file));
        assertEquals(List.of(), kit.works());
    }

    @Test
    void aWriteThatTheServerDidNotSurviveIsDoneByItsRetry() {
        Request<Reply.FileChanged> write = b.writesThrough(file, 0, 20);
        write.start();
        kit.crash();
        assertEquals(0, kit.size(file));
        assertEquals(64, kit.freeBlocks());
        b.reattaches();
        a.reattaches();
        kit.endGrace();
        write.ok();
        assertEquals(20, kit.size(file));
    }

    @Test
    void theWritersOwnGrantsThereEndWithIt() {
        Mapped mine = b.mapsRw(file, 0, blocks(3)).min(blocks(3)).ok();
        Reply.FileChanged changed = b.writesThrough(file, blocks(1), 10).ok();
        assertEquals(
                List.of(new ByteRange(blocks(1), blocks(2))),
                changed.returned().getFirst().ranges());
        assertEquals("uWu", kit.picture(file, 3));
        b.commits(file, mine).refused(Reason.BAD_LAYOUT);
    }

    @Test
    void othersAreInTheWayOfAWriteAndReadersOfCommittedBytesOfAnUnfinishedOne() {
        a.writes(file, 0, blocks(1));
        Request<Reply.FileChanged> write = b.writesThrough(file, 0, 10);
        assertTrue(write.start().awaitedTurn().isPresent());
        a.returnsAll(file).ok();
        write.start();
        long work = kit.works().getFirst().id();
        assertEquals(OptionalLong.of(work), a.mapsRead(file, 0, BLOCK).start().awaitedWork());
        assertEquals(OptionalLong.of(work), a.readsThrough(file, 0, 10).start().awaitedWork());
        kit.completeAll();
        a.mapsRead(file, 0, BLOCK).ok();
    }

    @Test
    void writesAreBounded() {
        b.writesThrough(file, 0, (1 << 20) + 1).refused(Reason.TOO_LARGE);
        b.writesThrough(file, -1, 1).refused(Reason.INVALID_ARGUMENT);
        b.writesThrough(file, 0, 0).refused(Reason.INVALID_ARGUMENT);
        FileId directory = b.creates(FileId.ROOT, "d", FileKind.DIRECTORY).ok().attributes().file();
        b.writesThrough(directory, 0, 1).refused(Reason.IS_DIRECTORY);
        assertEquals(64, kit.freeBlocks());
    }

    // ---- Read

    @Test
    void scenario1AReadThroughTheServerOfUncommittedBytesIsZerosAndDisturbsNobody() {
        a.writes(file, 0, blocks(1));
        a.returnsAll(file).ok();
        a.mapsRw(file, blocks(1), blocks(2)).min(blocks(2)).ok();
        b.truncates(file, blocks(1)).ok();
        a.mapsRw(file, blocks(3), blocks(1)).ok();
        Mapped last = a.mapsRw(file, blocks(3), blocks(1)).ok();
        a.commits(file, last).lastWrite(blocks(4) - 1).ok();
        Reply.ReadPlan plan = b.readsThrough(file, blocks(1) + 5, BLOCK).ok();
        assertTrue(plan.extents().stream().noneMatch(Extent::hasAddress));
        assertEquals(OptionalLong.empty(), plan.work());
    }

    @Test
    void whatIsReadStaysInTheFileUntilItHasBeenRead() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        Reply.ReadPlan plan = b.readsThrough(file, 100, 5_000).ok();
        long reading = plan.work().orElseThrow();
        assertEquals(OptionalLong.of(reading), a.truncates(file, 0).start().awaitedWork());
        assertEquals(OptionalLong.of(reading), a.writesThrough(file, 0, 1).start().awaitedWork());
        a.mapsRead(file, 0, blocks(2)).min(blocks(2)).ok();
        b.readsThrough(file, 0, 10).ok();
        a.removes(FileId.ROOT, "file").ok();
        a.returnsAll(file).ok();
        assertEquals(62, kit.freeBlocks());
        kit.completeAll();
        assertEquals(64, kit.freeBlocks());
    }

    @Test
    void aReadStopsAtEndOfFile() {
        a.writesBytes(file, 5_000);
        a.returnsAll(file).ok();
        kit.completeAll();
        Reply.ReadPlan plan = b.readsThrough(file, 4_900, 1_000).ok();
        assertEquals(100, plan.extents().stream().mapToLong(Extent::length).sum());
        assertEquals(5_000, plan.sizeBytes());
        assertEquals(List.of(), b.readsThrough(file, 5_000, 10).ok().extents());
        kit.completeAll();
    }

    // ---- Seek

    @Test
    void seekFindsCommittedBytesAndTheGapsBetweenThem() {
        a.writes(file, blocks(1), blocks(2));
        a.mapsRw(file, blocks(3), blocks(1)).ok();
        a.truncates(file, blocks(6)).ok();
        assertEquals(OptionalLong.of(blocks(1)), seek(0, true));
        assertEquals(OptionalLong.of(blocks(1) + 7), seek(blocks(1) + 7, true));
        assertEquals(OptionalLong.empty(), seek(blocks(3), true));
        assertEquals(OptionalLong.of(3), seek(3, false));
        assertEquals(OptionalLong.of(blocks(3)), seek(blocks(2), false));
        assertEquals(OptionalLong.empty(), seek(blocks(6), false));
        assertEquals(Reason.INVALID_ARGUMENT, reasonOfSeek(-1));
    }

    private OptionalLong seek(long offset, boolean data) {
        return kit.query(
                        new dev.outlay.core.command.Command.Seek(file, offset, data),
                        Reply.Found.class)
                .offset();
    }

    private Reason reasonOfSeek(long offset) {
        return kit.query(
                        new dev.outlay.core.command.Command.Seek(file, offset, true),
                        Reply.Failure.class)
                .reason();
    }

    @Test
    void nothingOfWorkThatIsNotDurableIsJournaled() {
        Execution waiting = b.writesThrough(file, 0, 10).start();
        assertTrue(
                waiting.facts().stream()
                        .filter(f -> f instanceof Fact.WorkIntended)
                        .noneMatch(Fact::isDurable));
        kit.completeAll();
    }
}
