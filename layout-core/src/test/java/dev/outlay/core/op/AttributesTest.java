package dev.outlay.core.op;

import static dev.outlay.core.op.VolumeKit.BLOCK;
import static dev.outlay.core.op.VolumeKit.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outlay.core.command.Command;
import dev.outlay.core.reply.Reply;
import dev.outlay.core.reply.Reply.FileChanged;
import dev.outlay.core.value.ByteRange;
import dev.outlay.core.value.EndCause;
import dev.outlay.core.value.FileId;
import dev.outlay.core.value.FileKind;
import dev.outlay.core.value.Limits;
import dev.outlay.core.value.Reason;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What comes over the wire with a file is within bounds, and what is listed is what there is. */
class AttributesTest {

    private static final String LONG = "o".repeat(Limits.DEFAULT.ownerBytes());

    @RegisterExtension final VolumeKit kit = VolumeKit.ofBlocks(64);

    private final Party a = kit.client("a");
    private final Party b = kit.client("b");
    private final FileId file = a.creates("file");

    private Request<FileChanged> creates(String name, int mode, String owner) {
        return a.request(
                FileChanged.class,
                o ->
                        new Command.CreateFile(
                                o, kit.tick(), FileId.ROOT, name, FileKind.FILE, mode, owner));
    }

    private Request<FileChanged> owns(String owner) {
        return a.request(
                FileChanged.class,
                o ->
                        new Command.SetAttributes(
                                o,
                                kit.tick(),
                                file,
                                OptionalInt.empty(),
                                Optional.of(owner),
                                OptionalLong.empty(),
                                OptionalLong.empty()));
    }

    @Test
    void modesAndOwnersOfNewFiles() {
        creates("f", 07777, LONG).ok();
        creates("g", 0, "").ok();
        creates("h", 010000, "o").refused(Reason.INVALID_ARGUMENT);
        creates("h", -1, "o").refused(Reason.INVALID_ARGUMENT);
        creates("h", 0644, LONG + "o").refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void ownersThatAreSet() {
        assertEquals(LONG, owns(LONG).ok().attributes().owner());
        owns(LONG + "o").refused(Reason.INVALID_ARGUMENT);
        owns("half a \uD800 pair").refused(Reason.INVALID_ARGUMENT);
        assertEquals(LONG, kit.attributes(file).owner());
    }

    @Test
    void namesOfSnapshotsAndNamesThatBeginWrong() {
        a.snapshots(file, "a/b").refused(Reason.INVALID_ARGUMENT);
        a.creates(FileId.ROOT, "/b", FileKind.FILE).refused(Reason.INVALID_ARGUMENT);
        a.creates(FileId.ROOT, "\0b", FileKind.FILE).refused(Reason.INVALID_ARGUMENT);
    }

    @Test
    void theLastByteOfTheLargestFile() {
        long most = Limits.DEFAULT.fileBytes();
        a.truncates(file, most).ok();
        a.mapsRead(file, most - BLOCK, BLOCK).ok();
        a.mapsRead(file, most, BLOCK).refused(Reason.TOO_LARGE);
    }

    @Test
    void aReadOfNoBytesAndOneOfTheMost() {
        a.truncates(file, 2L * Limits.DEFAULT.ioBytes()).ok();
        a.readsThrough(file, 0, 0).refused(Reason.INVALID_ARGUMENT);
        a.readsThrough(file, 0, Limits.DEFAULT.ioBytes()).ok();
        a.readsThrough(file, 0, Limits.DEFAULT.ioBytes() + 1).refused(Reason.TOO_LARGE);
    }

    @Test
    void oneExtentIsTheLeastThatMayBeAskedFor() {
        a.mapsRw(file, 0, BLOCK).maxExtents(0).refused(Reason.TOO_SMALL);
        a.mapsRw(file, 0, BLOCK).maxExtents(1).ok();
    }

    @Test
    void behindTheEndAReaderStillLearnsItsStateid() {
        a.writes(file, 0, BLOCK);
        assertEquals(
                Optional.of(a.stateid(file)), a.mapsRead(file, blocks(4), BLOCK).ok().stateid());
    }

    @Test
    void extentsArePagedToTheirEnd() {
        a.writes(file, 0, BLOCK);
        a.truncates(file, blocks(3) - 100).ok();
        Reply.Extents all = extents(0, 0);
        assertEquals(2, all.extents().size());
        assertEquals(blocks(3), all.nextOffset());
        assertFalse(all.more());
        assertFalse(extents(0, 2).more());
        assertTrue(extents(0, 1).more());
        assertEquals(List.of(), extents(blocks(3), 1).extents());
        assertEquals(blocks(3), extents(blocks(3), 1).nextOffset());
    }

    private Reply.Extents extents(long offset, int max) {
        return kit.query(new Command.ListExtents(file, offset, max), Reply.Extents.class);
    }

    @Test
    void whatTheVolumeHoldsIsCounted() {
        FileId other = b.creates("other");
        a.createsDirectory(FileId.ROOT, "directory");
        a.createsDirectory(FileId.ROOT, "elsewhere");
        a.writes(file, 0, BLOCK);
        a.mapsRw(other, 0, BLOCK).ok();
        b.mapsRw(other, blocks(4), BLOCK).min(BLOCK).ok();
        b.mapsRead(file, 0, BLOCK).min(BLOCK).waiting().ask();
        Party c = kit.client("c");
        c.mapsRw(other, blocks(8), BLOCK).min(BLOCK).ok();
        c.end(EndCause.REVOKED);
        Reply.VolumeStatus status = kit.query(new Command.ShowVolume(), Reply.VolumeStatus.class);
        assertEquals(2, status.files());
        assertEquals(2, status.clients(), "c has ended");
        assertEquals(3, status.extents());
        assertEquals(3, status.layouts());
        assertEquals(1, status.waiting());
        assertEquals(1, status.openRecalls());
        assertEquals(3, layouts(Optional.empty()).size());
        assertEquals(
                List.of(b.id()), layouts(Optional.of(b)).stream().map(l -> l.client()).toList());
        assertEquals(
                kit.attributes(file),
                kit.query(new Command.GetAttributes(file), Reply.Attributes.class).attributes());
        assertEquals(
                List.of(FileKind.DIRECTORY, FileKind.DIRECTORY, FileKind.FILE, FileKind.FILE),
                kit
                        .query(new Command.ListDirectory(FileId.ROOT, "", 0), Reply.Entries.class)
                        .entries()
                        .stream()
                        .map(Reply.Entry::kind)
                        .toList());
    }

    private List<Reply.HeldLayout> layouts(Optional<Party> of) {
        return kit.query(new Command.ListLayouts(of.map(Party::id)), Reply.Layouts.class).layouts();
    }

    @Test
    void onlyCourtesyIsRevived() {
        a.mapsRw(file, 0, BLOCK).ok();
        assertEquals(0, kit.execute(new Command.ReviveClient(a.id())).facts().size());
        a.lapses();
        assertEquals(1, kit.execute(new Command.ReviveClient(a.id())).facts().size());
        assertEquals(0, kit.execute(new Command.ReviveClient(a.id())).facts().size());
    }

    @Test
    void aReaderOfTwoRangesHasTheWriterOfCommittedBytesAskedAlone() {
        a.truncates(file, blocks(2)).ok();
        a.writes(file, 0, BLOCK);
        b.mapsRw(file, blocks(1), BLOCK).min(BLOCK).ok();
        Party c = kit.client("c");
        c.mapsRead(file, 0, blocks(2)).min(blocks(2)).waiting().ask();
        assertEquals(List.of(a.id()), kit.takeRecalls().stream().map(r -> r.client()).toList());
        a.returns(file, new ByteRange(0, BLOCK)).ok();
    }

    @Test
    void theNextInodeHasNeverBeenThereAndARemovedOneHas() {
        FileId next = new FileId(file.value() + 1);
        a.truncates(next, 0).refused(Reason.NOT_FOUND);
        assertEquals(next, a.creates("next"));
        a.removes(FileId.ROOT, "next").ok();
        a.truncates(next, 0).refused(Reason.STALE_FILE);
    }
}
