package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.fact.Fact;
import dev.outlay.core.fact.Fact.Task;
import dev.outlay.core.fact.Fact.Work;
import dev.outlay.core.op.VolumeKit.Pending;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.reply.Reply.Mapped;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.Extent;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What has to move moves piece by piece, from where it lies to where nobody else's bytes do. */
class MovedBlocksTest {

    /** At most two blocks are moved at once. */
    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64, twoBlocksAtOnce());

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");
    private final FileId other = a.creates("other");

    private static Limits twoBlocksAtOnce() {
        Limits d = Limits.DEFAULT;
        return new Limits(
                d.blockSizeMin(),
                BLOCK,
                d.fileBytes(),
                d.nameBytes(),
                d.ownerBytes(),
                d.extentsPerReply(),
                d.commitRanges(),
                d.returnRanges(),
                d.listEntries(),
                d.outstandingOperations(),
                d.clients(),
                d.reattachLayouts(),
                d.recallMillis(),
                d.recallExtensions(),
                blocks(2),
                blocks(2),
                d.ioBytes());
    }

    /** A file whose blocks lie apart from each other: those of another are between them. */
    private void scattered(int blocks) {
        for (int i = 0; i < blocks; i++) {
            a.writes(file, blocks(i), BLOCK);
            a.clones(file, blocks(i), BLOCK, other, blocks(2L * i)).ok();
            a.writes(other, blocks(2L * i + 1), BLOCK);
        }
        a.removes(FileId.ROOT, "other").ok();
        a.returnsAll(file).ok();
        a.returnsAll(other).ok();
        assertEquals(blocks, kit.extents(file).size());
    }

    private List<Long> addresses(int blocks) {
        return IntStream.range(0, blocks)
                .mapToObj(i -> kit.node(file).extents().slice(ByteRange.ofLength(blocks(i), BLOCK)))
                .map(one -> one.getFirst().deviceOffset())
                .toList();
    }

    private void revokedWriterOf(long offset, long length) {
        Party c = kit.client("c" + offset);
        c.mapsRw(file, offset, length).min(length).ok();
        c.end(EndCause.REVOKED);
    }

    @Test
    void eachPartIsCopiedFromWhereItLies() {
        scattered(2);
        List<Extent> old = kit.extents(file);
        revokedWriterOf(0, blocks(2));
        assertEquals("RR", kit.picture(file, 2));
        assertTrue(b.mapsRw(file, 0, blocks(2)).min(blocks(2)).start().awaitedWork().isPresent());
        Work move = kit.works().getFirst();
        assertEquals(
                old.stream().map(Extent::deviceRange).toList(),
                move.tasks().stream().map(t -> ((Task.Copy) t).from()).toList());
        kit.completeAll();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void noMoreThanSoMuchIsMovedAtOnce() {
        scattered(4);
        revokedWriterOf(0, blocks(4));
        Request<Mapped> read = b.mapsRead(file, 0, blocks(4)).min(blocks(4));
        assertTrue(read.start().awaitedWork().isPresent());
        assertEquals(new ByteRange(0, blocks(2)), kit.works().getFirst().blocked());
        kit.completeAll();
        assertEquals("WWRR", kit.picture(file, 4));
        read.ok();
        assertEquals("WWWW", kit.picture(file, 4));
    }

    @Test
    void whatIsSafeBeforeItAndBetweenStaysWhereItIs() {
        scattered(4);
        List<Long> old = addresses(4);
        revokedWriterOf(blocks(1), BLOCK);
        revokedWriterOf(blocks(3), BLOCK);
        assertEquals("WRWR", kit.picture(file, 4));
        b.mapsRw(file, 0, blocks(4)).min(blocks(4)).ok();
        assertEquals("WWWW", kit.picture(file, 4));
        List<Long> now = addresses(4);
        assertEquals(
                List.of(true, false, true, false),
                IntStream.range(0, 4).mapToObj(i -> old.get(i).equals(now.get(i))).toList());
        assertEquals(blocks(2), kit.space().quarantined());
    }

    @Test
    void committedBlocksPastTheEndMoveBeforeTheyAreWrittenAgain() {
        Mapped past = a.mapsRw(file, blocks(4), BLOCK).ok();
        a.commits(file, past).ok();
        a.returnsAll(file).ok();
        revokedWriterOf(blocks(4), BLOCK);
        assertEquals(0, kit.size(file));
        Mapped again = b.mapsRw(file, blocks(4), BLOCK).min(BLOCK).ok();
        assertEquals("W", kit.picture(file, 5).substring(4));
        assertEquals(1, again.granted().size());
    }

    @Test
    void whoReadsThemGivesThemBackBeforeItClonesThem() {
        a.writes(file, 0, BLOCK);
        a.returnsAll(file).ok();
        Party c = kit.client("c");
        c.mapsRead(file, 0, BLOCK).mapped().ok();
        b.mapsRead(file, 0, BLOCK).ok();
        c.end(EndCause.REVOKED);
        Pending clone = b.clones(file, other).ask();
        Pending snapshot = b.snapshots(file, "snapshot").ask();
        assertTrue(clone.waits());
        assertTrue(snapshot.waits());
        assertEquals(b.id(), kit.takeRecalls().getFirst().client());
        b.returnsAll(file).ok();
        clone.reply(FileChanged.class);
        snapshot.reply(FileChanged.class);
        assertEquals("S", kit.picture(other, 1));
    }

    @Test
    void asMuchAsIsAtRiskIsKeptForMovingItAndNoMore() {
        a.writes(file, 0, blocks(2));
        a.returnsAll(file).ok();
        revokedWriterOf(0, BLOCK);
        b.allocates(other, 0, blocks(62)).refused(Reason.NO_SPACE);
        b.allocates(other, 0, blocks(61)).ok();
        b.mapsRw(file, 0, BLOCK).min(BLOCK).ok();
        assertEquals("WW", kit.picture(file, 2));
    }

    @Test
    void aWriteThroughTheServerGoesToEachOfItsPlaces() {
        b.allocates(other, 0, blocks(64)).ok();
        b.punches(other, blocks(10), BLOCK).ok();
        b.punches(other, blocks(20), BLOCK).ok();
        a.writesThrough(file, 0, 2 * BLOCK).start();
        Work work = kit.works().getFirst();
        assertEquals(
                List.of(
                        new Task.Fill(work.fresh().get(0).deviceRange(), 0),
                        new Task.Fill(work.fresh().get(1).deviceRange(), BLOCK)),
                work.tasks());
        kit.completeAll();
        assertEquals(0, kit.freeBlocks());
    }

    @Test
    void whatIsWrittenThroughTheServerIsItsAuthors() {
        a.writesThrough(file, 0, 10).start();
        List<Fact> facts =
                kit.execute(new Command.CompleteWork(kit.works().getFirst().id(), kit.tick()))
                        .facts();
        assertEquals(
                List.of(a.id().value()),
                facts.stream()
                        .filter(Fact.ExtentsReplaced.class::isInstance)
                        .map(f -> ((Fact.ExtentsReplaced) f).by())
                        .toList());
    }

    @Test
    void workThatIsCompleteAlreadyIsNoError() {
        a.writesThrough(file, 0, 10).start();
        long work = kit.works().getFirst().id();
        kit.complete(work);
        assertInstanceOf(Reply.Done.class, kit.complete(work));
    }
}
