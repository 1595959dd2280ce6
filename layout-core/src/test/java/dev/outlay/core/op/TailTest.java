package dev.outlay.core.op;

import static dev.outlay.core.op.Party.reading;
import static dev.outlay.core.op.Party.restated;
import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command.ReturnScope;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.DeviceRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Proof;
import dev.outlay.core.value.Stateid;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * I15: bytes past end of file in its last block are zero, or a writer holds them. Whatever ends the
 * last RW grant there has them zeroed, and nothing else does.
 */
class TailTest {

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    /** Where the bytes past the end of a file lie in its last block. */
    private DeviceRange tail(FileId of) {
        long size = kit.size(of);
        Extent last = kit.extents(of).getLast();
        return last.slice(new ByteRange(size, last.end())).deviceRange();
    }

    private List<DeviceRange> zeros() {
        return kit.works().stream().map(Work::zero).flatMap(List::stream).toList();
    }

    @Test
    void aPunchThatEndsTheGrantOnTheLastBlock() {
        a.writesBytes(file, blocks(1) + 1000);
        List<DeviceRange> expected =
                List.of(
                        kit.extents(file)
                                .getFirst()
                                .slice(new ByteRange(blocks(1), blocks(1) + 10))
                                .deviceRange(),
                        tail(file));
        assertTrue(a.punches(file, blocks(1), 10).start().awaitedWork().isPresent());
        assertEquals(expected, zeros());
        kit.completeAll();
    }

    @Test
    void whileAnotherWriterHoldsItItIsThatOnes() {
        FileId shared = a.createsConcurrent("shared");
        a.writesBytes(shared, 100);
        b.mapsRw(shared, 0, BLOCK).ok();
        a.returnsAll(shared).ok();
        assertEquals(List.of(), kit.works());
        DeviceRange tail = tail(shared);
        b.returnsAll(shared).ok();
        assertEquals(List.of(tail), zeros());
        kit.completeAll();
    }

    @Test
    void anExtensionOfAFileThatNobodyWritesHasNothingToZero() {
        a.writesBytes(file, 100);
        a.returnsAll(file).ok();
        kit.completeAll();
        assertTrue(a.truncates(file, blocks(2)).start().reply().isPresent());
        assertEquals(List.of(), kit.works());
    }

    @Test
    void oneReturnOfTwoFilesZeroesBoth() {
        FileId other = a.creates("other");
        a.writesBytes(file, 100);
        a.writesBytes(other, BLOCK + 200);
        List<DeviceRange> tails = List.of(tail(file), tail(other));
        a.returns(new ReturnScope.Everything()).ok();
        assertEquals(tails, zeros());
        assertEquals(2, kit.works().stream().map(Work::id).distinct().count());
        kit.completeAll();
        assertEquals(List.of(), kit.works());
    }

    @Test
    void oneProofForTwoFilesZeroesBoth() {
        FileId other = b.creates("other");
        a.writesBytes(file, 100);
        a.writesBytes(other, 200);
        a.end(EndCause.REVOKED);
        kit.completeAll();
        List<DeviceRange> tails = List.of(tail(file), tail(other));
        a.proven(Proof.OPERATOR);
        assertEquals(tails, zeros());
        assertEquals(2, kit.works().stream().map(Work::id).distinct().count());
        kit.completeAll();
    }

    @Test
    void aProofWhileAnotherWriterHoldsTheLastBlockLeavesItAlone() {
        FileId shared = a.createsConcurrent("shared");
        a.writesBytes(shared, 100);
        b.mapsRw(shared, 0, BLOCK).ok();
        a.end(EndCause.REVOKED);
        assertEquals(List.of(), kit.works());
        assertEquals("R", kit.picture(shared, 1));
        a.proven(Proof.OPERATOR);
        assertEquals(List.of(), kit.works(), "the other may be storing there");
        b.mapsRead(shared, 0, BLOCK).ok();
        b.returnsAll(shared).ok();
        assertEquals(1, kit.works().size());
        kit.completeAll();
    }

    @Test
    void aProofWhileAReaderHoldsTheLastBlockZeroesIt() {
        FileId shared = a.createsConcurrent("shared");
        a.writesBytes(shared, 100);
        b.mapsRead(shared, 0, BLOCK).ok();
        a.end(EndCause.REVOKED);
        kit.completeAll();
        assertEquals(List.of(reading(0, BLOCK)), b.holds(shared));
        a.proven(Proof.OPERATOR);
        assertEquals(1, kit.works().size());
        kit.completeAll();
    }

    @Test
    void whatAnExtensionUnderWayHasEndedIsNotRestatedAndTheSameOfAnotherFileIs() {
        FileId other = a.creates("other");
        a.writesBytes(other, 100);
        a.returnsAll(other).ok();
        kit.completeAll();
        Stateid ofOther = a.mapsRead(other, 0, BLOCK).ok().stateid().orElseThrow();
        a.writesBytes(file, 100);
        a.mapsRead(file, 0, BLOCK).ok();
        Stateid ofFile = a.stateid(file);
        a.truncates(file, blocks(3)).start();
        kit.crash();
        assertEquals(1, kit.works().size(), "the zeros are written again");
        a.reattaches(
                restated(file, ofFile, reading(0, BLOCK)),
                restated(other, ofOther, reading(0, BLOCK)));
        assertEquals(List.of(), a.holds(file));
        assertEquals(List.of(reading(0, BLOCK)), a.holds(other));
        b.reattaches();
        kit.completeAll();
    }
}
